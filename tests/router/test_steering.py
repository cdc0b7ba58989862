"""Variants, where their mistakes are, and files that change in unusual ways."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from policies.located import ConfigError
from router import steering as under_test
from router.api import as_request
from router.app import Runtime
from router.course import Course, token_digest
from router.fleet import Priced
from router.settings import Settings, load_variants, read_settings
from router.steering import Steering, client_keys

VARIANTS = """\
policy:
  thresholds: {noisy: 0.3, long: 500}
  disable: [eff.cost]
  status: {gen.creative: shadow}
  shape: apply
  variants:
    plain: {}
    other:
      profile: survey-2023
      thresholds: {long: 900}
      status: {eff.cost: active}
      shape: advise
      prefer: []
      request_usd: null
      slo_ms: 100
    last: {disable: [], prefer: [fair]}
operator: {prefer: [quality], slo_ms: 2000, residency: eu}
budget: {request_usd: 0.5}
"""


def written(folder: Path, text: str) -> Settings:
    path = folder / "surveyor.yaml"
    path.write_text(text)
    return read_settings(path, {})


def test_a_variant_inherits_what_it_leaves_out(tmp_path: Path) -> None:
    settings = written(tmp_path, VARIANTS)
    found = settings.variants()
    assert list(found) == ["auto", "auto:plain", "auto:other", "auto:last"]
    assert found["auto"] is settings
    plain, other, last = (found[f"auto:{name}"] for name in ("plain", "other", "last"))
    assert (plain.policy, plain.operator, plain.budget) == (settings.policy, settings.operator, settings.budget)
    assert (other.policy.profile, plain.policy.profile) == ("survey-2023", "2026")
    assert other.policy.thresholds == {"noisy": 0.3, "long": 900}
    assert other.policy.status == {"gen.creative": "shadow", "eff.cost": "active"}
    assert (other.policy.disable, last.policy.disable) == ((), ())
    assert (other.policy.shape, last.policy.shape) == ("advise", "apply")
    assert (other.operator.prefer, last.operator.prefer) == ((), ("fair",))
    assert (other.operator.slo_ms, other.operator.residency) == (100, "eu")
    assert (other.budget.request_usd, last.budget.request_usd) == (None, 0.5)  # null: no limit

    stores = load_variants(settings)
    statuses = {name: {rule.id: rule.status for rule in store.current.rules} for name, store in stores.items()}
    assert [statuses[name]["eff.cost"] for name in found] == ["off", "off", "active", "active"]
    assert stores["auto:other"].current.profile == "survey-2023"
    assert stores["auto:other"].current.apply == frozenset()
    assert stores["auto"].current.apply == stores["auto:last"].current.apply != frozenset()
    assert stores["auto"].current.hash == stores["auto:plain"].current.hash


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("noisy: 0.3", "nosy: 0.3", 2, "no threshold is named 'nosy'"),
        ("long: 900", "lang: 900", 10, "no threshold is named 'lang'"),
        ("[eff.cost]", "[eff.cots]", 3, "no rule is named 'eff.cots'; did you mean 'eff.cost'?"),
        ("{eff.cost: active}", "{eff.cots: active}", 11, "no rule is named 'eff.cots'"),
        ("shape: advise", "shape: [gen.creative]", 12, "rule 'gen.creative' does not shape prompts"),
        ("profile: survey-2023", "profile: survey-2032", 9, "did you mean 'survey-2023'?"),
        ("profile: survey-2023", "rules: nowhere", 9, "'nowhere' is no folder"),
        ("    plain: {}", "    Plain: {}", 7, "Plain"),
        ("    plain: {}", "    plain: {request_usd: -1}", 7, "request_usd"),
        ("    plain: {}", "    plain: {budget: 1}", 7, "unknown key 'budget'"),
        ("policy:\n", "policy:\n  keys: [{key_env: A, variant: plane}]\n", 2, "did you mean 'plain'?"),
        ("prefer: [fair]", "prefer: [fairr]", 16, "no preference is named 'fairr'; did you mean 'fair'?"),
    ],
)
def test_a_mistake_is_blamed_on_the_line_where_it_was_made(
    tmp_path: Path, old: str, new: str, line: int, said: str
) -> None:
    assert old in VARIANTS
    with pytest.raises(ConfigError) as wrong:
        load_variants(written(tmp_path, VARIANTS.replace(old, new)))
    assert str(wrong.value).startswith(f"{tmp_path / 'surveyor.yaml'}:{line}: "), str(wrong.value)
    assert said in str(wrong.value)


def test_keys_name_a_variant_and_a_variable_that_is_set(tmp_path: Path) -> None:
    settings = written(tmp_path, VARIANTS + "#")
    settings = settings.model_copy(
        update={"policy": settings.policy.model_validate(
            {**settings.policy.model_dump(), "keys": [{"key_env": "TEAM", "variant": "plain"}]}
        )}
    )  # fmt: skip
    course = Course({}, client_keys(settings, {"TEAM": "s3cret-ä"}))
    wire = "s3cret-ä".encode().decode("latin-1")  # as HTTP's headers are read
    assert course.auto_for(f"Bearer {wire}") == course.auto_for(f"bearer {wire} ") == "auto:plain"
    for stranger in ("", "Bearer ", "Bearer s3cret", f"Basic {wire}", wire):
        assert course.auto_for(stranger) == "auto"
    assert "s3cret" not in repr(course)
    for environ in ({}, {"TEAM": ""}):
        with pytest.raises(ConfigError, match="the environment variable TEAM is not set"):
            client_keys(settings, environ)


def test_what_is_kept_for_one_variant_is_not_given_to_another() -> None:
    body = b'{"model": "auto", "messages": [{"role": "user", "content": "hello"}]}'
    keys = [(token_digest(b"a"), "auto:frugal"), (token_digest(b"b"), "auto:best")]
    runtime = cast("Runtime", SimpleNamespace(course=Course({}, keys)))
    sent = [as_request(body, {"authorization": f"Bearer {token}"}, "req", runtime) for token in "abc"]
    assert [request.model for request in sent] == ["auto:frugal", "auto:best", "auto"]
    assert len({request.digest for request in sent}) == 3
    pinned = as_request(body.replace(b"auto", b"gpt"), {"authorization": "Bearer a"}, "req", runtime)
    assert pinned.model == "gpt"


# ── files that change in unusual ways ────────────────────────────────────────────────────────────


@asynccontextmanager
async def watching(settings: Settings) -> AsyncIterator[Steering]:
    priced = Priced(settings, ())
    steering = Steering(settings, priced, (), load_variants(settings), lambda _course: None, lambda _outcome: None)
    task = asyncio.create_task(steering.watch())
    try:
        yield steering
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.02)


def long_of(steering: Steering) -> float:
    return dict(steering.course.policies["auto"].thresholds)["long"]


async def test_a_file_behind_a_link_is_seen_when_the_link_turns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Kubernetes updates a mounted ConfigMap: `surveyor.yaml -> ..data/surveyor.yaml`, and `..data` turns."""
    monkeypatch.setattr(under_test, "GLANCE_MS", 100)
    for name, long in (("one", 111), ("two", 222)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "surveyor.yaml").write_text(f"policy: {{thresholds: {{long: {long}}}}}\n")
    (tmp_path / "..data").symlink_to("one")
    (tmp_path / "surveyor.yaml").symlink_to("..data/surveyor.yaml")
    async with watching(read_settings(tmp_path / "surveyor.yaml", {})) as steering:
        await asyncio.sleep(0.5)  # it watches by now
        assert long_of(steering) == 111
        (tmp_path / "..new").symlink_to("two")
        (tmp_path / "..new").rename(tmp_path / "..data")
        await until(lambda: long_of(steering) == 222)


async def test_a_file_and_a_rule_folder_may_go_and_come_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(under_test, "GLANCE_MS", 100)
    (tmp_path / "rules").mkdir()
    path, text = tmp_path / "surveyor.yaml", f"policy: {{rules: {tmp_path / 'rules'}, thresholds: {{long: 111}}}}\n"
    async with watching(written(tmp_path, text)) as steering:
        await asyncio.sleep(0.2)
        path.unlink()
        await until(lambda: "cannot be read" in (steering.error or ""))
        path.write_text(text)
        await until(lambda: steering.error is None)
        (tmp_path / "rules").rmdir()
        path.write_text(text.replace("111", "222"))
        await until(lambda: "is no folder" in (steering.error or ""))
        assert long_of(steering) == 111
        (tmp_path / "rules").mkdir()
        await until(lambda: steering.error is None)
        assert long_of(steering) == 222


async def test_where_nothing_can_be_watched_files_are_glanced_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_places: Path, **_options: object) -> AsyncIterator[None]:
        raise OSError("OS file watch limit reached.")

    monkeypatch.setattr(under_test, "GLANCE_MS", 50)
    monkeypatch.setattr(under_test, "awatch", full)
    async with watching(written(tmp_path, "policy: {thresholds: {long: 111}}\n")) as steering:
        for long in (222, 333):
            await asyncio.sleep(0.2)
            written(tmp_path, f"policy: {{thresholds: {{long: {long}}}}}\n")
            await until(lambda long=long: long_of(steering) == long)  # type: ignore[misc]
    told = [record for record in caplog.records if "glanced at every 0.05 s" in record.message]
    assert len(told) == 1
    assert "OS file watch limit reached." in caplog.text


async def test_a_failure_of_ours_is_kept_from_the_requests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings = written(tmp_path, "policy: {thresholds: {long: 111}}\n")
    steering = Steering(settings, Priced(settings, ()), (), load_variants(settings), lambda _: None, lambda _: None)

    def broken(_settings: Settings) -> None:
        raise MemoryError("text of a prompt")

    monkeypatch.setattr(under_test, "load_variants", broken)
    course = steering.course
    await steering.reload()
    assert steering.course is course
    assert steering.status()["error"] == "an internal MemoryError; the log says more"
    assert "reading the policy failed" in caplog.text
