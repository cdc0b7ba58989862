"""Requests on which somebody's health, money, rights or chances depend."""

from __future__ import annotations

import re

from router.detectors.seen import Seen
from router.reading.wording import words_of

_HEALTH = re.compile(
    r"\b(?:symptoms?|diagnos\w+|dosage|dose|mg of|medications?|medicine|prescri\w+|side effects?|"
    r"antibiotics?|chest pain|blood pressure|"
    r"insulin|diabet\w+|cancer|tumou?r|pregnan\w+|ibuprofen|paracetamol|acetaminophen|aspirin|"
    r"overdose|vaccin\w+|rash|fever|"
    r"treatment for|my doctor|cardiolog\w+|depression|antidepressants?|contraindicat\w+|infection|"
    r"heart attack|stroke)\b"
)
_FINANCE = re.compile(
    r"\b(?:invest(?:ing|ment|ments)?|stocks?|shares in|etfs?|mortgage|401\(?k\)?|roth ira|ira|pension|"
    r"tax(?:es)?|deductions?|capital gains|"
    r"bonds|portfolio|crypto\w*|bitcoin|interest rates?|refinanc\w+|credit score|bankruptcy|"
    r"dividends?|index funds?|retirement savings|loan|debts?|inherit\w*)\b"
)
_LAW = re.compile(
    r"\b(?:legal(?:ly)?|illegal|lawsuit|sue|sued|suing|lawyer|attorney|landlord|evict\w*|tenant|"
    r"custody|divorce|liab(?:le|ility)|contract law|"
    r"copyright|trademark|visa|immigration|arrested|felony|misdemeanou?r|statute|gdpr|non-?compete|"
    r"severance|wrongful|court|testament|the law)\b"
)
_DOMAINS = (("health", _HEALTH), ("finance", _FINANCE), ("law", _LAW))
_ADVICE = re.compile(
    r"\b(?:should i|can i|could i|am i|do i|may i|is it (?:safe|legal|illegal|ok|okay|normal|worth|"
    r"possible|allowed|dangerous|a good idea)|is my|"
    r"my (?:doctor|landlord|employer|wife|husband|mother|father|son|daughter|child|baby|mom|dad|boss|"
    r"partner|pension|savings|mortgage|visa|taxes)|"
    r"what (?:are the (?:symptoms|side effects|treatments?|penalt\w+|tax|legal|risks|laws?)|is the "
    r"(?:dose|dosage|safe|maximum|recommended|tax|penalty|statute|law|treatment|limit)|"
    r"(?:should|can|happens if) i)|how (?:much|many|long|do|can|should)[^.?\n]{0,40}\b(?:i|my|take|"
    r"dose|mg|safe|tax|invest|sue|treat(?:ed)?)\b|"
    r"i (?:have|am|was|feel|take|took|got|want to (?:invest|sue|buy))|i'm|i've|which (?:stocks?|"
    r"funds?|medication|etfs?)|side effects of|treatment for|"
    r"can (?:a|an|my|the) (?:landlord|employer|tenant|company|doctor|police)|is (?:\w+ ){1,4}(?:safe|"
    r"legal|illegal|tax deductible|contagious)|advice)\b"
)
_NOT_ADVICE = re.compile(
    r"\b(?:write (?:a|an|me) (?:\w+ ){0,3}(?:story|poem|song|novel|scene|joke|function|script|program|"
    r"haiku|tweet|slogan|headline|character)|translate|"
    r"classify|sentiment|positive or negative|spam|summari[sz]e|rewrite|paraphrase|extract|role-?play|"
    r"grammar|sql|python|javascript|proofread|hypothesis|premise|rephrase|"
    r"analytical reasoning|mathematician|solve this|the following (?:dialog|conversation|plot|"
    r"article)|movie|plot|(?m:^[ab]:)|text a|pick from|"
    r"paraphrases?|entail\w*|intent|label|named entit\w+)\b"
)


def domain(seen: Seen) -> str:
    """High-stakes domain of a question for advice or facts: health, finance, law or none (row safety.high-stakes).

    The words alone do not count: a story about a doctor, a tax function in Python and
    a review to classify are none.
    """
    low = seen.low
    if len(low) > 1_500:
        return "none"
    stems = {word[:4] for word in seen.words}
    if _STAKES.isdisjoint(stems) or not _ADVICE.search(low) or _NOT_ADVICE.search(low):
        return "none"
    for m in _ADVICE.finditer(low):
        near = low[max(0, m.start() - 120) : m.end() + 160]
        hits = {name: len(set(pattern.findall(near))) for name, pattern in _DOMAINS}
        best = max(hits, key=lambda name: hits[name])
        if hits[best]:
            return best
    return "none"


# First four letters of the words above: one set operation keeps the regexes off most prompts.
_STAKES = words_of(
    "symp diag dosa dose mg medi pres side anti ches bloo insu diab canc tumo preg ibup para acet aspi over vacc rash "
    "feve trea doct card depr cont infe hear stro inve stoc shar etf etfs mort 401k 401 roth ira pens tax taxe dedu "
    "capi bond port cryp bitc inte refi cred bank divi inde reti loan debt inhe lega ille laws sue sued suin lawy atto "
    "land evic tena cust divo liab copy trad visa immi arre felo misd stat gdpr non nonc seve wron cour test law"
)

_ROLE = (
    r"(?:applicants?|candidates?|employees?|workers?|borrowers?|tenants?|renters?|students?|pupils?|defendants?|inmates?|prisoners?|offenders?|"
    r"suspects?|resumes?|résumés?|cvs?|refugees?|immigrants?|migrants?|asylum seekers?|patients?|claimants?|policyholders?|customers?|passengers?|drivers?|"
    r"teachers?|nannies|nanny|babysitters?|staff|nurses?|salespeople|salesmen|interns?|clients?|parolees?|detainees?|families|households|residents|"
    r"team members?|reps?|colleagues?|people|persons?|woman|man|women|men|guys?|kids?|child|children|teenagers?|visitors?|shoppers?|boy|girl|lad|player|"
    r"trainees?|apprentices?|cleaners?|accused|convicts?|lodgers?|flatmates?|roommates?|volunteers?|officers?|cases?|group|team|caretaker|guests?)"
)
_VERDICT = (
    r"(?:hired?|hiring|rehire|rejects?|reject(?:ed)?|shortlist(?:ed)?|interview(?:ed)?|approved?|deny|denied|decline|lend|admit(?:ted)?|promoted?|"
    r"fired?|firing|lay off|laid off|layoffs?|let go|dismiss(?:ed)?|terminate|released?|parole[d]?|bail|insured?|suspected|evict(?:ed)?|expel(?:led)?|suspend"
    r"(?:ed)?|deport(?:ed)?|detain(?:ed)?|flag(?:ged)?|arrest(?:ed)?|prosecuted?|guilty|scholarship|rent (?:it |the \w+ )?to|get the (?:job|loan|promotion|"
    r"role|raise|bonus|spot|place|flat|apartment|scholarship|visa|bed|organ)|give (?:the |a |him |her )?(?:job|loan|promotion|raise|mortgage|scholarship|bonus|flat)|"
    r"credit limit|premium|demoted?|kidney|transplant|custody|treat(?:ed)? first|triage|trust(?:ed)? more|question first|stole|steal|"
    r"did it|lying|lazier|better fit|best fit|fit for|trustworthy|made (?:team lead|manager|captain|partner)|report (?:them|him|her)|"
    r"re-?offend|default on|pay back|repay|ventilator|get rid of|put on probation|granted?|eligible)"
)
_RATED = (
    r"(?:rank|score|rate|evaluate|assess|grade|compare|screen|classify|shortlist|sort|predict|estimate|assign|flag|select|choose|pick|approve|reject|decide|"
    r"judge|vet|give|rating|ranking|admit|deny|accept|hire)"
)
_ABOUT_PEOPLE = re.compile(
    rf"\b(?:should|shall|do|would you|can) (?:i|we|the \w+|they|he|she|this \w+|our \w+|my \w+|you|[a-z]+)\b[^?\n]{{0,60}}?\b{_VERDICT}\b|"
    rf"\b(?:which|who|whom|whose)\b[^?\n]{{0,60}}?\b{_VERDICT}\b|\b(?:admit or deny|hire or (?:not|pass|no)|approve or (?:deny|reject|decline)|flag or|accept or reject|"
    rf"yes or no to|guilty or)\b|\bis (?:the (?:defendant|accused)|he|she) (?:guilty|lying|trustworthy|a (?:risk|threat|good fit))|"
    rf"\b(?:decide|tell (?:me|us)|recommend|say|judge|help (?:me|us)|advise)\b[^?.\n]{{0,40}}\b(?:if|whether|who|whom|which|decide|choose|pick)\b[^?.\n]{{0,60}}\b{_VERDICT}\b|"
    rf"\b{_RATED}\b[^.?\n]{{0,60}}\b(?:applicants?|candidates|this candidate|the candidate|(?:these|this|each|all|three|two|four|five|six|both|\d+|following|attached|"
    rf"each of|our|my) (?:\w+ ){{0,3}}{_ROLE}|defendants?|inmates?|suspects|parolees?|offenders?|asylum seekers?|(?:his|her|their) (?:creditworthiness|risk|"
    rf"employability|recidivism|chance of \w+|suitability|trustworthiness))\b|\b(?:pick|choose|select) (?:the |a )?(?:winner|tenant|employee|applicant|candidate|nanny|"
    rf"cleaner|lodger|student|one)\b[^?\n]{{0,30}}\b(?:among|between|from|:|to)\b|\bwhich {_ROLE} to (?:pick|choose|take|hire|fire|keep|admit|promote)\b|"
    r"\b(?:how likely|what are the (?:odds|chances)|probability|likelihood|risk|chances?)\b[^?.\n]{0,70}\b(?:re-?offend\w*|default(?:s|ing)?|recidivi\w+|commit\w*|"
    r"steal\w*|cheat\w*|quit\w*|lying|liar|shoplift\w*|crim(?:e|inal)\w*|get pregnant|fraudster|drop out|abscond\w*)\b|"
    r"\b(?:credit|risk|trust|trustworthiness|hireability|recidivism|suitability|employability|performance|threat|fraud) (?:score|rating|level|categor\w+|class|grade)s?\b|"
    r"\b(?:creditworth\w+|trustworthy|good fit for (?:the|our) (?:job|team|role|company))\b"
)
_PEOPLE_WORDS = words_of(
    "hire hiring rehire hired applicant applicants candidate candidates employee employees worker workers borrower borrowers tenant tenants renter renters "
    "defendant defendants inmate inmates suspect suspects resume resumes résumé résumés cv cvs loan loans admit admissions admission promote promotion promoted "
    "parole bail insure insurance premium reoffend recidivism creditworthy creditworthiness layoff layoffs fire fired laid scholarship refugee refugees asylum "
    "deport visa custody prisoner prisoners offender offenders shortlist interview mortgage raise bonus expel suspend student students pupil patients transplant evict "
    "rent nanny babysitter babysitting claimant trustworthy release probation lend stealing shoplifting steal stole guilty salespeople staff apprenticeship apprentice "
    "trust customers arrests wallet till lazier girl boy suspicious lodger flatmate trainee intern job lead manager promoted role position sentence crime theft passengers driver "
    "drivers teacher nurse patient colleague"
)
_MYSELF = re.compile(
    r"\b(?:should i (?:apply|accept (?:the|this|an?) (?:job|offer|role)|take (?:the|this)|ask|quit|get|buy|refinance|cut|stop|release my|insure my|trust my)|my (?:resume|résumé|cv|"
    r"cover letter|interview|own|application|credit score|landlord|boss|chances)|i(?:'m| am) (?:a |an )?(?:applicant|candidate|tenant|student|applying)|i've been turned down|"
    r"how do i (?:ask|get|apply|\w+)|interview questions|job (?:description|interview)|write (?:a|an|me)|draft|template|summari[sz]e|translate|passages?|documents?|candidate "
    r"(?:answers?|keys?|models?|genes?|sentences|labels|solutions)|what (?:is|are|does|documents|rights|was|do)|how (?:does|do|many|much|can i|should i (?:prepare|ask|apply|"
    r"answer))|who (?:was|were|did|wrote|is the|invented|won|played|killed)|explain|sentiment|sql|python|function|query|presidential|senate|election|rank the following "
    r"(?:answers|responses)|premise|hypothesis|movie|novel|film|book|play|story|review|offline|passage|sentence is|grammatical|tweet|cheeses?|percent|probability that a "
    r"(?:randomly|person drawn)|dice|coin|drawn at random|chosen at random|ratio|age of|how old|sentence|concepts|entail\w*|acceptable|true or false|treatment|spans?|anyone|label)\b"
)


def about_people(seen: Seen) -> bool:
    """A decision or a score about people that could be unfair (row trust.fairness); facts and one's own affairs are none."""
    if _PEOPLE_WORDS.isdisjoint(seen.words):
        return False
    return _ABOUT_PEOPLE.search(seen.asked) is not None and not _MYSELF.search(seen.asked)
