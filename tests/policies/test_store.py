"""Policies are loaded, checked and swapped whole; a bad edit keeps the last good one."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from policies.cases import Given
from policies.located import ConfigError
from policies.store import PolicyStore, Tuning

MINE = """\
rules:
  - id: acme.legal
    title: Questions of law go to an LLM
    status: active
    stage: route
    when: {domain: law}
    then: {kind: llm}
    why: Our lawyers want it so, since March.
    cites: [data.zero]
    wrong_when: The law is mentioned in passing.
"""


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    folder = tmp_path / "ours"
    shutil.copytree(Path("policies/2026"), folder)
    return folder


@pytest.fixture
def overlay(tmp_path: Path) -> Path:
    folder = tmp_path / "overlay"
    folder.mkdir()
    return folder


def decider(store: PolicyStore, **given: object) -> str:
    decision = store.current.decide(Given.model_validate(given).signals())
    return next(fired.id for fired in decision.rules if fired.decided)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_a_folder_is_a_profile(profile: Path) -> None:
    shipped, ours = PolicyStore("2026").current, PolicyStore(profile).current
    assert ours.profile == "ours"
    assert ours.hash == shipped.hash


def test_a_good_edit_is_taken(profile: Path) -> None:
    store = PolicyStore(profile)
    before = store.current
    assert not store.reload()
    assert store.current is before
    edit(profile / "nlu.yaml", "then: {kind: local}", "then: {kind: llm}")
    assert store.reload()
    assert store.current.hash != before.hash
    assert decider(store, task="sentiment", experts={"sentiment": {}}) == "nlu.sentiment"


def test_a_bad_edit_keeps_the_last_good_policy(profile: Path) -> None:
    store = PolicyStore(profile)
    before = store.current
    edit(profile / "nlu.yaml", "expert: open", "exprt: open")
    with pytest.raises(ConfigError) as caught:
        store.reload()
    assert caught.value.line == 9
    assert "unknown key 'exprt'" in str(caught.value)
    assert "did you mean 'expert'?" in str(caught.value)
    assert store.current is before


def test_thresholds_can_be_set_by_the_operator(profile: Path) -> None:
    given = {"task": "sentiment", "facts": {"noise": 0.3}, "experts": {"sentiment": {}}}
    assert decider(PolicyStore(profile), **given) == "real.noisy"
    calm = PolicyStore(profile, tuning=Tuning(thresholds={"noisy": 0.5}))
    assert decider(calm, **given) == "nlu.sentiment"
    assert calm.current.hash != PolicyStore(profile).current.hash


def test_an_unknown_threshold_is_refused(profile: Path) -> None:
    with pytest.raises(ConfigError, match="no threshold is named 'noise'; did you mean 'noisy'\\? Valid thresholds: "):
        PolicyStore(profile, tuning=Tuning(thresholds={"noise": 0.5}))


@pytest.mark.parametrize(
    ("tuning", "said"),
    [
        (Tuning(status={"real.nosy": "off"}), "no rule is named 'real.nosy'; did you mean 'real.noisy'?"),
        (Tuning(disable=["real.nosy"]), "no rule is named 'real.nosy'; did you mean 'real.noisy'?"),
        (Tuning(apply=["real.noisy"]), "rule 'real.noisy' does not shape prompts. Those that do: "),
        (Tuning(disable=["default.llm"]), "rule 'default.llm' catches what no other rule routes"),
        (Tuning(status={"default.llm": "shadow"}), "rule 'default.llm' catches what no other rule routes"),
    ],
)
def test_a_wrong_rule_id_of_the_operator_is_blamed_on_the_operator(tuning: Tuning, said: str) -> None:
    def blame(loc: tuple[str, str], message: str) -> ConfigError:
        return ConfigError("surveyor.yaml", 7, f"{'.'.join(loc)}: {message}")

    with pytest.raises(ConfigError) as caught:
        PolicyStore("2026", tuning=replace(tuning, blame=blame))
    assert said in str(caught.value)
    assert str(caught.value).startswith("surveyor.yaml:7: ")


def test_a_rule_is_disabled_or_put_in_shadow_without_a_file(profile: Path) -> None:
    given = {"task": "sentiment", "facts": {"noise": 0.3}, "experts": {"sentiment": {}}}
    assert decider(PolicyStore(profile, tuning=Tuning(disable=["real.noisy"])), **given) == "nlu.sentiment"
    shadow = PolicyStore(profile, tuning=Tuning(status={"real.noisy": "shadow"}))
    assert decider(shadow, **given) == "nlu.sentiment"
    assert shadow.current.hash != PolicyStore(profile).current.hash


def test_a_rule_with_an_unknown_threshold_is_refused(profile: Path) -> None:
    edit(profile / "data.yaml", '"< few"', '"< fwe"')
    with pytest.raises(ConfigError) as caught:
        PolicyStore(profile)
    assert str(caught.value).startswith(f"{profile / 'data.yaml'}:31: rule 'data.few': no threshold is named 'fwe'")


@pytest.mark.parametrize(
    ("cite", "said"),
    [
        ("nlu.sentimnt", "'nlu.sentimnt' is no heading of survey.md; did you mean 'nlu.sentiment'?"),
        ("survey s4.9", "'survey s4.9' is not a section that we know"),
        ('"arXiv:9999.99999"', "'arXiv:9999.99999' is not spoken of in survey.md"),
    ],
)
def test_a_cite_must_lead_somewhere(profile: Path, cite: str, said: str) -> None:
    edit(profile / "nlu.yaml", "cites: [nlu.sentiment,", f"cites: [{cite},")
    with pytest.raises(ConfigError) as caught:
        PolicyStore(profile)
    assert caught.value.line == 12
    assert said in str(caught.value)


def test_an_id_may_stand_once(profile: Path) -> None:
    edit(profile / "nlu.yaml", "id: nlu.sentiment", "id: data.zero")
    with pytest.raises(ConfigError, match=r"rule 'data.zero': the id is taken \(in nlu.yaml\)"):
        PolicyStore(profile)


def test_a_profile_ends_in_a_catch_all(profile: Path) -> None:
    edit(profile / "profile.yaml", "  - default.yaml     # the catch-all\n", "")
    with pytest.raises(ConfigError, match=r"must catch everything .* not 'data.zero'"):
        PolicyStore(profile)


def test_an_unknown_profile_is_refused() -> None:
    with pytest.raises(ConfigError, match="did you mean '2026'"):
        PolicyStore("2062")


def test_an_overlay_replaces_a_rule_by_its_id(overlay: Path) -> None:
    (overlay / "mine.yaml").write_text(
        MINE.replace("acme.legal", "gen.creative").replace("{domain: law}", "{task: brainstorming}")
    )
    store = PolicyStore("2026", overlay)
    assert decider(store, task="brainstorming") == "gen.creative"
    assert decider(store, task="open_ended_writing") == "data.zero"
    assert [rule.id for rule in store.current.rules] == [rule.id for rule in PolicyStore("2026").current.rules]


def test_a_new_rule_acts_before_the_catch_all(overlay: Path) -> None:
    (overlay / "mine.yaml").write_text(MINE)
    route = [rule.id for rule in PolicyStore("2026", overlay).current.rules if rule.stage == "route"]
    assert route[-2:] == ["acme.legal", "default.llm"]


def test_a_new_rule_acts_where_it_says(overlay: Path) -> None:
    (overlay / "mine.yaml").write_text(MINE + "    before: nlu.sentiment\n")
    store = PolicyStore("2026", overlay)
    given = {"task": "sentiment", "experts": {"sentiment": {}}}
    assert decider(store, **given, facts={"domain": "law"}) == "acme.legal"
    assert decider(store, **given) == "nlu.sentiment"
    (overlay / "mine.yaml").write_text(MINE + "    before: nlu.sentment\n")
    with pytest.raises(ConfigError, match=r"mine.yaml:11: .*no other rule is named 'nlu.sentment'; did you mean"):
        store.reload()


def test_a_new_rule_of_another_stage_acts_last(overlay: Path) -> None:
    (overlay / "mine.yaml").write_text(
        MINE.replace("stage: route", "stage: flag").replace("{kind: llm}", "{flag: [legal]}")
    )
    flags = [rule.id for rule in PolicyStore("2026", overlay).current.rules if rule.stage == "flag"]
    assert flags[-1] == "acme.legal"


def test_an_overlay_may_bring_its_own_evidence(overlay: Path) -> None:
    (overlay / "mine.yaml").write_text(MINE.replace("[data.zero]", "[acme.legal]"))
    with pytest.raises(ConfigError, match=r"'acme.legal' is no heading of survey.md"):
        PolicyStore("2026", overlay)
    (overlay / "survey.md").write_text("## acme.legal\n\nOur lawyers' memo.\n")
    assert PolicyStore("2026", overlay).folders == (Path("policies/2026").resolve(), overlay)


def test_evidence_that_is_no_text_is_refused(overlay: Path) -> None:
    (overlay / "survey.md").write_bytes(b"## a.b\n\xff\n")
    with pytest.raises(ConfigError, match=r"survey.md:2: is not UTF-8"):
        PolicyStore("2026", overlay)


def test_a_missing_overlay_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is no folder"):
        PolicyStore("2026", tmp_path / "none")
