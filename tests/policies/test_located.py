"""Every mistake in a file is reported where it stands, with what to write instead."""

from pathlib import Path
from typing import Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from policies.located import ConfigError, load, read


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Model(Strict):
    id: str
    tier: Literal["small", "large"] = "small"
    window: int = Field(default=4096, ge=1)
    key: SecretStr | None = None


class Cat(Strict):
    kind: Literal["cat"]
    lives: int


class Dog(Strict):
    kind: Literal["dog"]
    tricks: list[str] = []


class Config(Strict):
    port: int = 8080
    models: list[Model] = []
    limits: dict[str, Model] = {}
    pet: Cat | Dog | None = Field(default=None, discriminator="kind")
    language: str | None = None
    share: float = 0.5

    @field_validator("port")
    @classmethod
    def open_port(cls, port: int) -> int:
        if port == 22:
            raise ValueError("22 is taken; choose another port")
        return port


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "surveyor.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "port: 1\nmodels:\n  - id: a\n    tiers: small\n",
            "4: unknown key 'tiers' under 'models.0'; did you mean 'tier'? Valid keys: id, key, tier, window",
        ),
        (
            "prot: 1\n",
            "1: unknown key 'prot'; did you mean 'port'? Valid keys: language, limits, models, pet, port, share",
        ),
        ("zzz: 1\n", "1: unknown key 'zzz'. Valid keys: language, limits, models, pet, port, share"),
        (
            "models:\n  - id: a\n  - id: b\n    window: many\n",
            "4: 'models.1.window' should be an integer, unable to parse string as an integer, but is 'many'; "
            "for example `window: 4096`",
        ),
        (
            "models:\n  - {id: a, tier: huge}\n",
            "2: 'models.0.tier' should be 'small' or 'large', but is 'huge'; for example `tier: small`",
        ),
        (
            "port: 1\nmodels:\n  - tier: small\n",
            "3: missing key 'id' under 'models.0'; write for example `id: some text`",
        ),
        ("port: 22\n", "1: 'port': 22 is taken; choose another port"),
        ("port: 1\nmodels: []\nport: 2\n", "3: key 'port' stands twice (first on line 1); remove one of them"),
        (
            "limits:\n  eu:\n    id: a\n    teir: small\n",
            "4: unknown key 'teir' under 'limits.eu'; did you mean 'tier'? Valid keys: id, key, tier, window",
        ),
        ("pet:\n  kind: cat\n  lives: nine\n", "3: 'pet.lives' should be an integer"),
        ("pet:\n  kind: dog\n  trick: [sit]\n", "3: unknown key 'trick' under 'pet'; did you mean 'tricks'?"),
        ("pet:\n  kind: cow\n", "2: 'pet.kind' should be one of 'cat', 'dog', but is 'cow'; for example `kind: cat`"),
        ("pet:\n  lives: 9\n", "1: missing key 'kind' under 'pet'; write for example `kind: cat`"),
        ("models: a\n", "1: 'models' should be a list, but is 'a'"),
        ("models:\n  - 3\n", "2: 'models.0' should be a mapping of keys, but is 3"),
        (
            "- 1\n- 2\n",
            "1: the top level must be a mapping of keys (`key: value`), but the file holds a list",
        ),
        ("hello\n", "1: the top level must be a mapping of keys (`key: value`), but the file holds a single value"),
        ("", "1: the top level must be a mapping of keys (`key: value`), but the file holds nothing"),
        ("port: 1\nmodels: [a\nshare: 1\n", "3: not valid YAML: "),
        ("port: 1\n\tmodels: []\n", "2: not valid YAML: "),
        (b"port: 1\nlanguage: \x00\n", "2: holds a NUL byte: this is not a text file"),
        (b"port: 1\nlanguage: \xff\n", "2: is not UTF-8 (byte 0xff); save it as UTF-8"),
        ("limits: {<<: {a: {id: b}}}\n", "1: merge keys (`<<`) are not supported; write the keys out"),
        (
            "port: !!python/name:os.system ''\n",
            "1: the tag '!!python/name:os.system' is not allowed; write a plain value",
        ),
        ("? [a, b]\n: 1\n", "1: a key must be a single word or a text in quotes"),
        ("a: &a [*a]\n", "is nested more than 50 levels deep, or an alias contains itself"),
        ("a: " + "[" * 3000 + "]" * 3000, ""),
        ("--- \nport: 1\n---\nport: 2\n", "3: not valid YAML: but found another document"),
    ],
)
def test_a_mistake_is_reported_where_it_stands(tmp_path: Path, text: str | bytes, said: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load(path, Config)
    assert str(caught.value).startswith(f"{path}")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_first_of_several_mistakes_is_reported(tmp_path: Path) -> None:
    path = write(tmp_path, "share: x\nprot: 1\nport: y\n")
    with pytest.raises(ConfigError) as caught:
        load(path, Config)
    assert caught.value.line == 1


def test_a_secret_of_the_wrong_type_is_not_repeated(tmp_path: Path) -> None:
    path = write(tmp_path, "models:\n  - id: a\n    key: [sk-verysecret]\n")
    with pytest.raises(ConfigError) as caught:
        load(path, Config)
    assert "sk-verysecret" not in str(caught.value)
    assert "a secret (not shown)" in str(caught.value)


def test_a_missing_file_has_no_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "none.yaml", Config)
    assert str(caught.value) == f"{tmp_path / 'none.yaml'}: cannot be read: No such file or directory"


def test_an_alias_bomb_is_refused(tmp_path: Path) -> None:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)]
    with pytest.raises(ConfigError, match="more than 50,000 values once its aliases are written out"):
        load(write(tmp_path, "\n".join(rows)), Config)


def test_a_key_cannot_break_the_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(write(tmp_path, '"po\\nrt\\e[31m": 1\n'), Config)
    assert "unknown key 'po\\nrt\\x1b[31m'" in str(caught.value)


def test_a_plain_alias_is_welcome(tmp_path: Path) -> None:
    path = write(tmp_path, "models: [&m {id: a}, *m]\n")
    assert [m.id for m in load(path, Config).models] == ["a", "a"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [("no", "no"), ("off", "off"), ("12:30", "12:30"), ("2026-01-31", "2026-01-31"), ("'1'", "1"), ("~", None)],
)
def test_words_mean_what_they_say(tmp_path: Path, written: str, meant: str | None) -> None:
    assert load(write(tmp_path, f"language: {written}\n"), Config).language == meant


@pytest.mark.parametrize(
    ("written", "meant"), [("0x10", 16.0), ("1_000", 1000.0), ("1e3", 1000.0), (".inf", float("inf"))]
)
def test_numbers_are_numbers(tmp_path: Path, written: str, meant: float) -> None:
    assert load(write(tmp_path, f"share: {written}\n"), Config).share == meant


def test_a_later_check_can_point_at_a_line_too(tmp_path: Path) -> None:
    path = write(tmp_path, "port: 1\nmodels:\n  - id: a\n  - id: a\n")
    error = read(path, Config).error(("models", 1, "id"), "stands twice")
    assert str(error) == f"{path}:4: stands twice"


@pytest.mark.parametrize("written", ["1__0", "1_", "9" * 5000])
def test_what_only_looks_like_a_number_is_text(tmp_path: Path, written: str) -> None:
    assert load(write(tmp_path, f"language: {written}\n"), Config).language == written


YAMLISH = st.text(st.sampled_from("ab1_.:-[]{}&*!<>|%@#?,'\"\n \t~é\x85\x00")) | st.text()


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=YAMLISH | YAMLISH.map(lambda text: f"models:\n  - id: {text}"), raw=st.none() | st.binary())
def test_no_text_makes_it_stumble(tmp_path: Path, text: str, raw: bytes | None) -> None:
    path = write(tmp_path, text.encode("utf-8", "surrogatepass") if raw is None else raw)
    try:
        load(path, Config)
        said = str(path)
    except ConfigError as refused:
        said = str(refused)
    assert said.startswith(str(path))
    assert said.isprintable()
