"""What is wanted beside a plain answer, or in its place: a sum, reasons, made-up data, a fact few know, who knows."""

from __future__ import annotations

import re

from router.detectors.seen import Seen
from router.reading.wording import words_of

_ASKING = words_of(
    "what what's whats is are the of a calculate compute evaluate solve work out how much please can you find result "
    "answer value equals equal to me tell give for this quick do math quickly simplify hey hi exactly just hello "
    "thanks thank pls plz need i now help with could maths return only result number calculator answer decimal as in "
    "following carry sum up these add take to them together when no words text places get final de von a nothing else "
    "just you're your do cuánto cuanto es wie viel ist combien font quanto fa what'll be q then if that makes does come"
)
_OPERATIONS = words_of(
    "plus minus times divided multiplied over mod modulo percent sqrt root cube cubed squared square power raised log "
    "ln log10 log2 sin cos tan exp factorial sum product difference quotient average mean abs add subtract "
    "multiply divide remainder gcd lcm half twice double added subtracted mal durch hoch por entre más menos fois plus "
    "sum sums add take total hex"
)
_BETWEEN = words_of("by from and into degrees radians between th st nd rd of x pi e off to")
_NUMBERS = words_of(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million billion point"
)
_PIECE = re.compile(r"0x[\da-f]+|[^\W\d_]+(?:'[a-z]+)?(?:10|2)?|\d[\d,]*(?:\.\d+)?|\S")
_SIGNS = frozenset('+-*/×÷^%=()[]√·:?.,!−–²³π&$€£"°¿÷:')
_ACTS = frozenset("+*/×÷^%√·²³−")
_SUM = re.compile(r"\d\s*[-–!]|\d\s*x\s*\d")


def calculation(seen: Seen) -> bool:
    """Nothing but a calculation to carry out (row scale.calc-tool): all words are numbers, operations or "what is"."""
    low = seen.low
    if len(low) > 200 or len(seen.words) > 24:
        return False
    if not any(map(str.isdigit, low)) and _NUMBERS.isdisjoint(seen.words):
        return False
    numbers = acts = 0
    for piece in _PIECE.findall(low):
        if piece[0].isdigit() or piece in _NUMBERS:
            numbers += 1
        elif piece in _OPERATIONS or piece in _ACTS:
            acts += 1
        elif piece not in _ASKING and piece not in _BETWEEN and piece not in _SIGNS:
            return False
    return numbers > 0 and (acts > 0 or (numbers > 1 and _SUM.search(low) is not None) or _SUM.search(low) is not None)


_REASONS = words_of(
    "justify justifying justification justifications reasoning reason reasons rationale workings explanation "
    "explanations grounds cite chain"
)
_SHOWING = words_of(
    "explain explaining why show working support defend steps step walk how thought thinking made makes led rests "
    "argue lay motivate"
)
_OWN = words_of(
    "answer answers choice choices decision decisions thinking thought thoughts classification classifications verdict "
    "verdicts conclusion rating score label judgment judgement ranking selection pick picked recommendation prediction "
    "logic response assessment work working calculations calculation evaluation solution position opinion stance grade "
    "estimate guess diagnosis result your you u step steps say process"
)
_ANSWER = (
    r"(?:answers?|reasoning|choices?|decisions?|thinking|thought process|train of thought|thoughts|classifications?|"
    r"verdicts?|conclusions?|ratings?|scores?|labels?|judg(?:e)?ments?|rankings?|selections?|picks?|recommendations?|"
    r"predictions?|logic|response|assessments?|work(?:ings?)?|steps|calculations?|evaluation|solution|position|opinion|"
    r"stance|grade|estimate|guess|diagnosis|result)"
)
_WHY = r"(?:reasons?|justifications?|rationale|reasoning|explanations?|grounds|arguments?|motivation|evidence)"
_RATIONALE = re.compile(
    rf"\b(?:explain|justify|defend|support|motivate|substantiate|back up|elaborate on|argue for|walk (?:me|us) through|"
    rf"talk (?:me|us) through|show|include|provide|give|state|share|detail|lay out|spell out|write) (?:me |us )?(?:all "
    rf"|out |down |then )?(?:of )?(?:your|the|each|every|its|these|this|that) ?(?:\w+ )?{_ANSWER}\b(?! (?:of|in|for "
    rf"the|process of|was|from|formula|to (?:a|the|change|make|build|get|set|take|install)|and your answer must) )|"
    r"\b(?:show|write out|write down|include|lay out|spell out) (?:me )?(?:all |every |each |your |the |full |complete "
    r"|step-by-step |intermediate )*(?:steps?|working|workings|work|reasoning|derivation)\b(?! (?:to|of|for|needed|"
    r"required|involved|people|permit|experience))|"
    rf"\b(?:give|state|provide|include|add|with|list|cite|name|and|say|want|need|offer|supply|plus|see|for) (?:me |us "
    rf")?(?:your |a |an |the |one |two |three |\d )?(?:short |brief |one-line |one-sentence |clear |detailed |concise |"
    rf"main |written )*{_WHY}\b(?! (?:to|for|of|why (?:people|some|many|the)|behind the|that|is|are|against|in|from) )|"
    rf"\b{_WHY} (?:for|behind|of) (?:your|the|this|each|every|it\b|that) ?{_ANSWER}?|"
    r"(?:\band|\bthen|\balso|[,;.?!]) (?:please |pls |briefly |also )*(?:(?:say|explain|tell me|tell us|state|describe|"
    r"justify|show|note|add|mention|write)(?: \w+)? )?(?:why\b(?: (?:you|u|that|it|this|or why|not|i should|exactly|"
    r"so)\b|\s*[.?!:)]|$)|how (?:you|u) (?:got|arrived|reached|came|know|decided|worked|chose|did|figured)|on what "
    r"grounds|what (?:makes|made|led) you|what your (?:\w+ )?(?:is|was) based on)|\bwhy or why not\b|\bsay why\b|"
    r"\bexplain why (?:you|it is the|that is|it's the|or why|each)\b|\bhow (?:did|do|have|would) (?:you|u) (?:get|"
    r"arrive|reach|come|know|justify|conclude)\b|"
    rf"\b(?:along )?with (?:a |an |your |the |full )?(?:\w+ )?(?:explanation|justification|rationale|reasoning|"
    rf"reasons)\b|(?:^|\n)\s*(?:explanation|reasoning|rationale|justification|why):|[\"'](?:reasoning|rationale|"
    rf"justification|explanation|reason|why)[\"']|\bwhat makes you (?:say|think)\b|\bmarks are given for "
    r"(?:the )?(?:reason|working|explan)|\blay out (?:every|each|all|the|your)\b|\bwhat (?:the|your) \w+ rests on\b|"
    r"\bwant the rationale\b|\bnot just (?:the|your|a) (?:answer|verdict|result|score|label)\b|\bthought process\b|"
    r"\bchain of thought\b|\bwhy (?:you|u) (?:think|picked|chose|believe|decided|say)\b"
)
_NO_REASONS = re.compile(
    r"\b(?:no|without|don't|do not|not|skip|omit|never|avoid|leave out|refrain from|instead of|nothing but|neither)(?: "
    r"(?!just|only|and|but|or)\w+){0,2} (?:explain\w*|explanations?|justif\w+|reason\w*|rationale|show\w*|why|walk|"
    r"steps|working)\b"
)


def rationale(seen: Seen) -> bool:
    """The reasons behind the answer itself are wanted too (row misc.explain); explaining a subject is none."""
    words = seen.words
    if _REASONS.isdisjoint(words) and (_SHOWING.isdisjoint(words) or _OWN.isdisjoint(words)):
        return False
    return _RATIONALE.search(seen.told_low) is not None and not _NO_REASONS.search(seen.told_low)


_MAKING = words_of(
    "generate create write make produce give synthesize synthesise need invent simulate build augment fabricate "
    "provide want fake dummy mock synthetic output draft construct come populate emit extend expand paraphrase "
    "rephrase reword simulate seed fill prepare erzeuge génère genera generiere more list show"
)
_MAKE = (
    r"(?:generate|create|write|make|produce|give|synthesi[sz]e|need|invent|simulate|build|fabricate|provide|want|"
    r"output|draft|construct|come up with|emit|expand|prepare|compose|dream up|i'd like)"
)
_COUNT = (
    r"(?:\d{1,6}(?:,\d{3})?|two|three|four|five|six|seven|eight|nine|ten|eleven|eleven|twelve|fifteen|twenty|thirty|"
    r"forty|sixty|fifty|hundred|a hundred|a thousand|a dozen|dozens of|several|some|a few|many|more|lots of|a bunch of|"
    r"a set of|a batch of|a dataset of|a table of)"
)
_MADE_UP = (
    r"(?:synthetic|fake|dummy|mock|made[- ]up|fictional|fictitious|random|simulated|artificial|realistic|sample|test|"
    r"training|labell?ed|annotated|example|seed|fine-?tuning|instruction|few-shot|plausible|varied|diverse)"
)
_RECORDS = (
    r"(?:data|records?|rows?|entries|examples?|samples?|reviews?|users?|profiles?|customers?|transactions?|tweets?|"
    r"sentences?|utterances?|queries|questions?|pairs?|messages?|emails?|tickets?|comments?|conversations?|dialogues?|"
    r"instances?|points?|inputs?|résumés?|applicants|respondents|survey responses|readings|bookings|ids|bios|"
    r"variations|addresses|names?|orders?|invoices?|logs?|log lines|documents?|posts?|complaints?|products?|patients?|"
    r"employees|people|accounts?|cases|json objects|strings|prompts?|instructions|headlines|responses?|transcripts?|"
    r"personas?|csv|dataset|notes|resumes|intents|phrases|inputs)"
)
_SYNTHESIS = re.compile(
    rf"\b{_MAKE}\b(?: me| us| up| out)? (?:[^.\n]{{0,24}} )?{_COUNT} (?:[\w-]+[ -]){{0,2}}?{_MADE_UP},? (?:[\w-]+,? "
    rf"){{0,4}}?{_RECORDS}\b|\b{_MAKE}\b(?: me| us| up)? (?:[\w-]+ ){{0,2}}(?:synthetic|fake|dummy|mock|made[- ]up|"
    rf"simulated|artificial|fictitious|invented|adversarial|property-test|faker-style|imaginary|placeholder) (?:[\w-]+ "
    rf"){{0,3}}{_RECORDS}\b|\b(?:synthetic|fake|dummy|mock|simulated) (?:[\w-]+ ){{0,2}}(?:data|dataset|records|rows|"
    rf"reviews|users|transactions|tickets|examples|samples|customers|profiles|logs)\b[^.\n]{{0,60}}\b(?:\d+|csv|json|"
    rf"table|test)\b|\b{_COUNT} (?:different |new |distinct |other |more |alternative |varied |diverse |natural "
    rf")*(?:paraphrases|paraphrased \w+|rewordings|rephrasings|variations|variants|reformulations|ways to (?:say|ask|"
    rf"phrase))\b|\b(?:paraphrase|rephrase|reword|augment)\b[^.\n]{{0,80}}\b(?:\d+|two|three|four|five|six|eight|ten|"
    rf"twelve|fifteen|twenty)(?: \w+)? (?:ways|versions|times|variants|variations|examples|paraphrases)\b|"
    rf"\b{_MAKE}\b[^.\n]{{0,40}} ?{_COUNT} (?:[\w-]+ ){{0,5}}(?:reviews|utterances|user records|customer records|test "
    rf"(?:records|cases|users)|support tickets|tweets|spam (?:messages|emails)|training (?:examples|samples|sentences)|"
    rf"(?:question|q)[-–& ]+(?:answer|a) pairs|qa pairs|labell?ed (?:examples|sentences)|rows|records|log lines|"
    rf"distinct messages|respondents|data points|email addresses|samples)\b|\b(?:populate|fill|seed) (?:a|the|my|our|"
    rf"this) (?:\w+ )?(?:database|table|db|dataset|spreadsheet)\b|\b(?:more|extra|additional) (?:data|examples|samples|"
    rf"rows|lines|records) (?:like|in the style of|of this kind|similar)\b|\byou are a (?:\w+ )?data generator\b|"
    rf"\b(?:emit|output|generate|produce) (?:one |\d+ )?(?:json (?:object|line)s?|lines?|rows?) (?:per line|"
    rf"each)?\b.{{0,80}}\b{_COUNT} (?:lines|rows|objects|records)\b|\bsimulate {_COUNT} |\b(?:extend|expand|augment|"
    rf"grow|enlarge|balance) (?:it to|my|this|the|our) (?:[\w-]+ )?(?:\d+|data|dataset|training|corpus|examples|set)\b|"
    rf"\bfor (?:data augmentation|(?:training|fine-tuning|finetuning|testing) (?:a|my|our|the) (?:\w+ )*(?:classifier|"
    rf"model|chatbot|bot|detector|pipeline|parser|app|search|import))\b|\b(?:that|which|so) (?:we|i) can (?:fine-?tune|"
    rf"train|load-test|test|augment|evaluate)\b|\b(?:datensätze|beispielsätze|trainingsdaten|testdaten|phrases "
    rf"étiquetées|données synthétiques|datos (?:sintéticos|ficticios|de prueba)|fiktive\w*|frases etiquetadas)\b"
)
_PLURALS = words_of(
    "data dataset datasets records rows entries examples samples reviews users profiles customers transactions tweets "
    "sentences utterances queries questions pairs messages emails tickets comments conversations dialogues instances "
    "points inputs résumés resumes applicants respondents responses readings bookings ids bios variations variants "
    "paraphrases rewordings rephrasings reformulations ways versions addresses names orders invoices logs lines "
    "documents posts complaints products patients employees accounts cases objects strings prompts instructions "
    "headlines transcripts personas csv notes intents phrases database table corpus datensätze adressdatensätze "
    "étiquetées datos testdaten trainingsdaten people days times classifier detector"
)
_NOT_DATA = re.compile(
    r"^\W*how (?:do|can|would|should) (?:i|you|we)\b|\b(?:poems?|songs?|unit test|birthday|names for|story ideas|"
    r"interview questions|slogans|taglines|unit tests?|quiz|function|script|class that|code|write a (?:python|sql)|"
    r"what is|is it (?:ok|legal|safe)|pros and cons|explain|delete|remove|which command)\b"
)


def synthesis(seen: Seen) -> bool:
    """Made-up data in number: records, training examples, paraphrases of a seed (row misc.synth)."""
    if _MAKING.isdisjoint(seen.words) or _PLURALS.isdisjoint(seen.words):
        return False
    return _SYNTHESIS.search(seen.asked) is not None and not _NOT_DATA.search(seen.asked)


_VAGUE = words_of(
    "it its it's this that these those thing things stuff something one ones them they what whats what's why how do "
    "does usual doesn't doesnt don't dont did didn't isn't isnt is are was not no still again work works working "
    "worked broken broke make made better best improve improved fix fixed help me my i im i'm you can can't cant could "
    "please pls plz need want wrong issue issues problem problems error errors bug stuck happened happening happens "
    "change changed do done good bad nice nicer shorter longer more less the a an with here now and but so to of for "
    "in on at about like same other another way tell next finish continue go keep try tried check look looks looking "
    "feels weird off ok okay any ideas idea then thoughts advice update redo different right up just get getting got "
    "keeps won't wont will load loading start crash crashes crashing failed fails failing stopped slow code file app "
    "page text document email report project essay website laptop phone computer printer program thanks hey hi hello "
    "hmm asap urgent quick quickly bit little very really too all everything anything yesterday today before after "
    "last time we us our be been should would there's there from explain send run running use opinion second version "
    "part first numbers results sense understand gives give question clean cleaner professional wtf when open button "
    "thing's having trouble have has let know review attached attachment result he she him her said blue rewrite "
    "paragraph following tone friendlier summarize summarise translate edit above below into mail letter message "
    "presentation slides spreadsheet formula excel function script word words somehow seems acting strange funny as "
    "again's boss client customer teacher figure out sort handle answer respond reply set setup sure maybe than were "
    "am think mean meant who where which decide choose pick some both options option list proofread draft correct "
    "shorten simplify polish it'd i've ive idk no funciona qué hago me ayuda geht nicht hilfe funktioniert marche pas"
)
_GREETING = words_of(
    "hi hello hey thanks thank you good morning evening ok okay bye how are doing what's up there yes no so much is it "
    "going"
)
_POINTING = words_of(
    "it it's its this that these those them they thing things stuff something one help fix wrong issue problem error "
    "broken work works working better update redo continue why bug stuck thoughts again crashes trouble usual more "
    "shorter longer other attached above below following question then next improve shorten polish funciona geht "
    "marche same previous nicer friendlier"
)
_SETTLED = re.compile(
    r"\b(?:what time is it|how is it going|what is this song|what day is it|who are you|what can you do|what are you|"
    r"what can i use|something funny|how are things|really good|one you work|can you help me with)\b|[:\"`\d]"
)


def maybe_vague(seen: Seen) -> bool:
    """Nothing but the text itself says what is meant (no system text, earlier answer or attachment): no greeting."""
    return not (any(m.role != "user" or m.modalities for m in seen.request.messages) or seen.words <= _GREETING)


def implicit(seen: Seen) -> bool:
    """What is wanted is not said: a few vague words, and nothing that they could point to (row real.implicit)."""
    words = seen.words
    if len(seen.low) > 110 or not 0 < len(words) <= 18 or not maybe_vague(seen):
        return False
    if _SETTLED.search(seen.low):
        return False
    return words <= _VAGUE and (len(words) < 3 or not _POINTING.isdisjoint(words))


_PROPERTY = (
    r"(?:(?:boiling|melting|flash|freezing|triple|sublimation|auto-?ignition|ignition|dew|curie|critical|yield|smoke) "
    r"(?:point|temperature|pressure|strength|stress)|half[- ]li(?:fe|ves)|atomic (?:mass|weight|number|radius)|molar "
    r"mass|molecular (?:weight|mass|formula)|chemical formula|empirical formula|density of|refractive index|specific "
    r"heat(?: capacity)?|heat of (?:fusion|vaporization|vaporisation|combustion)|latent heat|ionization (?:energy|"
    r"potential)|electronegativity|electron (?:affinity|configuration)|cas (?:registry )?number|young's modulus|shear "
    r"modulus|thermal (?:conductivity|expansion)|dielectric constant|permittivity|resistivity|bandgap|band gap|"
    r"viscosity of|solubility|pka|ph of|ld50|bioavailability|latin name|scientific name|binomial name|orbital period|"
    r"axial tilt|escape velocity|semi-major axis|absolute magnitude|mohs hardness|dissociation constant|rate constant|"
    r"lattice constant|decay constant|(?:planck|boltzmann|rydberg|avogadro|faraday|chandrasekhar|hubble|madelung|"
    r"stefan|fine[- ]structure|euler|feigenbaum|apéry|khinchin|gravitational|gas)(?:'s|[-–]mascheroni|[-–]boltzmann)? "
    r"(?:constant|number|limit)|magnetic moment|gyromagnetic ratio|cross[- ]section|tensile strength|calorific value|"
    r"wavelength of|oxidation states? of|osmolarity|therapeutic (?:index|range)|protein binding|volume of distribution|"
    r"elimination|maximum daily dose|miller indices|lattice parameter|slip planes|bwv number|opus number|köchel number|"
    r"catalogue number|spectral type|redshift|crystal structure|space group|spin of|isotopes? of|enzyme commission|ec "
    r"number|accession number|melting range|partition coefficient|schmelzpunkt|siedepunkt|point de fusion|punto de "
    r"ebullición|gitterkonstante|constante de|halbwertszeit|dichte von)"
)
_NICHE = re.compile(
    rf"\b(?:what|whats|what's|tell me|give me|state|need|which|wie|quel|quelle|cuál|look up|how (?:high|long|dense|hot|"
    rf"many))\b[^?\n]{{0,50}}\b{_PROPERTY}\b(?! (?:depend|mean|chang|different|affect|important|work|is (?:defined|"
    rf"a)))|^{_PROPERTY} "
    r"|\b(?:which|what) (?:article|section|clause|paragraph|amendment|rule|chapter|sutra|verse|surah|subsection|annex|"
    r"rfc|iso standard|statute|directive|regulation)\b[^?\n]{2,90}\b(?:covers?|deals?|says?|states?|regulat\w+|"
    r"govern\w*|defin\w+|requires?|prohibit\w*|protect\w*|contains?|allow\w*|guarantee\w*|specif\w+|sets?|describ\w+|"
    r"introduc\w+)\b|\b(?:when|what year|which year|in what year|in which year|what date|"
    r"who)\b[^?\n]{0,60}\b(?:dynasty|treaty of|edict of|council of|peace of|khanate|caliphate|sultanate|shogunate|"
    r"battle of|siege of|pharaoh|papal bull|diet of|margrave|doge|abbasid|umayyad|merovingian|carolingian|capetian|"
    r"chola|maurya|ptolem\w+|seleucid|sassanid|tang|song|ming)\b|\bwhat (?:is|are|was) the (?:\w+[' -]s? "
    r"?){0,3}(?:formula|equation|theorem|criterion) (?:for|of)\b|\bwhat (?:tcp |udp |default )?port (?:number "
    r")?(?:does|is)\b|\b(?:exact|precise) (?:value|date|number|wording|length|frequency|height|mass)\b|\bto (?:\w+ "
    r")?(?:decimal places|significant figures)\b|\bwhat does (?:section|article|clause|rule|paragraph) \d|\b(?:icd-?10|"
    r"unspsc|hs|atc|naics|iata|icao|un|dsm-?5|oeis|hex|unicode) (?:code|number)\b|\b(?:first edition|page count|"
    r"footnote|on which day did|treatise|in which (?:manuscript|codex))\b"
)
# The first five letters of a word that each alternative above holds.
_SPECIAL = words_of(
    "boili melti flash freez tripl subli autoi ignit dew curie criti yield smoke half atomi molar molec chemi empir "
    "densi refra speci laten vapor fusio combu ioniz elect cas young shear therm diele permi resis bandg band visco "
    "solub pka ph ld50 bioav latin scien binom orbit axial escap semi absol mohs disso const latti decay planc boltz "
    "rydbe avoga farad chand hubbl euler feige khinc gravi magne gyrom tensi calor wavel oxida osmol thera prote volum "
    "elimi maxim mille slip bwv opus köche catal spect redsh cryst space spin isoto enzym acces parti schme siede "
    "point punto gitte halbw dicht artic secti claus parag amend rule chapt sutra verse surah subse annex rfc iso "
    "statu direc regul dynas treat edict counc peace khana calip sulta shogu battl siege phara papal diet margr doge "
    "abbas umayy merov carol capet chola maury ptole seleu sassa tang ming song formu equat theor crite port exact "
    "preci decim signi icd unspc hs atc naics iata icao un dsm dsm-5 oeis unico hex editi footn manus codex numbe"
)
_FAMOUS = re.compile(
    r"\b(?:capital of|president|prime minister|(?:boiling|freezing) point of water\b(?! (?:at|on))|world war|area of a "
    r"(?:circle|triangle|rectangle|square)|formula (?:for|of) water|pythagor\w+|quadratic formula|of water\?|explain|"
    r"why|how do (?:i|you|we)|derive|prove|write|battle of hastings|excel|spreadsheet|google sheets|table salt)\b"
)


def niche_fact(seen: Seen) -> bool:
    """A special fact or formula that few know by heart is asked for (row know.domain-recall)."""
    low = seen.low
    if len(low) > 300 or _SPECIAL.isdisjoint(seen.stems) or "\n" in low.strip():
        return False
    return _NICHE.search(low) is not None and not _FAMOUS.search(low)
