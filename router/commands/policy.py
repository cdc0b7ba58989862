"""`surveyor policy`: look at the rules, test them, compare them, and decide the past again. Each command is thin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from router.commands.options import AsJson, Config, Profile, out, print_json, settings_of

if TYPE_CHECKING:
    from policies.findings import Around, Finding
    from router.settings import Settings

app = typer.Typer(help="Look at the rules and check them.", no_args_is_help=True)


@app.command()
def check(
    config: Config = None,
    profile: Profile = None,
    as_json: AsJson = False,
    strict: Annotated[bool, typer.Option("--strict", help="Fail for notes too.")] = False,
) -> None:
    """Find rules that cannot mean what they say; each mistake with file, line and what to write."""
    from policies.check import check as findings_of  # noqa: PLC0415  # keeps `surveyor --help` quick
    from router.settings import load_policies  # noqa: PLC0415

    settings = settings_of(config, profile)
    store = load_policies(settings)
    found = findings_of(store, _around(settings))
    policy = store.current
    if as_json:
        print_json({"profile": policy.profile, "policy": policy.hash, "rules": len(policy.rules),
                    "findings": [each.plain() for each in found]})  # fmt: skip
    else:
        for each in found:
            out.print(str(each), markup=False, soft_wrap=True)
        out.print(f"profile {policy.profile}: {len(policy.rules)} rules, hash {policy.hash}, {_counted(found)}")
    if any(strict or each.severity == "error" for each in found):
        raise typer.Exit(1)


def _counted(found: Sequence[Finding]) -> str:
    errors = sum(each.severity == "error" for each in found)
    said = f"{errors} mistake{'s' * (errors > 1)}" if errors else "no mistakes"
    notes = len(found) - errors
    return said + (f", {notes} note{'s' * (notes > 1)}" if notes else "")


def _around(settings: Settings) -> Around:
    from classifiers.shipped import expert_tasks  # noqa: PLC0415
    from policies.findings import Around  # noqa: PLC0415

    wanted, tasks = settings.experts, expert_tasks()
    served = {task for name, task in tasks.items() if wanted is True or (wanted and name in wanted)}
    return Around(served, index=bool(getattr(settings, "index", None)), changed=settings.policy.thresholds)


@app.command()
def schema() -> None:
    """Print the JSON Schema of rule files, for editors."""
    from policies.schema import json_schema  # noqa: PLC0415

    print_json(json_schema())


@app.command()
def show(
    rule: Annotated[str | None, typer.Argument(help="A rule's id; all rows without one.", show_default=False)] = None,
    thresholds: Annotated[bool, typer.Option("--thresholds", help="The numbers that rules name.")] = False,
    config: Config = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """All rows of the survey and what becomes of them, or one rule with its evidence."""
    from policies import show as showing  # noqa: PLC0415
    from router.settings import load_policies  # noqa: PLC0415

    settings = settings_of(config, profile)
    store, name = load_policies(settings), settings.policy.profile
    found: Any
    if thresholds:
        found = showing.thresholds(store, name)
        shown = showing.thresholds_table(found)
    elif rule is not None:
        found = showing.one(store, name, rule)
        shown = showing.one_text(found)
    else:
        found = showing.overview(store)
        shown = showing.overview_table(found)
    if as_json:
        print_json(found)
    else:
        out.print(shown)
