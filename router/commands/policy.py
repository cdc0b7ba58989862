"""`surveyor policy`: look at the rules, test them, compare them, and decide the past again. Each command is thin."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from router.commands.options import AsJson, Config, Profile, err, fail, out, policy_named, print_json, settings_of

app = typer.Typer(help="Look at the rules and check them.", no_args_is_help=True)


@app.command()
def check(
    config: Config = None,
    profile: Profile = None,
    as_json: AsJson = False,
    strict: Annotated[bool, typer.Option("--strict", help="Fail for notes too.")] = False,
) -> None:
    """Find rules that cannot mean what they say; each mistake with file, line and what to write."""
    from router.commands.checked import checked  # noqa: PLC0415  # keeps `surveyor --help` quick

    policies = [*checked(settings_of(config, profile))]
    if as_json:
        print_json([each.plain() for each in policies])
    else:
        found = sorted((found for each in policies for found in each.found), key=lambda found: found.severity)
        for line in dict.fromkeys(map(str, found)):
            out.print(line, markup=False, soft_wrap=True)
        for each in policies:
            out.print(str(each), markup=False, soft_wrap=True)
    if any(each.errors or (strict and each.found) for each in policies):
        raise typer.Exit(1)


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


@app.command("test")
def golden_cases(
    files: Annotated[list[Path] | None, typer.Argument(help="Your own files of cases.", show_default=False)] = None,
    config: Config = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Run golden cases: those that ship, against every shipped profile; or FILES, against the configured policy."""
    from policies.store import PolicyStore, profiles  # noqa: PLC0415
    from router.commands import golden  # noqa: PLC0415
    from router.settings import load_policies  # noqa: PLC0415

    if config is not None or files:
        stores = [load_policies(settings_of(config, profile))]
    else:
        stores = [PolicyStore(name) for name in ([profile] if profile else profiles())]
    tested, strange = golden.golden(stores, files or [])
    found = golden.as_json(tested, strange)
    if as_json:
        print_json(found)
    else:
        for each in tested:
            for line in (*each.different, *each.untested):
                out.print(str(line), markup=False, soft_wrap=True)
            out.print(str(each), style="bold" if each.ok else "red", markup=False, soft_wrap=True)
        for line in strange:
            out.print(line, markup=False, soft_wrap=True)
    if not found["ok"]:
        raise typer.Exit(1)


@app.command()
def diff(
    old: Annotated[str, typer.Argument(metavar="A", help="A profile, a folder of one, or a settings file.")],
    new: Annotated[
        str | None, typer.Argument(metavar="B", help="The same; the configured policy without it.", show_default=False)
    ] = None,
    config: Config = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """What changes from policy A to policy B: rules, their order, thresholds."""
    from policies.diff import diff_text, differences  # noqa: PLC0415
    from router.settings import load_policies  # noqa: PLC0415

    before = policy_named(old).current
    after = (policy_named(new) if new else load_policies(settings_of(config, profile))).current
    found = differences(before, after)
    if as_json:
        print_json(found)
    else:
        out.print(diff_text(found, before, after))


@app.command()
def replay(
    policy: Annotated[
        str | None,
        typer.Option("--policy", help="A profile, a folder of one, or a settings file; else the configured."),
    ] = None,
    since: Annotated[str, typer.Option(help="How far back: 90m, 24h, 7d, 2w.")] = "7d",
    limit: Annotated[int | None, typer.Option(min=1, help="Only the newest so many.")] = None,
    csv: Annotated[Path | None, typer.Option("--csv", help="A line for each request that moves goes here.")] = None,
    config: Config = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Decide stored requests again under another policy: who moves, what it saves, what it risks."""
    from rich.progress import Progress  # noqa: PLC0415

    from router.commands import replay as replaying  # noqa: PLC0415
    from router.stored import open_ledger, reading  # noqa: PLC0415

    if policy and profile:
        fail("Say --policy or --profile, not both.")
    engine = open_ledger(settings_of(config).ledger.url)
    told = replaying.under(policy, settings_of(config, profile))
    try:
        age = replaying.seconds_of(since)
        with reading(engine), Progress(console=err, transient=True) as progress:
            bar = progress.add_task("deciding again", total=None)

            def at(done: int, total: int) -> None:
                progress.update(bar, completed=done, total=total)

            found = replaying.replay(engine, told, age, limit, csv, at)
    except (ValueError, OSError) as problem:
        fail(str(problem))
    if as_json:
        print_json(found)
    else:
        out.print(replaying.as_text(found))
