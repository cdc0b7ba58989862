"""`surveyor policy`: look at the rules, test them, compare them, and decide the past again. Each command is thin."""

from __future__ import annotations

import typer

from router.commands.options import Config, Profile, out, print_json, settings_of

app = typer.Typer(help="Look at the rules and check them.", no_args_is_help=True)


@app.command()
def check(config: Config = None, profile: Profile = None) -> None:
    """Check every rule file; a mistake is shown with file, line and what to write."""
    from router.settings import load_policies  # noqa: PLC0415  # keeps `surveyor --help` quick

    policy = load_policies(settings_of(config, profile)).current
    out.print(f"profile {policy.profile}: {len(policy.rules)} rules, hash {policy.hash[:12]}, no mistakes")


@app.command()
def schema() -> None:
    """Print the JSON Schema of rule files, for editors."""
    from policies.schema import json_schema  # noqa: PLC0415

    print_json(json_schema())
