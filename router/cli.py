"""The `surveyor` command. Each command is a few lines over the same parts that serve."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from router.bench import QUALITY
from router.commands import evaluate, policy
from router.commands.options import AsJson, Config, Profile, err, fail, out, print_json, settings_of

app = typer.Typer(
    help="LLM routing that cites its evidence. Start with `surveyor serve`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(policy.app, name="policy")
app.add_typer(evaluate.app, name="eval")
bench_app = typer.Typer(help="Measure the parts on this machine.", no_args_is_help=True)
app.add_typer(bench_app, name="bench")


@app.command()
def serve(
    config: Config = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
) -> None:
    """Serve the OpenAI-compatible endpoint."""
    from router.commands.serve import run  # noqa: PLC0415  # keeps `surveyor --help` quick

    run(settings_of(config), host, port, out)


@app.command()
def explain(
    prompt: Annotated[str | None, typer.Argument(help="A prompt that was not sent yet.", show_default=False)] = None,
    request_id: Annotated[str | None, typer.Option("--id", help="A past request: the x-surveyor-id of it.")] = None,
    model: Annotated[str, typer.Option(help="As a client would ask: auto:frugal, or an id.")] = "auto",
    config: Config = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Say how a prompt would be routed, or how a past request was, and by which rule. Nothing is executed."""
    from policies.explain import tree  # noqa: PLC0415
    from router.commands import explain as explaining  # noqa: PLC0415

    if (prompt is None) == (request_id is None):
        fail("Say what to explain: a PROMPT, or --id with the id of a past request; not both.")
    if request_id is not None and profile is not None:
        fail("A past request is explained by the rules of its day; leave out --profile, or use `policy replay`.")
    settings = settings_of(config, profile)
    if request_id is None:
        found, became = asyncio.run(explaining.explained(settings, prompt or "", model)), ""
    else:
        found, became = explaining.past(settings, request_id)
    if as_json:
        print_json(found)
    else:
        out.print(tree(found))
        out.print(became, end="", markup=False)


@app.command()
def index(
    folder: Annotated[Path, typer.Argument(help="Documents: .md and .txt files, in UTF-8.", show_default=False)],
    to: Annotated[Path | None, typer.Option("--out", help="Where; else `index.folder` of the settings.")] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Build the retrieval index from a folder of documents, anew and whole."""
    from router.commands import index as indexing  # noqa: PLC0415

    built = indexing.build(folder, to or settings_of(config).index.folder or Path("index"))
    if as_json:
        print_json(asdict(built))
    else:
        out.print(indexing.told(built), markup=False, soft_wrap=True)


@app.command()
def train(
    name: Annotated[str, typer.Option(help="Of the expert: a-z, 0-9, _ and -.", show_default=False)],
    data: Annotated[
        Path,
        typer.Option(
            help="Your rows, as JSON lines, CSV (.csv) or TSV (.tsv), gzipped or not: text (or messages, or a and b) "
            "and label.",
            show_default=False,
        ),
    ],
    task: Annotated[str, typer.Option(help="Task type; else topic_classification, or one of pairs.")] = "",
    template: Annotated[
        Path | None, typer.Option(help="A prompt of yours with {text}, or {a} and {b}: what matches needs no reading.")
    ] = None,
    epsilon: Annotated[float, typer.Option(help="The largest share of wrong answers among those served …")] = 0.05,
    delta: Annotated[float, typer.Option(help="… and the chance that the promise fails.")] = 0.1,
    folder: Annotated[Path | None, typer.Option(help="Where; else `experts.folder` of the settings.")] = None,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="List unusable rows and go on.")] = False,
    finetune: Annotated[
        bool, typer.Option("--finetune", help="Teach the encoder, too: minutes; extra `train`.")
    ] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Make an expert from your labelled rows; a running server takes it up without a restart."""
    from router.commands import train as training  # noqa: PLC0415
    from router.commands import training_told  # noqa: PLC0415

    ours = settings_of(config).experts.folder
    to = folder or ours
    if to is None:
        fail("`experts.folder` of the settings names no folder; say where: --folder FOLDER")
    order = training.Order(name, data, to, task, training.template_of(template), epsilon, delta, skip_bad, finetune)
    training_told.run(order, as_json, watched=ours is not None and to.resolve() == ours.resolve())


@app.command("try")
def try_(
    source: Annotated[str, typer.Argument(help="A file of prompts, or - for standard input.")],
    url: Annotated[str, typer.Option(help="A running Surveyor.")] = "http://127.0.0.1:8080",
    as_json: AsJson = False,
) -> None:
    """Send prompts (one a line, or JSON lines with "prompt" or "messages") to a running server; print a table."""
    from router.commands.ask import as_table, read_prompts, send_all  # noqa: PLC0415

    text = sys.stdin.read() if source == "-" else _read(Path(source))
    prompts = read_prompts(text)
    with err.status("") as status:
        rows = asyncio.run(send_all(url, prompts, lambda number: status.update(f"{number} of {len(prompts)}")))
    if as_json:
        print_json(rows)
    else:
        out.print(as_table(rows))
    if any(row["error"] for row in rows):
        raise typer.Exit(1)


@bench_app.command("observe")
def bench_observe(as_json: AsJson = False) -> None:
    """First look, its parts, and the encoder look, in microseconds."""
    _bench("observe", as_json)


@bench_app.command("detectors")
def bench_detectors(
    samples: Annotated[Path, typer.Option(help="Folder of labelled samples.")] = Path("tests/data/detectors"),
    split: Annotated[str, typer.Option(help="Which lines: test, or dev (which the detectors were tuned on).")] = "test",
    as_json: AsJson = False,
) -> None:
    """Precision and recall of each detector on labelled samples."""
    from router.bench import detectors  # noqa: PLC0415

    rows = detectors.measured(samples, split)
    if as_json:
        print_json(rows)
    else:
        out.print(detectors.as_table(rows))


@bench_app.command("decide")
def bench_decide(as_json: AsJson = False) -> None:
    """A decision over all rules, in microseconds."""
    _bench("decide", as_json)


def _bench(what: str, as_json: bool) -> None:
    from router.bench import speed  # noqa: PLC0415

    rows = speed.MEASURES[what]()
    if as_json:
        print_json(rows)
    else:
        out.print(speed.as_table(rows))


def _quality(name: str) -> Callable[..., None]:
    """The command of a quality benchmark."""

    def command(
        data: Annotated[Path | None, typer.Option(help="Folder of the data sets; `gate` can do without.")] = None,
        save: Annotated[Path | None, typer.Option(help="Write NAME.json and NAME.md into this folder.")] = None,
        as_json: AsJson = False,
    ) -> None:
        if data is None and QUALITY[name].needs_data:
            fail("This benchmark needs data sets; say where they are: --data FOLDER")
        if data is not None and not data.is_dir():
            fail(f"{data}: no such folder; say where the data is: --data FOLDER")
        result = import_module(QUALITY[name].module).measure(data)
        if save is not None:
            result.save(save)
        if as_json:
            print_json(result.document())
        else:
            out.print(result.table())

    return command


for _name, _benchmark in QUALITY.items():
    bench_app.command(_name, help=_benchmark.about)(_quality(_name))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise SystemExit(f"{path}: {problem}") from None


def main() -> None:
    """Entry point: a mistake in a file is one line on stderr, not a traceback."""
    from policies.located import ConfigError  # noqa: PLC0415

    try:
        app()
    except (ConfigError, FileNotFoundError) as problem:
        err.print(str(problem), style="red", markup=False, soft_wrap=True)
        raise SystemExit(2) from None
