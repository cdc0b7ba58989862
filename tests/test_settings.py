"""Settings: every mistake is refused with file, line and what to write."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from classifiers.shipped import expert_names
from policies.located import ConfigError
from router.app import create_app, key_of
from router.cli import app
from router.fleet import Priced
from router.roster import wanted_experts
from router.settings import Model, Settings, Variant, load_policies, load_variants, read_settings

ROOT = Path(__file__).parents[1]


def written(folder: Path, text: str) -> Path:
    path = folder / "surveyor.yaml"
    path.write_text(text)
    return path


MODEL = "models:\n  - id: m\n    tier: small\n    base_url: http://127.0.0.1/v1\n"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("modles: []\n", 1, "did you mean 'models'"),
        (MODEL + "    tire: large\n", 5, "did you mean 'tier'"),
        ("models:\n  - id: m\n    tier: huge\n    base_url: http://127.0.0.1\n", 3, "small"),
        ("server:\n  port: eighty\n", 2, "port"),
        ("cache:\n  url: memcached://x\n", 2, "url"),
        ("ledger:\n  url: mysql://me:secret@host/db\n", 2, "write sqlite:///surveyor.db or postgresql+psycopg://"),
        ("server: {}\nledger:\n  url: surveyor.db\n", 3, "write sqlite:///"),
        (MODEL.replace("    base_url: http://127.0.0.1/v1\n", ""), 2, "base_url"),
        (MODEL.replace("id: m", "id: auto"), 2, "reserved"),
        (MODEL.replace("id: m", "id: auto:mine"), 2, "reserved"),
        (MODEL + "    region: EU\n", 5, "region"),
        (MODEL + "    p95_ms: 0\n", 5, "p95_ms"),
        ("operator:\n  llm_languages: [english]\n", 2, "llm_languages"),
        ("operator:\n  metric: {}\n", 2, "did you mean 'metrics'"),
        ("policy:\n  keys: [{variant: frugal}]\n", 2, "missing key 'key_env'"),
        (MODEL + MODEL.removeprefix("models:\n"), 1, "ids must differ"),
        ("server: {port: 1\n", 2, ""),
    ],
)
def test_a_mistake_has_its_line(tmp_path: Path, text: str, line: int, message: str) -> None:
    with pytest.raises(ConfigError) as wrong:
        read_settings(written(tmp_path, text), {})
    assert wrong.value.line == line
    assert message in str(wrong.value)
    assert str(wrong.value).startswith(f"{tmp_path / 'surveyor.yaml'}:{line}: ")


def test_the_command_says_it_in_one_line(tmp_path: Path) -> None:
    path = written(tmp_path, "modles: []\n")
    result = CliRunner().invoke(app, ["policy", "check", "--config", str(path)])
    assert isinstance(result.exception, ConfigError)
    assert "did you mean 'models'" in str(result.exception)


def test_experts_are_chosen_by_name_and_an_unknown_one_is_said_before_the_start() -> None:
    assert wanted_experts(Settings()) == set(expert_names()) >= {"sentiment", "spam", "toxicity"}
    for none in (False, {"use": False}):
        assert wanted_experts(Settings.model_validate({"experts": none})) == frozenset()
    assert Settings.model_validate({"experts": False}).experts.folder is None
    assert wanted_experts(Settings.model_validate({"experts": ["spam"]})) == {"spam"}
    with pytest.raises(ConfigError, match=r"no expert is named 'spma'.*did you mean 'spam'.*Valid names: .*spam, "):
        create_app(Settings.model_validate({"experts": ["spma"]}))
    with pytest.raises(ConfigError, match=r"no expert is named 'mine'"):
        create_app(Settings.model_validate({"experts": {"gates": {"mine": {"epsilon": 0.02}}}}))


def test_a_missing_key_is_said_before_the_first_request() -> None:
    settings = Settings.model_validate(
        {"models": [{"id": "m", "tier": "small", "base_url": "http://127.0.0.1", "api_key_env": "NO_SUCH_KEY"}]}
    )
    with pytest.raises(ConfigError, match="the environment variable NO_SUCH_KEY is not set"):
        key_of(settings.models[0], {})
    assert key_of(settings.models[0], {"NO_SUCH_KEY": "k"}) == "k"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sqlite://", "an SQLite ledger is a file"),
        ("sqlite:///:memory:", "an SQLite ledger is a file"),
        ("sqlite+nobody:///x.db", "this is no URL of a database"),
        ("sqlite+pysqlcipher://:secret@/x.db", "needs the package 'pysqlcipher3', which is not installed"),
    ],
)
def test_a_ledger_that_cannot_be_one_is_said_before_the_start(tmp_path: Path, url: str, said: str) -> None:
    settings = read_settings(written(tmp_path, f"server: {{port: 0}}\nledger:\n  url: '{url}'\n"), {})
    with pytest.raises(ConfigError, match=said) as wrong:
        create_app(settings)
    assert wrong.value.line == 3
    assert "secret" not in str(wrong.value)


def test_an_openai_key_alone_is_enough() -> None:
    settings = read_settings(None, {"OPENAI_API_KEY": "sk-x"})
    assert {model.tier for model in settings.models} == {"small", "standard", "large"}
    priced = Priced(settings, settings.models)
    assert all(priced.prices[model.id] is not None for model in settings.models)
    assert priced.baseline(1000, 100)
    fleet = priced.fleet(settings.models, settings)
    assert fleet.vision_tiers == fleet.tiers == ("small", "standard", "large")
    assert fleet.local_tiers == ()
    assert min(fleet.windows.values()) > 100_000
    elsewhere = read_settings(None, {"OPENAI_API_KEY": "sk-x", "OPENAI_BASE_URL": "http://127.0.0.1:1/v1"})
    assert {model.base_url for model in elsewhere.models} == {"http://127.0.0.1:1/v1"}


def test_the_example_file_is_valid_and_shows_every_knob() -> None:
    path = ROOT / "surveyor.example.yaml"
    settings = read_settings(path, {})
    assert {model.tier for model in settings.models} == {"small", "standard", "large", "reasoning"}
    assert load_policies(settings).current.rules
    shown = yaml.safe_load(path.read_text())
    assert set(shown) == set(Settings.model_fields)
    for name in ("experts", "policy", "operator", "index", "cache", "ledger", "budget", "server"):
        commented = [line.strip("# ").partition(":")[0] for line in path.read_text().splitlines()]
        for knob in Settings.model_fields[name].annotation.model_fields:  # type: ignore[union-attr]
            assert knob in commented, f"{name}.{knob} is not in the example"
    for knob in (*Model.model_fields, *Variant.model_fields):
        assert knob in commented or f"- {knob}" in path.read_text() or knob == "stand_in", (
            f"{knob} is not in the example"
        )
    assert settings.operator == Settings().operator
    assert list(load_variants(settings)) == ["auto", "auto:frugal", "auto:best"]
