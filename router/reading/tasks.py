"""What prompts of each task have in common: hints, cues, and the further words that their instructions use."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace

from router.reading.labels import task_of
from router.reading.wording import VOCABULARY, words_of

_EVERYWHERE = words_of(
    "sentences texts posts passages items questions entries snippets messages query queries question title request "
    "customer's user's pair pairs both first second third 4 5 6 7 8 9 10 another given among amongst closest "
    "closer suits suited describe described describing describes captures capture summarises summarizes assigned "
    "recognise recognition recognising detecting determining identifying classifying labelling labeling predicting "
    "deciding judging choosing picking main primary dominant predominant central core principal single mainly "
    "chiefly "
    "mostly primarily set sets closed list lists listed candidate candidates permitted values value names assigning "
    "named bucket buckets group groups kind kinds type types typed sort sorts presented shown supplied provided "
    "underneath beneath attached as between out off then when while after before because according whose under over "
    "make makes made choose chosen chose reading understand understanding natural nlp nlu textual text's nothing "
    "exact exactly verbatim spelled spelt written writing word's term terms tagging tagged annotator annotate "
    "annotated annotation annotating annotations data dataset labeller linguist linguistics linguistic expert's "
    "says said provide provides without changing replaced replace replacing asks hint hints represented represent "
    "represents heading headings file filed likely likeliest appear appears found makes sense used uses difference "
    "matches match matching corresponds correspond corresponding refers evident reveal reveals apparent communicate "
    "communicates communicated signal signals convey communicates portray portrays portrayed placed position falls "
    "fall into bin bins consists consisting part parts assess establish figure specify state work workers crowd "
    "crowdworker rater raters judge verdict decide conclude considering consider considered regard regarded seen "
    "case whichever certain clear clearly plain plainly basis upon toward onto through where there here this these "
    "those them they it its itself yourself someone somebody anyone person people reader readers author authors "
    "writer writers speaker speakers person's wrote written writes type typed types number numbered order ordered "
    "sequence sequences string strings words piece pieces excerpt sample samples example examples instance instances "
    "record records document documents note notes short long brief full entire whole complete completely overall "
    "general generally broad broadly specific most more much very quite really how well good better right proper "
    "able try attempt carry perform do doing done make making complete run now today next previous last "
    "intended intends meant applies appropriate fitting suitable relevant go goes going here's whats also "
    "follows followed come comes i'll i've we've we'll like would you'd want wants think thinks question's user's "
    "problem job task's work assignment exercise challenge system user human assistant's end final one's "
    "please kindly just simply only thanks thank hi hello help helping needed need could might may"
)
_PAIR = words_of(
    "a b x y two pair sentences texts questions premise hypothesis claim statement context passage document evidence "
    "conclusion assertion relation relationship relations relationships compare comparing comparison compared "
    "against "
    "other another "
    "each other's together mean means meaning meanings same way"
)
# Words that turn an instruction round, or want more than an answer; no instruction with one of them is understood.
BARRED = words_of(
    "not isn't aren't doesn't don't never least opposite except unless explain why reason reasoning step steps"
)
# Unknown words that would turn a sentence into another question; a loose language does not read over them.
WEIGHTY = (
    BARRED
    | words_of(
        "without neither nor cannot can't won't wouldn't shouldn't don't didn't wasn't weren't aren't hardly "
        "barely fails "
        "fail lacks lack lacking contrary reverse reversed inverse invert flip swap wrongly incorrectly instead "
        "rather than "
        "unless otherwise ignoring ignore skip omit exclude excluding "
        "justify justification justifying rationale rationales because reasons reasoned elaborate elaboration thoughts "
        "confidence probability probabilities likelihood percent percentage certainty uncertainty "
        "write rewrite rewriting rephrase compose generate generating create draft continue continuation complete "
        "finish "
        "translate translation translated translating summarise summarize summary summaries correct fix repair improve "
        "edit convert transform shorten expand invent imagine poem song essay script "
        "sarcasm sarcastic sarcastically irony ironic ironically stance favor favour against humor humour humorous "
        "funny "
        "joke jokes polite politeness rude formal informal formality bias biased political politics ideology "
        "ideological "
        "liberal conservative democrat republican persuasion persuasive metaphor figurative literal rumor rumour "
        "clickbait "
        "hyperpartisan propaganda fake misinformation checkworthy aspect aspects toward towards target targets "
        "targeted "
        "targeting regarding concerning respect impact effect affects stock stocks price prices shares investor "
        "investors "
        "intensity strength strongly strong weak degree extent magnitude severity level levels how-much stars "
        "rating rate "
        "scale score scored percentage rank ranked ranking order sorted sort count counts counting many often "
        "translate spanish french german italian chinese japanese korean russian arabic hindi portuguese "
        "language languages multiple several multi both all every each multilabel plural "
        "style stylistic writing spelling vocabulary length lexical surface structure wording helpful helpfulness "
        "quality useful relevance relevant relevancy credible credibility trustworthy readability "
        "male female gender age years author's-name who whom when where date year "
        "gay muslim muslims jew jews women woman men man black white immigrants immigrant religion religious race "
        "racial "
        "before after previous earlier later next second third fourth fifth last change changes changed "
        "sympathy empathy empathetic threat threats suicidal depression self-harm medical diagnosis "
        "response responses reply answered answers answerable question questions refuse refusal"
    )
    | frozenset(("first-person",))
)


@dataclass(frozen=True, slots=True)
class TaskWords:
    """`hints`: one of them stands in every such prompt. `cue`: what an instruction names the task by."""

    hints: tuple[str, ...]
    cue: re.Pattern[str]
    words: Set[str]


def _task(hints: str, cue: str, words: str, pair: bool = False) -> TaskWords:
    own = words_of(words) | (_PAIR if pair else frozenset())
    return TaskWords(tuple(filter(None, hints.split("|"))), re.compile(rf"\b(?:{cue})", re.IGNORECASE), own)


TASKS: Mapping[str, TaskWords] = {
    "sentiment": _task(
        "positive|negative|sentiment|pos|neg|favo|good",
        r"sentiment|polarity|emotion|opinion|attitude|feels?\b|feeling|mood|tone|reviewe?r?s?\b|valence|satisf",
        "mood valence emotion emotional mining",
    ),
    "toxicity": _task(
        "toxic|hate|offens|abus|harm|moderat|insult|safe",
        r"harm|hate|hating|offens|abus|toxic|insult|threat|moderat|slurs?\b",
        "safety content user harmful offensiveness hatefulness insults threats",
    ),
    "spam_detection": _task(
        "spam|junk|ham|unsolicited|legit",
        r"spam|junk|unsolicited|scam|advertis",
        "scam sell someone trying sms advertising unsolicited normal legitimate junk spam folder",
    ),
    "emotion": _task(
        "emotion|feel|mood|anger|angry|joy",
        "emotion|feel|mood|affect",
        "emotion emotions emotional emotionally feeling feelings mood moods affect affective state expressed "
        "expressing "
        "expresses conveyed conveys strongest underlying predominantly evoked evokes author's speaker's writer's "
        "experiencing experiences experienced felt shows displayed displays present behind captures person's",
    ),
    "topic_classification": _task(
        "",
        r"topics?\b|categor|subject|section|buckets?\b|types?\b|kinds?\b|about\b|tags?\b|class|theme|asks?\b|"
        r"asking|index|labels?\b|describes\b",
        "topic topics subject subjects theme themes section sections news desk editor article articles headline "
        "story "
        "stories about index domain domains area areas field type types kind asks asking asked ask looking "
        "sought expected "
        "answer answers question questions refer refers about matter headline headlines newspaper technology "
        "belonging technical programming developer stack overflow forum thread post title titles language framework "
        "library newswire report wire wants seeks seek coarse fact seeking requires require response",
    ),
    "intent_classification": _task(
        "",
        r"intent|goals?\b|purpose|wants?\b|trying|request|achieve",
        "intent intents intention intentions intend goal goals purpose aim chatbot voice assistant assistant's "
        "utterance "
        "utterances command commands customer customer's user's users request requests trying achieve do query "
        "queries dialogue dialog bank banking routing route banking77 expressing wants wanted behind spoken smart "
        "home device helpdesk support virtual conversational conversation bot",
    ),
    "nli": _task(
        "premise|hypothes|entail|infer|conclu|claim|statement|contradict|implie|imply|sentence 2|text 2|"
        "support|follow|true|false",
        r"entail|infer|premise|hypothes|conclu|follows?\b|logical|support|true\b|holds?\b|said about|impl(?:y|"
        r"ies|ied)|"
        r"deduc|contradict|nli\b|consistent|claim\b|statement\b|hypothesis",
        "entail entails entailed entailment inference infer inferred inferring conclude concluded conclusion "
        "conclusions "
        "logical logically follow follows followed supported support supports true truth hold holds held assuming "
        "assume said about implied imply implies implication deduce deduced derive derived necessarily definitely "
        "rte nli snli mnli natural contradict contradicts contradiction neutral decide know known tell tells us "
        "judge justified stated drawn draw consistent inferable verdict based information relationship",
        pair=True,
    ),
    "paraphrase_detection": _task(
        "paraphras|duplicate|equivalent|identical|mean the same|same meaning|same thing|same answer|restat|"
        "interchangeab|"
        "same|similar|reword|rephras|differ|meaning",
        r"paraphras|same\b|duplicat|equivalen|identical|similar|restat|reword|interchangeabl|meaning",
        "paraphrase paraphrases paraphrased paraphrasing same duplicate duplicates equivalent equivalence "
        "semantically "
        "semantic identical similar thing get gets convey conveys conveying restate restates rewording reworded say "
        "says saying express expresses idea detection identification used be answer merge merged asking ask mean "
        "means content essentially basically information version versions interchangeable differently worded",
        pair=True,
    ),
    "semantic_similarity": _task(
        "similar|semantic|relatedness|related|same thing|in meaning|the meaning|closeness|how close|in common|"
        "resembl|overlap|sts|alike",
        r"similar|sts\b|semantic|close|relate|same\b|common\b|shared?\b|equivalen|overlap|resembl|alike|mean",
        "similar similarity similarly semantic semantically score scores scored scoring scale rating rated rate "
        "number "
        "numeric decimal float real integer whole fraction percent percentage point points estimate estimated "
        "degree level "
        "extent equivalence equivalent close closely closeness relatedness related relates overlap overlaps "
        "overlapping resemble resembles alike much how meaning sts textual from to between range ranging inclusive "
        "completely totally entirely unrelated different dissimilar identical same perfectly thing means full "
        "fully no "
        "not at all high higher highest low lower lowest place places where is indicates represents semantics "
        "benchmark measure something strongly strength grade graded likeness nearness tells gold human annotators "
        "every share shared everything "
        "sentences' captions mostly highly slightly somewhat interchangeable connection connected relation related "
        "likert "
        "single zero one five hundred maximum minimum assess topic "
        "topics roughly mostly details share nothing common absolutely exactly content contents",
        pair=True,
    ),
    "acceptability": _task(
        "gramma|acceptab|well-formed|well formed|english|linguist|native|sounds right|syntactic",
        r"acceptab|gramma|well[- ]formed|native|english|linguist|syntac|syntax|sounds? |ungrammatical",
        "grammatical grammatically grammaticality grammar acceptable acceptability acceptably unacceptable "
        "ungrammatical correct correctness incorrect well formed formedness english linguistic linguistically "
        "judgement judgment judgements native speaker speakers sound sounds sounding right natural naturally "
        "find finds "
        "error errors mistake mistakes contain contains syntax syntactic syntactically sentence's standard "
        "fluent proper "
        "properly syntactical free cola mistakes usage any consider considers",
    ),
    "data_annotation": _task(
        "subjectiv|objectiv|opinion|fact",
        r"subjectiv|objectiv|opinion|factual|fact\b",
        "subjective subjectivity objective objectivity opinion opinions opinionated fact facts factual personal "
        "code coder subjectively objectively segment unit record row attribute codebook dimension corpus category "
        "coding codes coded codebook variable values item items trained guideline guidelines apply annotator "
        "allowed human "
        "assign states stating states plot statement neutral scheme",
    ),
    "ner": _task(
        "entit|ner |named|names|people|organi| bio |ner:|tag",
        r"entit|ner\b|bio\b|named|names?\b|mention|proper names|people",
        "entity entities named name names proper nouns noun ner recognition extract extracts extraction "
        "extracted find "
        "finds all every each list lists listed mentioned mention mentions mark marks square brackets bracket "
        "span spans "
        "type types pair pairs tuple tuples tag tags tagging occur occurs occurring occurrence occurrences appear "
        "appears appearing per line lines along category categories return returned together following annotate "
        "annotated output outputs object objects array json grouped group by bio iob token tokens them they "
        "present contained contains in sentence's person people locations location organisation organisations "
        "organization organizations places companies groups label labels labels' own separate new comma separated "
        "everything any those types' highlight identify locate detect which surround",
    ),
}


@dataclass(frozen=True, slots=True)
class Language:
    """The words of one task's instructions."""

    task: str
    words: frozenset[str]
    pair: bool = False  # of two texts, not of one
    loose: bool = False  # a sentence that names the list or the task may have a few words that are not known

    def names(self, cue: str) -> bool:
        """Whether a cue at the end ("Emotion:") names the task."""
        return cue.endswith(":") and self.speaks_of(cue)

    def knows(self, words: Sequence[str], further: Set[str] = frozenset()) -> bool:
        """Whether every word is known."""
        return all(word in self.words or word in further for word in words)

    def gathers(self, words: Sequence[str], text: str) -> bool:
        """Whether a sentence of a loose language has few unknown words, none of them a name or one that matters."""
        unknown = {word for word in words if word not in self.words}
        if not self.loose or len(unknown) * 3 > len(words) + 1 or len(unknown) > MOST_UNKNOWN:
            return False
        if not unknown.isdisjoint(WEIGHTY) or not all(word.isalpha() and word.isascii() for word in unknown):
            return False
        later = text[1:]
        return not any(word.capitalize() in later and f" {word.capitalize()}" in text for word in unknown)

    def speaks_of(self, said: str) -> bool:
        """Whether an instruction names the task."""
        if self.task in ("sentiment", "toxicity", "spam_detection") and (named := task_of(said)) is not None:
            return named == self.task
        known = TASKS.get(self.task)
        return known is not None and known.cue.search(said) is not None


def _language(task: str) -> Language:
    own = TASKS[task].words if task in TASKS else frozenset()
    barred = BARRED - ({"not"} if task == "semantic_similarity" else frozenset())
    return Language(task, (VOCABULARY | _EVERYWHERE | own) - barred, task in PAIRS)


PAIRS = ("nli", "paraphrase_detection", "semantic_similarity")
MOST_UNKNOWN = 5  # unknown words in a sentence of a loose language
_LANGUAGES = {task: _language(task) for task in (*TASKS, "")}
_LOOSE = {task: replace(language, loose=True) for task, language in _LANGUAGES.items()}


def language_of(task: str, pair: bool = False, loose: bool = False) -> Language:
    """The words of a task's instructions; of a task that we have never heard of, those of any classification."""
    known = _LOOSE if loose else _LANGUAGES
    if task in known:
        return known[task]
    own = TASKS["topic_classification"].words | TASKS["intent_classification"].words
    return Language(task, _LANGUAGES[""].words | own | (_PAIR if pair else frozenset()), pair, loose)
