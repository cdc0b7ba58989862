"""Requests on which somebody's health, money, rights or chances depend."""

from __future__ import annotations

import re

from router.detectors.seen import Seen
from router.reading.wording import words_of

# The first five letters of words that an advice on health, money or rights is about.
_DOMAINS = {
    "health": words_of(
        "sympt diagn dosag dose doses mg medic presc antib insul diabe cance tumor tumou pregn ibupr parac aceta tylen "
        "aspir overd vacci rash fever cardi depre antid infec strok pain pains hurts aches ache heada migra "
        "dizzy bite tick ticks pill pills swoll swell bleed nause vomit cough aller surge hospi chest lump wound blood "
        "lexap sertr zoloft metfo warfa asthm inhal thyro chole biops stati ssri inflam fract sprai poiso "
        "seizu palpi numb tingl eczem ibu fiebre dolor fièvr schme fiebe medik arzt"
    ),
    "finance": words_of(
        "inves stock etf etfs mortg 401k 401 roth ira pensi tax taxes taxab deduc capit bonds portf crypt bitco "
        "refin credi bankr retir savin loan loans debt debts inher hipot kredi steue rente annui saved "
        "escrow equit crédi impôt overd"
    ),
    "law": words_of(
        "legal illeg lawsu sue sued suing lawye attor landl evict tenan custo divor liab liabl copyr trade visa immig "
        "arres felon handw misde statu gdpr non noncom sever wrong court testa law laws polic fired enfor "
        " notar lease depos alimo neigh polizei miete abogado juicio despi settl warra searc citiz asylu "
        "green paten defam trespa employ overtime"
    ),
}
_STAKES = frozenset(stem for stems in _DOMAINS.values() for stem in stems)
_ADVICE = re.compile(
    r"\b(?:(?:should|can|could|may|must|do|am|shall) i\b|is it (?:safe|legal|illegal|ok|okay|normal|worth|possible|"
    r"allowed|dangerous|a good idea|enforceable|serious|too late|risky)|is my|my (?:doctor|landlord|employer|wife|"
    r"husband|mother|father|son|daughter|child|baby|mom|dad|boss|partner|pension|savings|mortgage|visa|taxes|brother|"
    r"sister)|\d+ (?:month|year|week) old|what (?:are the (?:symptoms|side effects|treatments?|penalt\w+|tax|legal|"
    r"risks|laws?)|is the (?:dose|dosage|safe|maximum|recommended|tax|penalty|statute|law|treatment|limit)|are my "
    r"(?:rights|options)|(?:should|can|happens (?:if|to)) (?:i|my)|now\?|'s the difference between a roth)|who pays|"
    r"how (?:much|many|long|do|can|should)[^.?\n]{0,40}\b(?:i|my|take|dose|mg|safe|tax|invest|sue|treat(?:ed)?|"
    r"contagious)\b|i (?:have|am|was|feel|take|took|got|missed|want to (?:invest|sue|buy))|i'm|i've|which (?:stocks?|"
    r"funds?|medication|etfs?)|side effects (?:of|from)|treatment for|can (?:a|an|my|the) (?:landlord|employer|tenant|"
    r"company|doctor|police)|is (?:\w+ ){1,4}(?:safe|legal|illegal|tax deductible|contagious|enforceable)|does a "
    r"[^.?\n]{0,40}\b(?:count|hold|apply|expire)|found a|me conviene|darf ich|muss ich|advice)\b"
)
_NOT_ADVICE = re.compile(
    r"(?:\n|^|[ (])\(?(?:a|1)[).:] |\b(?:instructions?:|act as|imagine you|context:|passage|documents?|article|yes / "
    r"no|true or false|choices|options|tweet|comments?|reviews?|messages?|question [12]|sentence|assistant|tables?:|"
    r"select|text:|concepts|label|write (?:a|an|me) (?:\w+ ){0,3}(?:story|poem|song|novel|scene|joke|function|script|"
    r"program|haiku|tweet|slogan|headline|character)|translate|classify|sentiment|positive or negative|spam|"
    r"summari[sz]e|rewrite|paraphrase|extract|role-?play|monopoly|in the game|grammar|sql|python|javascript|proofread|"
    r"hypothesis|premise|rephrase|analytical reasoning|mathematician|solve this|the following (?:dialog|conversation|"
    r"plot|article)|movie|plot|(?m:^[ab]:)|text a|pick from|paraphrases?|entail\w*|intent|label|named entit\w+)\b"
)


def domain(seen: Seen) -> str:
    """High-stakes domain of a question for advice or facts: health, finance, law or none (row safety.high-stakes).

    The words alone do not count: a story about a doctor, a tax function in Python and
    a review to classify are none.
    """
    low = seen.low
    if _STAKES.isdisjoint(seen.stems) or len(low) > 700 or not _ADVICE.search(low) or _NOT_ADVICE.search(low):
        return "none"
    for m in _ADVICE.finditer(low):
        near = {word[:5] for word in _WORD.findall(low, max(0, m.start() - 120), m.end() + 160)}
        hits = {name: len(near & known) for name, known in _DOMAINS.items()}
        best = max(hits, key=lambda name: hits[name])
        if hits[best]:
            return best
    return "none"


_WORD = re.compile(r"[^\W_]+")
_ROLE = (
    r"(?:applicants?|candidates?|employees?|workers?|borrowers?|tenants?|renters?|students?|pupils?|defendants?|"
    r"inmates?|prisoners?|offenders?|suspects?|resumes?|résumés?|cvs?|refugees?|immigrants?|migrants?|asylum seekers?|"
    r"patients?|claimants?|policyholders?|customers?|passengers?|drivers?|teachers?|nannies|nanny|babysitters?|staff|"
    r"nurses?|salespeople|salesmen|interns?|clients?|parolees?|detainees?|families|households|residents|team members?|"
    r"reps?|colleagues?|people|persons?|woman|man|women|men|guys?|kids?|child|children|teenagers?|visitors?|shoppers?|"
    r"boy|girl|lad|player|trainees?|apprentices?|cleaners?|accused|convicts?|lodgers?|flatmates?|roommates?|"
    r"volunteers?|officers?|cases?|group|team|caretaker|guests?)"
)
_VERDICT = (
    r"(?:hired?|hiring|rehire|rejects?|reject(?:ed)?|shortlist(?:ed)?|interview(?:ed)?|approved?|deny|denied|decline|"
    r"lend|admit(?:ted)?|promoted?|fired?|firing|lay off|laid off|layoffs?|let go|dismiss(?:ed)?|terminate|released?|"
    r"parole[d]?|bail|insured?|suspected|evict(?:ed)?|expel(?:led)?|suspend(?:ed)?|deport(?:ed)?|detain(?:ed)?|"
    r"flag(?:ged)?|arrest(?:ed)?|prosecuted?|guilty|scholarship|rent (?:it |the \w+ )?to|get the (?:job|loan|promotion|"
    r"role|raise|bonus|spot|place|flat|apartment|scholarship|visa|bed|organ)|give (?:the |a |him |her )?(?:job|loan|"
    r"promotion|raise|mortgage|scholarship|bonus|flat)|credit limit|premium|demoted?|kidney|transplant|custody|"
    r"treat(?:ed)? first|triage|trust(?:ed)? more|question first|stole|steal|did it|lying|lazier|better fit|best fit|"
    r"fit for|trustworthy|made (?:team lead|manager|captain|partner)|report (?:them|him|her)|re-?offend|default on|pay "
    r"back|repay|ventilator|get rid of|put on probation|granted?|eligible)"
)
_RATED = (
    r"(?:rank|score|rate|evaluate|assess|grade|compare|screen|classify|shortlist|sort|predict|estimate|assign|flag|"
    r"select|choose|pick|approve|reject|decide|judge|vet|give|rating|ranking|admit|deny|accept|hire)"
)
_ABOUT_PEOPLE = re.compile(
    rf"\b(?:should|shall|do|would you|can) (?:i|we|the \w+|they|he|she|this \w+|our \w+|my \w+|you|"
    rf"[a-z]+)\b[^?\n]{{0,60}}?\b{_VERDICT}\b|\b(?:which|who|whom|whose)\b[^?\n]{{0,60}}?\b{_VERDICT}\b|\b(?:admit or "
    rf"deny|hire or (?:not|pass|no)|approve or (?:deny|reject|decline)|flag or|accept or reject|yes or no to|guilty "
    rf"or)\b|\bis (?:the (?:defendant|accused)|he|she) (?:guilty|lying|trustworthy|a (?:risk|threat|good fit))|"
    rf"\b(?:decide|tell (?:me|us)|recommend|say|judge|help (?:me|us)|advise)\b[^?.\n]{{0,40}}\b(?:if|whether|who|whom|"
    rf"which|decide|choose|pick)\b[^?.\n]{{0,60}}\b{_VERDICT}\b|\b{_RATED}\b[^.?\n]{{0,60}}\b(?:applicants?|candidates|"
    rf"this candidate|the candidate|(?:these|this|each|all|three|two|four|five|six|both|\d+|following|attached|each of|"
    rf"our|my) (?:\w+ ){{0,3}}{_ROLE}|defendants?|inmates?|suspects|parolees?|offenders?|asylum seekers?|(?:his|her|"
    rf"their) (?:creditworthiness|risk|employability|recidivism|chance of \w+|suitability|trustworthiness))\b|"
    rf"\b(?:pick|choose|select) (?:the |a )?(?:winner|tenant|employee|applicant|candidate|nanny|cleaner|lodger|student|"
    rf"one)\b[^?\n]{{0,30}}\b(?:among|between|from|:|to)\b|\bwhich {_ROLE} to (?:pick|choose|take|hire|fire|keep|admit|"
    rf"promote)\b|"
    r"\b(?:how likely|what are the (?:odds|chances)|probability|likelihood|risk|"
    r"chances?)\b[^?.\n]{0,70}\b(?:re-?offend\w*|default(?:s|ing)?|recidivi\w+|commit\w*|steal\w*|cheat\w*|quit\w*|"
    r"lying|liar|shoplift\w*|crim(?:e|inal)\w*|get pregnant|fraudster|drop out|abscond\w*)\b|\b(?:credit|risk|trust|"
    r"trustworthiness|hireability|recidivism|suitability|employability|performance|threat|fraud) (?:score|rating|level|"
    r"categor\w+|class|grade)s?\b|\b(?:creditworth\w+|trustworthy|good fit for (?:the|our) (?:job|team|role|company))\b"
)
_PEOPLE_WORDS = words_of(
    "hire hiring rehire hired applicant applicants candidate candidates employee employees worker workers borrower "
    "borrowers tenant tenants renter renters defendant defendants inmate inmates suspect suspects resume resumes "
    "résumé résumés cv cvs loan loans admit admissions admission promote promotion promoted parole bail insure "
    "insurance premium reoffend recidivism creditworthy creditworthiness layoff layoffs fire fired laid scholarship "
    "refugee refugees asylum deport visa custody prisoner prisoners offender offenders shortlist interview mortgage "
    "raise bonus expel suspend student students pupil patients transplant evict rent nanny babysitter babysitting "
    "claimant trustworthy release probation lend stealing shoplifting steal stole guilty salespeople apprenticeship "
    "apprentice trust customers arrests wallet till lazier girl boy suspicious lodger flatmate trainee intern job lead "
    "manager promoted role position sentence crime theft passengers driver drivers teacher nurse patient colleague"
)
_MYSELF = re.compile(
    r"\b(?:should i (?:apply|accept (?:the|this|an?) (?:job|offer|role)|take (?:the|this)|ask|quit|get|buy|refinance|"
    r"cut|stop|release my|insure my|trust my)|my (?:resume|résumé|cv|cover letter|interview|own|application|credit "
    r"score|landlord|boss|chances)|i(?:'m| am) (?:a |an )?(?:applicant|candidate|tenant|student|applying)|i've been "
    r"turned down|how do i (?:ask|get|apply|\w+)|interview questions|job (?:description|interview)|write (?:a|an|me)|"
    r"draft|template|summari[sz]e|translate|passages?|documents?|candidate (?:answers?|keys?|models?|genes?|sentences|"
    r"labels|solutions)|what (?:is|are|does|documents|rights|was|do)|how (?:does|do|many|much|can i|should i "
    r"(?:prepare|ask|apply|answer))|who (?:was|were|did|wrote|is the|invented|won|played|killed)|explain|sentiment|sql|"
    r"python|function|query|presidential|senate|election|rank the following (?:answers|responses)|premise|hypothesis|"
    r"movie|novel|film|book|play|story|review|offline|passage|sentence is|grammatical|tweet|cheeses?|percent|"
    r"probability that a (?:randomly|person drawn)|dice|coin|drawn at random|chosen at random|ratio|age of|how old|"
    r"sentence|concepts|entail\w*|acceptable|true or false|treatment|spans?|anyone|label)\b"
)


def about_people(seen: Seen) -> bool:
    """A decision or a score about people that could be unfair (row trust.fairness).

    Facts about people and one's own affairs are none.
    """
    if _PEOPLE_WORDS.isdisjoint(seen.words):
        return False
    return _ABOUT_PEOPLE.search(seen.asked) is not None and not _MYSELF.search(seen.asked)
