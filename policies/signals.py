"""The signals that a rule may ask about: one registry, each with its name, kind, meaning and source.

To let rules see something new, add it to `router.types.Signals`, then one line to `SIGNALS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from router.types import CUES, TIERS, Reading, Signals, Tier

TASKS: tuple[str, ...] = (
    *("sentiment", "topic_classification", "toxicity", "emotion", "spam_detection", "intent_classification"),
    *("acceptability", "language_identification", "nli", "paraphrase_detection", "semantic_similarity", "ner"),
    *("information_extraction", "closed_book_qa", "reading_comprehension", "knowledge_mcq", "fact_verification"),
    *("commonsense_reasoning", "arithmetic_reasoning", "competition_math", "logical_reasoning"),
    *("symbolic_manipulation", "summarization", "title_generation", "translation", "text_rewriting", "data_to_text"),
    *("question_generation", "open_ended_writing", "open_question", "brainstorming", "chitchat", "roleplay"),
    *("code_generation", "code_help", "text_to_sql", "llm_as_judge", "data_annotation", "tool_use"),
    # Seen by detectors only, never by the task classifier:
    *("ranking", "forecasting", "parsing", "redefinition", "inverse_probe"),
)
SURVEY: tuple[str, ...] = (
    *("sentiment", "topic_intent", "toxicity", "nli_pair", "ner_extract", "parse_tag", "extractive_qa", "ir_rank"),
    *("misc_classify", "similarity_regress", "summarise", "translate", "creative", "longform_compose", "rewrite_edit"),
    *("data_to_text", "code_gen", "code_repair", "code_explain", "closed_book_qa", "exam_mcq", "grounded_qa"),
    *("arithmetic", "commonsense", "logic_puzzle", "word_manip", "numeric_forecast", "redefinition_counterfactual"),
    *("inverse_probe", "chat_persona", "annotate_synthesise", "judge_evaluate", "other"),
)
# Of Figure 2's ten questions, those that the task type alone answers; 3, 5, 6, 9 and 10 are asked of other signals.
QUESTIONS: tuple[str, ...] = ("Q1", "Q2", "Q3", "Q4", "Q7", "Q8")
RESOURCES: tuple[str, ...] = ("none", "rich", "mid", "low", "extreme", "und")
HARMS: tuple[str, ...] = ("weapons", "drugs", "malware", "fraud", "violence", "self-harm", "hate", "sexual", "other")
PREFERENCES: tuple[str, ...] = ("quality", "robust", "calibrated", "fair", "explain", "listwise", "refuse-harm")

Gate = Literal["open", "closed", "none"]
UNREAD = frozenset({"labels", "language", "failed"})  # why an expert has neither confidence nor novelty to tell
NANO = 1_000_000_000  # nano-dollars in a dollar


@dataclass(slots=True)
class View:
    """The signals as the rules see them: what was observed, and how far the decision has come.

    `tier` is the LLM tier chosen so far; until the tier stage is over, it is None and costs are unknown.
    """

    signals: Signals
    survey: str
    figure: tuple[str, ...]
    expert: str = ""  # name of the best bound expert: an open one if there is any
    reading: Reading | None = None
    gate: Gate = "none"
    tier: Tier | None = None
    favour: str = ""  # tag of the model that answers first within its tier
    from_index: bool = False  # what was retrieved will be put before the question

    @property
    def looked_at(self) -> Reading | None:
        """The reading of the bound expert, if it read the text at all."""
        return None if self.reading is None or self.reading.shut in UNREAD else self.reading

    @property
    def cost(self) -> int | None:
        """Estimated cost of the model that is asked first, in nano-dollars; None when no price is known."""
        if self.tier is None:
            return None
        asked = self.signals.fleet.tagged.get(self.tier, {}).get(self.favour, self.tier)
        return self.signals.money.estimates.get(asked)

    @property
    def over_budget(self) -> bool:
        """Whether the chosen tier is known to cost more than this request may."""
        cost, budget = self.cost, self.signals.money.budget
        return cost is not None and budget is not None and cost > budget

    @property
    def too_slow(self) -> bool:
        """Whether the chosen tier is declared to be slower than was promised."""
        slo, p95 = self.signals.operator.slo, self.signals.fleet.p95.get(self.tier or "")
        return slo is not None and p95 is not None and p95 > slo


def best_expert(experts: Mapping[str, Reading]) -> tuple[str, Reading | None, Gate]:
    """The expert to ask: open before closed, then the most confident, then by name."""
    if not experts:
        return "", None, "none"
    name = min(experts, key=lambda key: (not experts[key].open, -experts[key].confidence, key))
    return name, experts[name], "open" if experts[name].open else "closed"


@dataclass(frozen=True, slots=True)
class Signal:
    """One thing that a rule may ask about.

    `kind` says which conditions fit: `word` (equals, or one of a list), `number` (equals, or a comparison
    such as ">= 0.9" or "< few"), `yes` (true or false), `bag` (contains; true for "holds anything").
    `words` are the values that exist; empty when any value may occur. `optional` numbers may be `none`.
    """

    name: str
    kind: Literal["word", "number", "yes", "bag"]
    doc: str
    read: Callable[[View], object]
    words: tuple[str, ...] = ()
    optional: bool = False


def _dollars(nano: int | None) -> float | None:
    return None if nano is None else nano / NANO


# fmt: off
SIGNALS: Mapping[str, Signal] = {signal.name: signal for signal in (
    Signal("task", "word", "task type of the request", lambda v: v.signals.task.label, TASKS),
    Signal("task.confidence", "number", "calibrated probability of the task type, 0..1",
           lambda v: v.signals.task.confidence),
    Signal("task.look", "word", "who named the task type", lambda v: v.signals.task.look,
           ("first", "second", "reader", "hint", "detector")),
    Signal("survey", "word", "the survey's name for the task type (taxonomy.yaml)", lambda v: v.survey, SURVEY),
    Signal("figure", "bag", "the questions of the survey's Figure 2 that the task type answers with yes",
           lambda v: v.figure, QUESTIONS),
    Signal("novelty", "number", "0 like what we know .. 1 unlike anything known", lambda v: v.signals.novelty),
    Signal("pinned", "yes", "the client asked for one configured model by id", lambda v: bool(v.signals.pinned)),
    Signal("language", "word", "ISO 639-1 code of the newest human text, und when undecided",
           lambda v: v.signals.facts.language),
    Signal("code_mixed", "yes", "two languages or scripts in one text", lambda v: v.signals.facts.code_mixed),
    Signal("tokens", "number", "tokens of the whole conversation", lambda v: v.signals.facts.tokens),
    Signal("turns", "number", "user messages", lambda v: v.signals.facts.turns),
    Signal("tools", "yes", "the request offers functions to call", lambda v: v.signals.facts.tools),
    Signal("modalities", "bag", "parts other than text", lambda v: v.signals.facts.modalities,
           ("image", "audio", "video", "file")),
    Signal("output", "word", "wanted form of the answer", lambda v: v.signals.facts.output,
           ("free", "label", "number", "span", "json", "code")),
    Signal("labels", "number", "size of the label list in the prompt, 0 without one", lambda v: v.signals.facts.labels),
    Signal("demonstrations", "number", "few-shot examples in the prompt", lambda v: v.signals.facts.demonstrations),
    Signal("context", "word", "supplied passage", lambda v: v.signals.facts.context, ("none", "partial", "sufficient")),
    Signal("overlap", "number", "share of the question's words that the passage holds, 0..1; none without both",
           lambda v: v.signals.facts.overlap, optional=True),
    Signal("retrieved", "number", "likeness of the best passage in the index, -1..1; none when nothing was looked up",
           lambda v: v.signals.retrieved, optional=True),
    Signal("candidates", "number", "texts to choose among or to rank", lambda v: v.signals.facts.candidates),
    Signal("cue", "bag", "what the wording gives away", lambda v: v.signals.facts.cues, CUES),
    Signal("difficulty", "number", "0 for anyone .. 1 for expert work of many steps",
           lambda v: v.signals.facts.difficulty),
    Signal("standard.right", "number",
           "probability that the standard tier answers right, 0..1; none where the answer has no key",
           lambda v: v.signals.standard_right, optional=True),
    Signal("tasks", "number", "distinct tasks asked for", lambda v: v.signals.facts.tasks),
    Signal("noise", "number", "share of words that look mistyped, 0..1", lambda v: v.signals.facts.noise),
    Signal("domain", "word", "high-stakes domain", lambda v: v.signals.facts.domain,
           ("none", "health", "finance", "law")),
    Signal("harm", "word", "kind of harm that the request is after", lambda v: v.signals.facts.harm, ("none", *HARMS)),
    Signal("source.language", "word", "language to translate from, ISO 639-1",
           lambda v: v.signals.facts.source_language),
    Signal("source.tier", "word", "training data that there is in it", lambda v: v.signals.facts.source_tier,
           RESOURCES),
    Signal("source.related", "yes", "it has little data, but a relative has much",
           lambda v: v.signals.facts.source_related),
    Signal("source.covered", "yes", "the operator's LLMs are known to handle it",
           lambda v: v.signals.facts.source_language in v.signals.operator.llm_languages),
    Signal("target.language", "word", "language to translate into, ISO 639-1",
           lambda v: v.signals.facts.target_language),
    Signal("target.tier", "word", "training data that there is in it", lambda v: v.signals.facts.target_tier,
           RESOURCES),
    Signal("conversation.tier", "word", "LLM tier that answered the first turn",
           lambda v: v.signals.began or "", TIERS),
    Signal("pii", "bag", "kinds of personal data or secrets found", lambda v: v.signals.facts.pii),
    Signal("expert", "word", "whether an expert is bound, and whether its gate is open", lambda v: v.gate,
           ("open", "closed", "none")),
    Signal("expert.confidence", "number", "confidence of the bound expert, 0..1",
           lambda v: v.looked_at and v.looked_at.confidence, optional=True),
    Signal("expert.novelty", "number", "distance from the bound expert's training data, 0..1",
           lambda v: v.looked_at and v.looked_at.novelty, optional=True),
    Signal("expert.n", "number", "labelled examples behind the bound expert",
           lambda v: v.reading and v.reading.n, optional=True),
    Signal("expert.shut", "word", "why the gate of the bound expert is closed",
           lambda v: v.reading.shut if v.reading else "",
           ("unsure", "novel", "labels", "language", "failed", "uncertified")),
    Signal("expert.traits", "bag", "what the card of the bound expert declares",
           lambda v: v.reading.traits if v.reading else (),
           ("adapter", "multimodal", "uncalibrated", "shortcut-prone")),
    Signal("tags", "bag", "what the operator's models are tagged with",
           lambda v: {tag for tagged in v.signals.fleet.tagged.values() for tag in tagged}),
    Signal("tier.available", "bag", "LLM tiers with a model that is up", lambda v: v.signals.fleet.tiers, TIERS),
    Signal("cache", "yes", "the cache may be asked", lambda v: v.signals.fleet.cache),
    Signal("from_index", "yes", "what was retrieved will be put before the question (known once the route is)",
           lambda v: v.from_index),
    Signal("index", "yes", "a retrieval index is configured", lambda v: v.signals.fleet.index),
    Signal("keep_private", "yes", "personal data must not leave the machine", lambda v: v.signals.fleet.keep_private),
    Signal("residency", "yes", "data must stay in a region", lambda v: bool(v.signals.operator.residency)),
    Signal("prefer", "bag", "what the operator prefers where the evidence leaves the choice",
           lambda v: v.signals.operator.prefer, PREFERENCES),
    Signal("metric", "word", "how answers of this task type are measured; empty when nobody said",
           lambda v: v.signals.operator.metrics.get(v.signals.task.label, "")),
    Signal("metrics", "yes", "the operator measures some task types", lambda v: bool(v.signals.operator.metrics)),
    Signal("slo", "number", "seconds to the first byte that clients were promised; none without a promise",
           lambda v: v.signals.operator.slo, optional=True),
    Signal("too_slow", "yes", "the chosen LLM tier is declared to be slower than was promised", lambda v: v.too_slow),
    Signal("cost.llm", "number", "estimated cost of the chosen LLM tier, US dollars",
           lambda v: _dollars(v.cost), optional=True),
    Signal("budget", "number", "most that this request may cost, US dollars; none when unlimited",
           lambda v: _dollars(v.signals.money.budget), optional=True),
    Signal("over_budget", "yes", "the chosen LLM tier is known to cost more than the budget",
           lambda v: v.over_budget),
)}
# fmt: on
