"""The `surveyor` command. Each command is a few lines over the same parts that serve."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console

app = typer.Typer(
    help="LLM routing that cites its evidence. Start with `surveyor serve`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
policy_app = typer.Typer(help="Look at the rules and check them.", no_args_is_help=True)
app.add_typer(policy_app, name="policy")
bench_app = typer.Typer(help="Measure the parts on this machine.", no_args_is_help=True)
app.add_typer(bench_app, name="bench")

Config = Annotated[Path | None, typer.Option("--config", help="Settings file; ./surveyor.yaml if there is one.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Profile = Annotated[str | None, typer.Option("--profile", help="Another profile than the configured one.")]

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


@app.command()
def serve(
    config: Config = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
) -> None:
    """Serve the OpenAI-compatible endpoint."""
    from router.commands.serve import run  # noqa: PLC0415  # keeps `surveyor --help` quick

    run(_settings(config), host, port, out)


@app.command()
def explain(prompt: str, config: Config = None, profile: Profile = None, as_json: AsJson = False) -> None:
    """Say how a prompt would be routed, and by which rule. Nothing is executed."""
    from policies.explain import tree  # noqa: PLC0415
    from router.commands.explain import explained  # noqa: PLC0415

    found = asyncio.run(explained(_with_profile(_settings(config), profile), prompt))
    if as_json:
        _print_json(found)
    else:
        out.print(tree(found))


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
        _print_json(rows)
    else:
        out.print(as_table(rows))
    if any(row["error"] for row in rows):
        raise typer.Exit(1)


@policy_app.command("check")
def policy_check(config: Config = None, profile: Profile = None) -> None:
    """Check every rule file; a mistake is shown with file, line and what to write."""
    from router.app import load_policies  # noqa: PLC0415

    settings = _settings(config)
    policy = load_policies(_with_profile(settings, profile)).current
    out.print(f"profile {policy.profile}: {len(policy.rules)} rules, hash {policy.hash[:12]}, no mistakes")


@policy_app.command("schema")
def policy_schema() -> None:
    """Print the JSON Schema of rule files, for editors."""
    from policies.schema import json_schema  # noqa: PLC0415

    _print_json(json_schema())


@bench_app.command("observe")
def bench_observe(as_json: AsJson = False) -> None:
    """First look, its parts, and the encoder look, in microseconds."""
    _bench("observe", as_json)


@bench_app.command("decide")
def bench_decide(as_json: AsJson = False) -> None:
    """A decision over all rules, in microseconds."""
    _bench("decide", as_json)


def _bench(what: str, as_json: bool) -> None:
    from router.commands import bench  # noqa: PLC0415

    rows = bench.MEASURES[what]()
    if as_json:
        _print_json(rows)
    else:
        out.print(bench.as_table(rows))


def _settings(config: Path | None) -> Any:
    from router.settings import read_settings  # noqa: PLC0415

    return read_settings(config)


def _with_profile(settings: Any, profile: str | None) -> Any:
    if profile is None:
        return settings
    return settings.model_copy(update={"policy": settings.policy.model_copy(update={"profile": profile})})


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise SystemExit(f"{path}: {problem}") from None


def _print_json(value: Any) -> None:
    print(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())


def main() -> None:
    """Entry point: a mistake in a file is one line on stderr, not a traceback."""
    from policies.located import ConfigError  # noqa: PLC0415

    try:
        app()
    except (ConfigError, FileNotFoundError) as problem:
        err.print(str(problem), style="red", markup=False, soft_wrap=True)
        raise SystemExit(2) from None
