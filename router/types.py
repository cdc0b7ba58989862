"""The nouns of the project. Read this first; it imports nothing of ours but `Bound`, a prompt that was read.

Everything that passes between the four steps of a request's story (observe, decide, answer, record)
is defined here. All values are immutable, but for `Answer`, which carries a stream that runs out.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Literal, Protocol

from router.reading.bound import Bound as Bound  # noqa: PLC0414 - a noun of the project as well

Stage = Literal["guard", "route", "tier", "budget", "shape", "flag"]
Status = Literal["active", "shadow", "off"]
Kind = Literal["local", "llm", "retrieve", "guard", "refuse"]
Tier = Literal["small", "standard", "large", "reasoning"]
# whole: every byte went out; broken: it stopped midway; left: the client went away; failed: nobody could
# answer; refused: a guard, or the upstream, said no.
Outcome = Literal["whole", "broken", "left", "failed", "refused"]

EXACT = "cache.exact"  # the step that asks the exact cache
# What a prompt's wording may give away; each is the name of a detector in facts.py, or of a cue head.
CUES: tuple[str, ...] = (
    *("redefined-symbol", "counterfactual"),  # the prompt gives a known symbol, or a known fact, a new meaning
    *("memo-trap", "hindsight", "negation", "verbatim-repeat", "information-choice"),  # inverse-scaling probes
    *("perturbed", "calculation", "rationale", "synthesis", "implicit", "niche-fact", "symbol-art", "about-people"),
)
STAGES: tuple[Stage, ...] = ("guard", "route", "tier", "budget", "shape", "flag")
TIERS: tuple[Tier, ...] = ("small", "standard", "large", "reasoning")


# ── observe ──────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Message:
    """One chat message. `text` joins its text parts; other parts are only named in `modalities`."""

    role: str
    text: str
    modalities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """A chat completion as the client sent it.

    `body` is the parsed JSON, passed on to the upstream with unknown fields kept; nobody mutates it.
    """

    id: str
    model: str
    messages: tuple[Message, ...]
    body: Mapping[str, Any]
    stream: bool = False
    include_usage: bool = False
    digest: bytes = b""  # SHA-256 of all of the body that shapes the answer
    task_hint: str | None = None
    tenant: str = "default"
    cache_control: frozenset[str] = frozenset()  # no-cache | no-store | only-if-cached
    max_age: float | None = None  # seconds; an older cached answer does not count
    started: float = field(default_factory=perf_counter, compare=False)

    @property
    def text(self) -> str:
        """The newest human text: what the request is about (never a tool's output)."""
        return next((m.text for m in reversed(self.messages) if m.role == "user" and m.text), "")

    @property
    def system(self) -> str:
        """The system (or developer) text, empty when there is none."""
        return "\n".join(m.text for m in self.messages if m.role in ("system", "developer"))


@dataclass(frozen=True, slots=True)
class Facts:
    """What a plain reading of the request tells. Holds no text of the prompt, so it may be stored."""

    tokens: int = 0  # whole conversation, WordPiece tokens of the static embedder
    turns: int = 1  # user messages
    language: str = "en"  # ISO 639-1 of the newest human text; "und" when undecided
    code_mixed: bool = False  # two languages or scripts in one text
    tools: bool = False
    modalities: tuple[str, ...] = ()  # "image", "audio", "video", "file": parts other than text
    output: str = "free"  # wanted form: free | label | number | span | json | code
    labels: int = 0  # size of the label list in the prompt; 0 when there is none
    demonstrations: int = 0  # few-shot examples in the prompt
    context: str = "none"  # supplied passage: none | partial | sufficient
    overlap: float | None = None  # share of the question's words that the passage holds; None without both
    candidates: int = 0  # texts to choose among or to rank
    cues: tuple[str, ...] = ()  # of CUES, those that were seen
    tasks: int = 1  # distinct tasks asked for
    difficulty: float = 0.0  # 0 (anyone) .. 1 (expert work of many steps)
    noise: float = 0.0  # share of words that look mistyped, 0..1
    source_language: str = ""  # of a translation, ISO 639-1; "" when it is none, "und" when undecided
    target_language: str = ""
    source_tier: str = "none"  # training data that there is in it: none | rich | mid | low | extreme | und
    target_tier: str = "none"
    source_related: bool = False  # the source is poor, but a language of its family is rich
    domain: str = "none"  # high-stakes domain: none | health | finance | law
    harm: str = "none"  # kind of harm that the request is after; none for nearly all, other where only heard
    pii: tuple[str, ...] = ()  # kinds of personal data or secrets found, never the values


@dataclass(frozen=True, slots=True)
class Task:
    """The task type: one of the 39 labels, or one that only a detector can see."""

    label: str
    confidence: float  # calibrated probability, 0..1
    runner_up: str = ""
    look: str = "first"  # who said it: first | reader | hint | detector


@dataclass(frozen=True, slots=True)
class Reading:
    """What a local expert would answer, and whether its gate lets it. `why` says why not."""

    answer: str  # the expert's own label
    confidence: float  # calibrated, 0..1
    novelty: float  # 0 (like the training data) .. 1, quantile on held-out in-domain data
    open: bool
    why: str = ""
    shut: str = ""  # the same in a word: unsure | novel | labels | language | failed | uncertified; "" when open
    n: int = 0  # labelled examples behind the expert
    traits: tuple[str, ...] = ()  # of its card: adapter | multimodal | uncalibrated | shortcut-prone


@dataclass(frozen=True, slots=True)
class Fleet:
    """What may answer right now, as configured and as healthy."""

    tiers: tuple[Tier, ...] = ()  # tiers with a model that is up
    local_tiers: tuple[Tier, ...] = ()  # of these, the ones that stay on the operator's machines
    vision_tiers: tuple[Tier, ...] = ()
    resident_tiers: tuple[Tier, ...] = ()  # of these, the ones in the region where data must stay
    windows: Mapping[str, int] = field(default_factory=dict)  # tier → context window, tokens
    p95: Mapping[str, float] = field(default_factory=dict)  # tier → declared 95th percentile of its latency, seconds
    tagged: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # tier → tag → first model that has it
    cache: bool = True  # this request may be answered from the cache
    index: bool = False  # a retrieval index is configured
    keep_private: bool = False  # personal data and secrets must not leave the machine


@dataclass(frozen=True, slots=True)
class Money:
    """Estimates before the call, in integer nano-dollars; None where the price is unknown."""

    estimates: Mapping[str, int | None] = field(default_factory=dict)  # tier or tagged model → estimated cost
    baseline: int | None = None
    budget: int | None = None  # most that this request may cost; None when unlimited


@dataclass(frozen=True, slots=True)
class Operator:
    """What the operator declared about the traffic as a whole."""

    prefer: tuple[str, ...] = ()  # quality | robust | calibrated | fair | explain | listwise | refuse-harm
    metrics: Mapping[str, str] = field(default_factory=dict)  # task type → how its answers are measured
    llm_languages: tuple[str, ...] = ()  # languages that the LLMs are known to handle
    slo: float | None = None  # seconds to the first byte that clients were promised
    residency: str = ""  # region where data must stay; "" anywhere


@dataclass(frozen=True, slots=True)
class Signals:
    """All that a decision may depend on: no clock, no I/O, no prompt text."""

    task: Task
    novelty: float = 0.0  # 0 (like what we know) .. 1 (unlike anything known)
    facts: Facts = Facts()
    experts: Mapping[str, Reading] = field(default_factory=dict)  # only bound experts
    fleet: Fleet = Fleet()
    money: Money = Money()
    operator: Operator = Operator()
    began: Tier | None = None  # the tier that answered the first turn of this conversation
    retrieved: float | None = None  # cosine of the best passage in the index, -1..1; None when nothing was looked up
    standard_right: float | None = None  # P(the standard tier answers right), 0..1; None where nothing is known of it
    pinned: str = ""  # the configured model that the client asked for by id; "" means auto


# ── decide ───────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Fired:
    """A rule that matched. `decided` marks the one that chose the kind of target."""

    id: str
    stage: Stage
    decided: bool
    title: str
    why: str
    cites: tuple[str, ...] = ()
    status: Status = "active"


@dataclass(frozen=True, slots=True)
class Decision:
    """Whom to ask, in which order, and because of what. `steps` is empty only for a refusal."""

    kind: Kind
    tier: Tier | None
    steps: tuple[str, ...]
    rules: tuple[Fired, ...]
    profile: str
    policy: str  # content hash of the policy that decided
    advice: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    apply: tuple[tuple[str, str], ...] = ()  # (rule, advice) that the operator lets change the prompt
    refusal: str = ""

    @property
    def decider(self) -> str:
        """The id of the rule that decided; empty when none did."""
        return next((rule.id for rule in self.rules if rule.decided), "")


# ── answer ───────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as billed, and money in integer nano-dollars (None: price unknown)."""

    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = 0
    cost: int | None = 0
    baseline: int | None = 0

    @property
    def saved(self) -> int | None:
        """Baseline minus cost; None when either is unknown."""
        return None if self.cost is None or self.baseline is None else self.baseline - self.cost


@dataclass(frozen=True, slots=True)
class Attempt:
    """One answerer asked: what came of it and how long it took to its first chunk."""

    target: str
    outcome: str  # answered | abstained | failed
    seconds: float
    why: str = ""


class Row(Protocol):
    """The record of one request, open until its last byte is out (see ledger.py)."""

    def close(self, answer: Answer | None, outcome: Outcome) -> None:
        """End the record; only the first call counts."""

    def headers(self, answer: Answer | None) -> dict[str, str]:
        """What the client is told of the request, as HTTP headers."""
        ...


@dataclass(slots=True)
class Answer:
    """A reply on its way, in OpenAI's wire format.

    `chunks` yields one JSON body for a plain reply, or whole SSE events for a streamed one. `usage` is
    final once `chunks` has run out; where `final` is set it is so from the start (local and cached
    answers, plain hosted ones). `release` gives the upstream connection back; it never blocks.
    """

    target: str
    model: str
    chunks: AsyncIterator[bytes]
    usage: Usage = Usage()
    cache: str = "miss"  # hit | similar | joined | miss | off
    final: bool = True
    release: Callable[[], None] = field(default=lambda: None)
    row: Row | None = None

    def then(self, row: Row) -> Answer:
        """This answer, whose end will close `row`."""
        self.row = row
        return self

    def close(self, outcome: Outcome) -> None:
        """End the answer: give the connection back and close the row. Safe to call twice."""
        self.release()
        row, self.row = self.row, None
        if row is not None:
            row.close(self, outcome)


class Answerer(Protocol):
    """Cache, expert and hosted model alike. `None` means: I abstain. An exception means: I failed."""

    @property
    def target(self) -> str:
        """Such as `cache.exact`, `expert.sentiment`, `hosted.standard`."""
        ...

    async def answer(self, request: Request, observed: Observed, decision: Decision) -> Answer | None:
        """The answer once its first chunk is certain, or None to abstain."""
        ...


@dataclass(frozen=True, slots=True)
class Observed:
    """Signals, plus the working material that must not reach a decision or the ledger."""

    signals: Signals
    bound: Bound | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)
    passages: tuple[tuple[str, str], ...] = ()  # (source, text) of those looked up in the index, the best first


# ── record ───────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Event:
    """A request that is over, as hooks see it."""

    request_id: str
    at: float  # when it came in, seconds since 1970
    tenant: str
    model: str  # as asked for; for plain auto under a client's own key the variant in force, such as auto:frugal
    stream: bool
    signals: Signals
    decision: Decision
    attempts: tuple[Attempt, ...]
    usage: Usage
    target: str  # who answered; "" when nobody did
    answered_by: str  # the model's own name
    cache: str
    outcome: Outcome | None  # None: still open
    seconds: Mapping[str, float]  # observe, decide, first_chunk (from the start), total
    changes: tuple[str, ...] = ()  # what was changed of the prompt, as `Decision.apply` lets


class Hook(Protocol):
    """Called once for each finished request, in the ledger's thread."""

    def __call__(self, event: Event, /) -> None:
        """Take note."""
