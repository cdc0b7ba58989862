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
    shutil.copytree(Path("policies/survey-2023"), folder)  # the one that builds on no other
    return folder


@pytest.fixture
def overlay(tmp_path: Path) -> Path:
    folder = tmp_path / "overlay"
    folder.mkdir()
    return folder


def decider(store: PolicyStore, **given: object) -> str:
    decision = store.current.decide(Given.model_validate(given).signals())
    return next(fired.id for fired in decision.rules if fired.decided)


def edit(path: Path, old: str, new: str) -> int:
    """Change the first `old`, and say on which line it stands."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return text.count("\n", 0, text.index(old)) + 1


def test_a_folder_is_a_profile(profile: Path) -> None:
    shipped, ours = PolicyStore("survey-2023").current, PolicyStore(profile).current
    assert ours.profile == "ours"
    assert ours.hash == shipped.hash


def test_an_edit_changes_the_hash_and_what_is_decided(profile: Path) -> None:
    before = PolicyStore(profile).current
    assert PolicyStore(profile).current.hash == before.hash
    edit(profile / "nlu.yaml", "then: {kind: local}", "then: {kind: llm}")
    store = PolicyStore(profile)
    assert store.current.hash != before.hash
    assert decider(store, task="sentiment", experts={"sentiment": {}}) == "nlu.sentiment"


def test_a_bad_edit_is_refused_where_it_stands(profile: Path) -> None:
    line = edit(profile / "nlu.yaml", "expert: open", "exprt: open")
    with pytest.raises(ConfigError) as caught:
        PolicyStore(profile)
    assert caught.value.line == line
    assert "unknown key 'exprt'" in str(caught.value)
    assert "did you mean 'expert'?" in str(caught.value)


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
    line = edit(profile / "data.yaml", '"< few"', '"< fwe"')
    with pytest.raises(ConfigError) as caught:
        PolicyStore(profile)
    said = f"{profile / 'data.yaml'}:{line}: rule 'data.few': no threshold is named 'fwe'"
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(
    ("cite", "said"),
    [
        ("nlu.sentimnt", "'nlu.sentimnt' is no heading of survey.md; did you mean 'nlu.sentiment'?"),
        ("survey s4.9", "'survey s4.9' is not a section that we know"),
        ('"arXiv:9999.99999"', "'arXiv:9999.99999' is not spoken of in survey.md"),
    ],
)
def test_a_cite_must_lead_somewhere(profile: Path, cite: str, said: str) -> None:
    line = edit(profile / "nlu.yaml", "cites: [nlu.sentiment,", f"cites: [{cite},")
    with pytest.raises(ConfigError) as caught:
        PolicyStore(profile)
    assert caught.value.line == line
    assert said in str(caught.value)


def test_an_id_may_stand_once(profile: Path) -> None:
    edit(profile / "nlu.yaml", "id: nlu.sentiment", "id: data.zero")
    with pytest.raises(ConfigError, match=r"nlu.yaml:15: rule 'data.zero': the id is taken \(in data.yaml\)"):
        PolicyStore(profile)


def test_a_profile_ends_in_a_catch_all(profile: Path) -> None:
    edit(profile / "profile.yaml", "  - default.llm\n", "")
    edit(profile / "profile.yaml", "  - default.yaml     # the catch-all\n", "")
    with pytest.raises(ConfigError, match=r"must catch everything .* not 'data\.[a-z-]+'"):
        PolicyStore(profile)


def routes(store: PolicyStore) -> list[str]:
    return [rule.id for rule in store.current.rules if rule.stage == "route"]


@pytest.fixture
def derived(tmp_path: Path) -> Path:
    folder = tmp_path / "derived"
    folder.mkdir()
    (folder / "profile.yaml").write_text("title: The survey, as we like it\nbase: survey-2023\nfiles: [mine.yaml]\n")
    (folder / "mine.yaml").write_text(MINE + "    before: nlu.sentiment\n")
    return folder


def test_a_profile_may_build_on_another(derived: Path) -> None:
    base, store = PolicyStore("survey-2023"), PolicyStore(derived)
    at = routes(base).index("nlu.sentiment")
    assert routes(store) == [*routes(base)[:at], "acme.legal", *routes(base)[at:]]
    assert store.current.profile == "derived"
    assert store.folders == (Path("policies/survey-2023").resolve(), derived)
    (derived / "mine.yaml").write_text(MINE.replace("acme.legal", "nlu.sentiment"))
    store = PolicyStore(derived)
    assert routes(store) == routes(base)
    assert {each.file.path for each in store.sources if each.rule.id == "nlu.sentiment"} == {derived / "mine.yaml"}


def test_a_profile_may_do_without_a_rule_of_its_base(derived: Path) -> None:
    edit(derived / "profile.yaml", "files:", "without: [real.noisy]\nfiles:")
    assert "real.noisy" not in routes(PolicyStore(derived))
    line = edit(derived / "profile.yaml", "[real.noisy]", "[real.nosy]")
    with pytest.raises(
        ConfigError, match=rf"profile.yaml:{line}: no rule is named 'real.nosy'; did you mean 'real.noi"
    ):
        PolicyStore(derived)


@pytest.mark.parametrize(
    ("flow", "said"),
    [
        (["acme.legl"], "no route rule is named 'acme.legl'; did you mean 'acme.legal'?"),
        (["acme.legal", "acme.legal"], "'acme.legal' stands twice; a rule is asked once"),
        (["acme.legal", "default.llm"], "leaves out the route rule 'safety.harm'; say where it is asked"),
    ],
)
def test_a_flow_names_every_route_rule_once(derived: Path, flow: list[str], said: str) -> None:
    edit(derived / "profile.yaml", "files:", f"flow: [{', '.join(flow)}]\nfiles:")
    with pytest.raises(ConfigError) as caught:
        PolicyStore(derived)
    assert str(caught.value) == f"{derived}/profile.yaml:3: {said}"


def test_a_profile_does_not_build_on_itself(derived: Path) -> None:
    edit(derived / "profile.yaml", "base: survey-2023", f"base: {derived}")
    with pytest.raises(ConfigError, match=r"profile.yaml:2: builds on itself"):
        PolicyStore(derived)


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
        PolicyStore("2026", overlay)


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
    assert PolicyStore("2026", overlay).folders[-2:] == (Path("policies/2026").resolve(), overlay)


def test_evidence_that_is_no_text_is_refused(overlay: Path) -> None:
    (overlay / "survey.md").write_bytes(b"## a.b\n\xff\n")
    with pytest.raises(ConfigError, match=r"survey.md:2: is not UTF-8"):
        PolicyStore("2026", overlay)


def test_a_missing_overlay_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is no folder"):
        PolicyStore("2026", tmp_path / "none")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_threshold_is_a_finite_number(value: float) -> None:
    with pytest.raises(ConfigError, match="'few' must be a finite number"):
        PolicyStore("2026", tuning=Tuning(thresholds={"few": value}))
