"""What the commands share: their common options, the two consoles, and how settings are read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import orjson
import typer
from rich.console import Console

if TYPE_CHECKING:
    from policies.store import PolicyStore
    from router.settings import Settings

Config = Annotated[Path | None, typer.Option("--config", help="Settings file; ./surveyor.yaml if there is one.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Profile = Annotated[str | None, typer.Option("--profile", help="Another profile than the configured one.")]

out = Console(highlight=False, emoji=False)  # else the line in `x.yaml:100:` becomes a picture
err = Console(stderr=True, highlight=False, emoji=False)


def settings_of(config: Path | None, profile: str | None = None) -> Settings:
    """The settings of a file (see `read_settings`), with another profile where one is named.

    Raises:
        ConfigError: with file, line and what to write.
        FileNotFoundError: `config` was named and is not there.
    """
    from router.settings import read_settings  # noqa: PLC0415  # keeps `surveyor --help` quick

    settings = read_settings(config)
    if profile is None:
        return settings
    return settings.model_copy(update={"policy": settings.policy.model_copy(update={"profile": profile})})


def names_settings(name: str) -> bool:
    """Whether a policy is named by a settings file, rather than a profile or its folder."""
    return Path(name).suffix in (".yaml", ".yml")


def policy_named(name: str) -> PolicyStore:
    """The policy of a shipped profile, of a folder with a profile.yaml, or of a settings file (`*.yaml`).

    Raises:
        ConfigError: there is none of that name, or a file of it is wrong.
    """
    from policies.store import PolicyStore, profiles  # noqa: PLC0415
    from router.settings import load_policies, read_settings  # noqa: PLC0415

    path = Path(name)
    if names_settings(name):
        return load_policies(read_settings(path))
    mine = name not in profiles() and (path / "profile.yaml").is_file()
    return PolicyStore(path.resolve() if mine else name)


def one_line(text: str, most: int) -> str:
    """A text without line breaks and without what a terminal could obey, of no more characters than `most`."""
    joined = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in " ".join(text.split()))
    return joined if len(joined) <= most else joined[: most - 1] + "…"


def fail(message: str) -> NoReturn:
    """End with exit code 2 and a sentence: the caller asked for something that cannot be."""
    err.print(message, style="red", markup=False, soft_wrap=True)
    raise typer.Exit(2)


def print_json(value: Any) -> None:
    """A value as indented JSON on standard output, untouched by the console's width."""
    print(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())
