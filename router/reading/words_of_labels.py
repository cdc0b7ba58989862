"""In which words prompts name the labels of the shipped experts, beside the labels' own names; "|" between them."""

from __future__ import annotations

from collections.abc import Mapping

from router.reading.wording import words_of

WORDS: Mapping[str, Mapping[str, str]] = {
    "sentiment": {
        "positive": "pos|favourable|favorable|good",
        "negative": "neg|unfavourable|unfavorable|bad",
        "neutral": "neu|neither",
    },
    "toxicity": {
        "toxic": "hateful|hate speech|hate|offensive|abusive|remove|removed|harmful|yes|insulting|inappropriate|unsafe",
        "not_toxic": "non toxic|nontoxic|not hateful|non hateful|not hate|not hate speech|no hate|no hate speech|"
        "non hate|not offensive|non offensive|inoffensive|not abusive|non abusive|acceptable|keep|clean|normal|civil|"
        "benign|ok|okay|safe|not harmful|harmless|no|not insulting|appropriate",
    },
    "spam_detection": {
        "spam": "junk|unsolicited|yes|spammy",
        "ham": "not spam|non spam|no spam|not junk|legitimate|legit|normal|genuine|ok|okay|safe|no|real",
    },
    "emotion": {
        "anger": "angry|rage|mad",
        "joy": "happiness|happy|joyful",
        "optimism": "optimistic|hopeful",
        "sadness": "sad",
        "fear": "afraid|scared|fearful",
        "disgust": "disgusted",
        "surprise": "surprised",
        "neutral": "no emotion|emotionless",
    },
    "topic_classification": {
        "abbreviation": "abbreviations|abbr|acronym|abbreviated expression",
        "description": "descriptions|desc|definition|description and abstract concept|"
        "description and abstract concepts|description or abstract concept|description of something",
        "entity": "entities|enty|thing|object",
        "human": "humans|hum|person|persons|people|human being|human beings|individual|person or group",
        "location": "locations|loc|place|places",
        "numeric": "number|numbers|num|numeric value|numeric values|numerical|numerical value|quantity|quantities|"
        "numeral|numeric answer",
        "World": "world news|international|world affairs",
        "Sports": "sport|sports news",
        "Business": "business news",
        "Sci/Tech": "science and technology|science/technology|science & technology|science|technology|sci tech|"
        "tech|science or technology|science tech|scitech",
        "osx": "os x|mac os x|macos",
        "visual-studio": "visual studio",
    },
    "nli": {
        "entailment": "entailed|entails|entail|yes|true|supported|supports|support|follows|e|definitely true|"
        "must be true|always true|implied|implication",
        "neutral": "maybe|neither|undetermined|unknown|unclear|it is not possible to tell|not possible to tell|"
        "it's impossible to say|impossible to say|impossible to tell|can't tell|cannot tell|can't say|cannot say|"
        "cannot be determined|can't be determined|not enough information|not enough info|inconclusive|n|uncertain|"
        "might be true|possibly|unsure|undecided|not sure|possibly true|could be either|perhaps|indeterminate",
        "contradiction": "contradicted|contradicts|contradict|contradictory|no|false|refuted|refutes|refute|c|"
        "definitely false|never true|conflict|contradicting",
        "not_entailment": "not entailed|does not entail|doesn't entail|no|false|not supported|unsupported|"
        "does not follow|doesn't follow|non entailment|no entailment|not entailed by|not implied|does not support",
    },
    "paraphrase_detection": {
        "paraphrase": "a paraphrase|paraphrases|yes|duplicate|a duplicate|duplicates|equivalent|same|true|"
        "same meaning|the same|semantically equivalent|paraphrased|identical|similar",
        "not_paraphrase": "not a paraphrase|not paraphrases|non paraphrase|no|not duplicate|not a duplicate|"
        "not duplicates|non duplicate|not equivalent|non equivalent|nonequivalent|not the same|not same|different|"
        "distinct|false|different meaning|different meanings|no paraphrase|unrelated|not identical|dissimilar|"
        "not similar",
    },
    "acceptability": {
        "acceptable": "grammatical|correct|yes|well formed|1|valid|natural|good|ok|okay|true|grammatically correct|"
        "grammatically acceptable|linguistically acceptable|fine|right|proper|error free|fluent",
        "unacceptable": "not acceptable|ungrammatical|not grammatical|incorrect|not correct|no|ill formed|"
        "not well formed|0|invalid|not valid|unnatural|bad|false|grammatically incorrect|grammatically unacceptable|"
        "linguistically unacceptable|wrong|improper|not ok|not okay|malformed|faulty|erroneous|has an error",
    },
    "data_annotation": {
        "objective": "fact|factual|a fact|facts|yes|no|impersonal|objectively",
        "subjective": "opinion|an opinion|opinionated|opinions|yes|no|personal opinion|subjectively|biased",
    },
    "ner": {
        "PER": "person|persons|people|per|names of people|person name|person names|human|individual|individuals|"
        "people's names",
        "LOC": "location|locations|loc|place|places|geographical location|geographic location|place names|place name",
        "ORG": "organization|organizations|organisation|organisations|org|organization name|institution|institutions",
        "MISC": "miscellaneous|misc|other|others|miscellaneous entities",
        "person": "persons|people|per",
        "location": "locations|loc|place|places",
        "corporation": "corporations|company|companies|corp|business|businesses",
        "group": "groups|grp",
        "product": "products|prod",
        "creative-work": "creative works|work of art|works of art|creative_work|cw|title|titles",
    },
}
# Words that tell nothing of a task: a list of these alone needs an instruction that names the task.
PLAIN = words_of(
    "yes no true false correct incorrect right wrong ok okay good bad valid invalid 0 1 same "
    "different maybe neither "
    "unknown neutral positive negative keep remove removed normal safe person people persons location locations "
    "place "
    "places human number thing object real fine"
)
