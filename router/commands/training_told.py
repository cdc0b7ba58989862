"""What `surveyor train` says while it works and when it is done."""

from __future__ import annotations

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from router.commands.options import err, fail, out, print_json
from router.commands.own_figures import as_text
from router.commands.own_folder import PICTURE
from router.commands.train import Order, Trained, TrainRefused, how_to_ask, train

DOING = ("reading", "fine-tuning", "encoding", "fitting")


def run(order: Order, as_json: bool, watched: bool) -> None:
    """Train with a progress bar on standard error, and print the report; `watched` by a server of these settings.

    Ends with exit code 2 and what to do where no expert can be made.
    """
    columns = (TextColumn("{task.description:12}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    try:
        with Progress(*columns, console=err, transient=True) as progress:
            bars: dict[str, TaskID] = {}

            def at(what: str, n: int, of: int) -> None:
                if what not in bars:
                    bars[what] = progress.add_task(what, total=of or None)
                progress.update(bars[what], completed=n, total=of or None)

            done = train(order, at)
    except TrainRefused as problem:
        fail(str(problem))
    if done.rows.bad:
        err.print(f"{len(done.rows.bad):,} rows were left out:\n{done.rows.listed()}", markup=False, soft_wrap=True)
    if as_json:
        bad = [{"line": bad.line, "why": bad.why} for bad in done.rows.bad]
        print_json({**done.report, "bad": bad, "folder": str(done.folder), "files": done.files})
        return
    out.print(as_text(done.report))
    out.print(_ending(done, watched), markup=False, soft_wrap=True)


def _ending(done: Trained, watched: bool) -> str:
    lines = ["", f"In {done.folder} after {done.report['seconds']:.0f} s: {', '.join(done.files)}"]
    if done.rows.repeated:
        lines.append(f"{done.rows.repeated:,} rows only repeated another with the same label, and count once.")
    if PICTURE not in done.files:
        lines.append("No picture: matplotlib is missing. To get it: pip install 'surveyor-router[eval]'")
    where = "A running server takes it up within a second or two."
    lines.append(
        where if watched else "No server looks there until `experts.folder` of its settings names that folder."
    )
    if not done.report["closed"]:
        lines.append(how_to_ask(done.report))
    return "\n".join(lines)
