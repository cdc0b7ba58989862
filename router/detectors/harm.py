"""Requests whose answer would hurt somebody: instructions, plans or content (row safety.harm)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from router.detectors.seen import Seen
from router.reading.wording import words_of

# Asking for the thing itself; "what is", "why do" and "is it legal" only ask about it.
_WANTED = (
    r"(?:how (?:to|do|does|can|could|would|should|might) ?(?:i|you|one|we|somebody|someone|a person|people)?|how'd "
    r"(?:i|you)|(?:step[- ]by[- ]step|detailed|give me|list|write|provide|tell me|show me|explain|describe|outline|"
    r"what are)?[^.?\n]{0,30}\b(?:instructions?|steps|guide|recipe|tutorial|manual|plan|methods?|ways?|tips|strategy|"
    r"strategies|blueprint|script|formula|directions|procedure|techniques?|tricks?)\b|help me|walk me through|teach me|"
    r"show me|tell me|give me|write|create|make|build|generate|develop|design|code|draft|compose|i (?:want|need|would "
    r"like|plan|intend|am going|wanna) to|i'm going to|i'd like to|best way|easiest way|can you|could you|what(?:'s| "
    r"is) the (?:best|easiest|fastest|quickest|safest)|where (?:can|do|could) i|plan|instruct me|compose|draft|modify|"
    r"gimme|i'm setting up|take this|list the|explain why|compose a|what dose|how much|which (?:poison|drug|pill|"
    r"chemical)|how many|what's the least|what (?:chemicals|ingredients|household|poison|drug|dose))"
)
_KINDS: tuple[tuple[str, str], ...] = (
    (
        "self-harm",
        r"(?:kill myself|end my (?:own )?life|commit suicide|suicide (?:method|note|without|painless)\w*|"
        r"painless(?:ly)? (?:die|death|suicide|way to die)|to die (?:painlessly|without pain|quick)|hang myself|cut "
        r"(?:myself|my (?:wrists?|arms?))|harm myself|hurt myself|self[- ]harm(?:ing)?|overdose on|starve myself|purge "
        r"after|hide (?:my )?(?:cuts|cutting|anorexia|eating disorder)|lethal dose|pro[- ]?ana|stop eating completely|"
        r"take my own life|enough (?:pills|paracetamol) to|end it all|(?:not|don't|never) wake up (?:again|any ?more)|"
        r"(?:pills|paracetamol|tylenol|aspirin|insulin|xanax)[^.?\n]{0,40}\b(?:to die|so (?:that )?i (?:don't|won't)|"
        r"kill me)|starv\w+ myself|(?:eat|live on) (?:under |only |less than )?\d{2,3} calories)",
    ),
    (
        "weapons",
        r"(?:(?:pipe |nail |dirty |car |fertili[sz]er |petrol |homemade |chemical |nuclear |letter |pressure cooker |"
        r"suicide )?bombs?(?! (?:cyclone|shelter|cocktail|threat hoax|bath))|explosives?|molotov\w*|grenades?|"
        r"detonators?|napalm|thermite|nerve (?:gas|agent)|sarin|vx\b|mustard gas|ricin|anthrax|botulinum|bioweapons?|"
        r"biological weapons?|chemical weapons?|chlorine gas|ghost gun|illegal (?:firearms?|guns?|weapons?)|arms "
        r"dealer|untraceable (?:gun|firearm|weapon)|3d[- ]print(?:ed|able)? (?:a )?(?:gun|pistol|firearm|glock)|auto "
        r"sear|full(?:y)?[- ]auto(?:matic)?|silencer|suppressor|landmines?|ied\b|ieds\b|tatp|petn|c-?4 (?:at|from|"
        r"explosive)|gunpowder|dirty bomb|uranium enrichment|enrich uranium|phosgene|tannerite|shrapnel|blister agent|"
        r"cyanide from|strychnine|(?:make|build|acquire|buy) (?:a |an )?(?:weapon|gun)s? (?:illegally|at home|without)|"
        r"chemical agent|incendiary device|ammonium nitrate (?:bomb|fuel)|(?:convert|turn) (?:a|my) \w+ (?:rifle|"
        r"ar-?15|glock)[^.?\n]{0,20}auto|80% lower|car bomb|poison gas|zip gun|weaponi[sz]e)",
    ),
    (
        "drugs",
        r"(?:(?:cook|make|synthesi[sz]e|produce|manufacture|extract|brew|grow|smuggle|sell|buy|deal|get|obtain|score|"
        r"order|ship|synthesis of|cooking|selling|smuggling|making|buying|transport|get(?:ting)?|press|cut|traffic|"
        r"distribute|trafficking)[^.?\n]{0,40}\b(?:(?:crystal )?meth\b|methamphetamine|cocaine|crack\b|heroin|fentanyl|"
        r"lsd\b|mdma|ecstasy|ghb|ketamine|pcp|dmt\b|amphetamines?|opium|oxycontin|oxycodone|xanax|illegal drugs?|"
        r"illicit drugs?|drugs (?:across|through|past|to (?:kids|minors|students)|at school|online without|on the "
        r"dark)|hard drugs|party drugs|narcotics|date[- ]rape drug|roofies?|coke\b|weed (?:to|across|past)|pills "
        r"(?:that pass|with)|speed (?:at home|in)|fake prescription)|(?:pass|beat|cheat|fool) (?:a |the |my )?drug "
        r"test|forge (?:a |my )?prescription|doctor shop\w*|spike (?:her|his|someone'?s?|a|their) drinks?|without a "
        r"prescription|kilos? of (?:coke|cocaine|heroin|meth)|press fentanyl|fentanyl pills|precursors? (?:for|of|to) "
        r"(?:meth|mdma|fentanyl|lsd))",
    ),
    (
        "malware",
        r"(?:malware|ransomware|keyloggers?|trojans?|(?:computer )?worm that|computer virus|virus that|rootkit|"
        r"botnets?|spyware|stalkerware|ddos|dos attack|phishing (?:e?-?mails?|page|site|kit|campaign|website|sms|text)|"
        r"exploit (?:for|code)|sql inject\w*|hack (?:into|my|a|an|the|his|her|someone|somebody|wifi|facebook|instagram|"
        r"into)|hacking (?:into|someone|a)|crack (?:a |the |someone's |my neighbou?r'?s? )?(?:password|wifi|wi-fi)|"
        r"brute[- ]?force (?:a |the |an |someone|my |their )?(?:login|password|account|ssh)|bypass (?:antivirus|edr|"
        r"two-factor|2fa|defender|windows defender)|steal (?:passwords?|cookies|credentials|browser|session|saved)|"
        r"(?:break|get|log) into (?:my |his |her |someone(?:'s| else's)|a |the |their )(?:\w+(?:'s)? ){0,2}(?:account|"
        r"email|phone|computer|network|instagram|facebook|server|wifi|snapchat|icloud|laptop|gmail|system)|backdoor|"
        r"credential harvest\w*|grab (?:the )?(?:saved |browser )*passwords|exfiltrat\w+|reverse shell|zero-day "
        r"(?:exploit|vulnerabilit)|(?:syn|http|udp) flood|flood attack|exploit\w* (?:the |a )?(?:\w+ "
        r")?(?:vulnerabilit\w+|buffer|cve)|bypass (?:input validation|waf|authentication|a firewall|the firewall|drm|"
        r"parental)|steal (?:someone's |people's |users'? )?(?:browsing |personal |private |login |user )?data|"
        r"spreads? itself|(?:defender|antivirus|edr) doesn't (?:flag|detect|see|catch)|read (?:my|his|her) "
        r"(?:girlfriend|boyfriend|wife|husband|ex|partner)(?:'s)? (?:messages|texts|whatsapp|email)|track (?:my|her|"
        r"his) (?:\w+'s )?(?:phone|location) without|spy on (?:my |his |her )?(?:wife|husband|girlfriend|boyfriend|"
        r"partner|ex)|zip bomb|fork bomb)",
    ),
    (
        "fraud",
        r"(?:counterfeit\w*|fake (?:id|ids|passports?|money|currency|documents?|invoices?|reviews? (?:for|to)|"
        r"diplomas?|checks?|cheques?|charity|prescription|degree|receipts?|medical certificate|doctor'?s note|bank "
        r"(?:statement|details)|payslips?|vaccin\w+ card|investment|insurance claim|news)|forge (?:a |an |my |his |her "
        r")?(?:\w+'?s? )?(?:signature|passport|check|cheque|document|will|id|certificate|letter|payslips?)|launder\w* "
        r"(?:the |my |dirty |drug )?money|money launder\w+|identity theft|steal (?:someone|somebody|a person|an? \w+|"
        r"his|her|their|my \w+)(?:'s)? (?:identity|credit card|bank|card|money|wallet|car|credit)|credit card (?:fraud|"
        r"skimm\w+|numbers?)|clone (?:a |credit )?(?:credit |debit )?cards?|skimm(?:er|ing) device|ponzi|pyramid "
        r"scheme|scam (?:people|elderly|old|seniors|someone|e?-?mail|message|call|script|grann\w+|tourists|pensioners|"
        r"my|the)|(?:evade|dodge|cheat on|avoid paying|evade paying) (?:my |his |her |the )?(?:income )?tax(?:es)?|tax "
        r"evasion|embezzle\w*|insurance fraud|commit \w* ?fraud|defraud\w*|shoplift\w*|insider trading|"
        r"pump[- ]and[- ]dump|bribe (?:a|an|the)|bribing|blackmail\w*|extort\w*|impersonat\w+ (?:a |the |my |an "
        r")?(?:bank|police|officer|doctor|irs|ceo|grand\w+|boss|someone|tech support)|nigerian prince|romance scam|"
        r"sextort\w*|fake a (?:slip|injury|car accident|burglary|robbery|theft|death)|hotwire|pick (?:a |the )?lock "
        r"(?:to|of (?:my|a) neighbou?r)|rob (?:a|the) (?:bank|store|house)|steal(?:ing)? (?:a |from |goods |packages |"
        r"someone's )(?:car|bike|bicycle|store|shop|my|the|neighbou?r|employer)|smuggl\w+ (?:illegal|diamonds|goods|"
        r"people|weapons|guns|endangered|cigarettes|ivory)|(?:sell|buy|resell) (?:stolen|illegal|counterfeit)|trick "
        r"(?:my|old|elderly|an? (?:old|elderly)|people|grand\w+) [^.?\n]{0,40}(?:money|bank|card|savings|invest|pin)|"
        r"cheat (?:on|in) (?:the|my|an) exam|vote twice|rig an election|looks? like it (?:comes|came|is) from "
        r"(?:paypal|a bank|the bank|my bank|amazon|apple|microsoft|netflix|dhl|the irs|hmrc)|early investors are paid|"
        r"enter their (?:passwords?|card|pin|bank)|get (?:their|her|his|people's|someone's) (?:pin|card number|bank "
        r"details|otp|passwords?|credentials)|pretend(?:ing)? to be (?:from )?(?:the |their |a )?(?:bank|irs|microsoft|"
        r"police|tax office|grandson|grandchild)|wash (?:the )?(?:drug )?money|without (?:getting|being) (?:caught|"
        r"traced) (?:by|when|while|selling)|evad\w+ (?:law enforcement|the police)|illegally (?:download|sell|buy|"
        r"acquire|obtain)|(?:a |set up )fake (?:identity|bank account)|fake evidence|commit a crime|break into (?:a|my|"
        r"the|someone|his|her) (?:\w+ )?(?:building|house|car|home|shop|store|apartment|flat|safe)|technical support "
        r"scam|deceive (?:investors|customers|buyers|consumers)|mislead (?:investors|voters))",
    ),
    (
        "violence",
        r"(?:(?:kill|murder|poison|strangle|stab|shoot|assassinate|kidnap|abduct|torture|behead|lynch|drown|attack|"
        r"beat up|beat|hurt|injure|maim|harm|ambush|mug|run over|stalk|choke|suffocate|smother|hunt down|get rid of|"
        r"burn down|set fire to|intimidate|threaten)(?: and \w+)?(?: \w+){0,2} (?:someone|somebody|people|a (?:person|"
        r"man|woman|child|human|guy|kid|cop|judge|politician|journalist|neighbou?r)|my (?:\w+ )?(?:wife|husband|boss|"
        r"ex|neighbou?rs?|girlfriend|boyfriend|partner|roommate|brother|sister|parents|mother|father|teacher|coworker|"
        r"stepfather|classmate|mother-in-law|dog|cat|landlord|ex-\w+|colleague|son|daughter|kid|child|enemy)|him|her|"
        r"them|the president|the mayor|neighbou?r'?s?|a crowd|civilians|children|students|cops|police officers?|an? "
        r"\w+ (?:leader|politician)|his wife|his|an enemy|another person|anyone|victim)|mass shooting|school shooting|"
        r"terror(?:ist)? attack|hide (?:a|the) (?:dead )?body|dispose of (?:a|the) (?:dead )?(?:body|corpse)|dissolve "
        r"a (?:body|corpse)|get away with (?:murder|killing|assault|kidnapping|stalking)|dogfight\w*|animals? (?:for|"
        r"to) (?:illegal )?fight\w*|mistreat animals|hire a hitman|hitman|arson|derail a train|death threats?|child "
        r"soldiers|ransom note|hostage|tamper with (?:a |the |his |her )?(?:\w+'s )?(?:water|brakes|food)|human "
        r"traffick\w+|traffick (?:people|women|children)|incite (?:a )?(?:riot|violence)|start a riot|genocide|poison "
        r"(?:the|a) (?:water|food|well|dog|cat)|terrori[sz]e (?:someone|a|my|people)|(?:intimidating|threatening|"
        r"anonymous threat\w*) (?:messages?|letters?|texts?|online)|cause (?:the )?most pain to|sabotag\w+ (?:public|"
        r"the|a) (?:power|brakes|train|water|plane|infrastructure|railway|dam|factory)|cut (?:the|his|her|someone's) "
        r"brakes?|water supply with|attack on (?:a|the|my) (?:\w+ ){0,3}(?:market|school|church|mosque|synagogue|mall|"
        r"concert|station|crowd|parade|festival|train)|maximum casualties|(?:can't|cannot|can not) be (?:found|"
        r"detected|traced) in an autopsy|undetectable poison|untraceable poison|(?:make|making) (?:it|his|her|my \w+'s "
        r"death|a death|a murder|the murder) look like (?:an accident|suicide|a fall))",
    ),
    (
        "hate",
        r"(?:(?:racist|sexist|homophobic|antisemitic|anti-semitic|islamophobic|transphobic|xenophobic|hateful|white "
        r"supremac\w+|bigoted|misogynist\w*|neo-nazi|nazi)[^.?\n]{0,40}\b(?:jokes?|posts?|tweets?|speech|rants?|"
        r"propaganda|manifesto|memes?|slogans?|comments?|flyers?|leaflets?|articles?|poems?|songs?|essays?|messages?|"
        r"chants?|content|blog|slurs?|letter|emails?|stories)|hate (?:speech|mail|campaign|song)|ethnic slurs?|racial "
        r"slurs?|white power|(?:like|as) vermin|(?:black|jewish|muslim|roma|asian|gay|trans|white|arab|disabled) "
        r"people are (?:\w+ ){0,3}(?:less|inferior|born|thieves|stupid|lazy|dirty|criminals|violent|worse)|driven out "
        r"of|born (?:thieves|criminals|liars)|(?:jews|muslims|immigrants|refugees|roma|women|blacks) (?:control|run|"
        r"are to blame|ruin|destroy|cause)|holocaust (?:was a|is a|denial|never|hoax|did not)|(?:jews|muslims|blacks|"
        r"black people|immigrants|gays|gay people|women|asians|mexicans|gypsies|roma|refugees|trans people|africans|"
        r"arabs|indians|chinese people|disabled people|foreigners|christians|hindus)\b[^.?\n]{0,40}\b(?:are (?:vermin|"
        r"inferior|subhuman|animals|parasites|scum|rats|stupid|criminals|lazy|evil|a disease|less|dirty|naturally|"
        r"ruining|destroying|the reason)|should (?:be (?:killed|deported|exterminated|banned|hated|gassed)|not (?:vote|"
        r"be allowed))|deserve to|don't deserve|don't belong)|(?:spread|propagate|promote|encourage|express|incite) "
        r"(?:\w+ ){0,2}(?:hate|hatred|prejudice|intolerance|racis\w+|homophobi\w+|transphobi\w+|derogatory|"
        r"antisemit\w+|bigotry|xenophobi\w+)|women (?:being|are) (?:\w+ )?(?:less intelligent|inferior|less capable)|"
        r"be (?:homophobic|transphobic|racist|sexist)\b|join a (?:hate group|neo-nazi|white)|ethnic cleansing|inferior "
        r"race|(?:great|white) replacement (?:is|post)|ridicul\w+ (?:of )?(?:disabled|gay|trans|muslim|jewish|black)|"
        r"humiliat\w+ (?:her|him|my|a) |bully (?:a|my|the|someone)|cyberbully|harass (?:a|my|someone|her|him)|make fun "
        r"of (?:\w+ )?(?:disab\w+|gay|fat|black|jews|muslims|autis\w+))",
    ),
    (
        "sexual",
        r"(?:child porn\w*|csam|(?:sexual|sexy|erotic|nude|nudes|porn\w*|explicit|naked|smut|"
        r"undress)[^.?\n]{0,50}\b(?:child(?:ren)?|minors?|underage|schoolgirl|1[0-7][- ]year|(?:five|six|seven|eight|"
        r"nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen)[- ]year|teen(?:age)?r?s?|boys?|"
        r"girl(?:s)?|kids?|step-?daughter|my (?:ex|neighbou?r|teacher|coworker|classmate|colleague)|without (?:her|his|"
        r"their) (?:consent|knowing)|actress|celebrity|her photo|classmates?|student)|(?:child(?:ren)?|minors?|"
        r"underage|1[0-7][- ]year[- ]old|teen(?:age)?r?)\b[^.?\n]{0,50}\b(?:sexual\w*|sex with|erotic\w*|nudes?|naked|"
        r"porn)|groom (?:a |an |young )?(?:child|children|minor|teen|kid|girl|boy|\d+)|deepfake (?:porn|nude)\w*|"
        r"revenge porn|non-?consenting|rape|molest\w*|upskirt|hidden camera in|bestiality|incest (?:story|porn)|"
        r"non-?consensual|(?:her|girl|woman|someone|date) (?:to have sex|into (?:having )?sex|drunk (?:enough|so)|"
        r"unconscious)|explicit (?:sex|pornographic)|hardcore (?:sex|porn)|send me nudes|pornographic|(?:naked|"
        r"undress(?:ed)?|nude)\b[^.?\n]{0,60}\b(?:doesn't know|didn't consent|without)|(?:photo|picture|pic) of (?:my|"
        r"a|the|her) \w+[^.?\n]{0,40}\b(?:naked|nude|undress\w*|topless)|sex(?:ual)? favou?rs)",
    ),
)
_HARMS = tuple((kind, re.compile(rf"\b(?:{pattern})\b")) for kind, pattern in _KINDS)
_ASKED = re.compile(rf"\b{_WANTED}\b")
_GOOD = re.compile(
    r"\b(?:prevent\w*|protect\w*|avoid (?:being|getting|falling|becoming|malware|ransomware|phishing|scams?)|defend\w* "
    r"against|safe(?:ly)? (?:from|dispose)|detect\w*|recogni[sz]e|spot (?:a|the|fake|phish\w*|counterfeit)|report (?:a|"
    r"an|it|the|someone|child|hate|sus\w+)|stop (?:someone|my|the|a|them|him|her|people|being)|what (?:is|are|was|were|"
    r"does) (?:the (?:history|meaning|penalt\w+|punishment|difference|signs|symptoms|origin|plot|law)|a |an |"
    r"ransomware|malware|phishing|insider|money|identity|hate|ddos|ponzi|sql|social)|history of|historical\w*|novel|"
    r"story|fiction\w*|screenplay|film|movie|thriller|character|game|d&d|in minecraft|roleplay|poem|song|lyrics|chess|"
    r"recover(?:y|ing)?|worried about|support (?:a|my|someone|for)|help (?:a|my|someone|for) (?:friend|person|son|"
    r"daughter|brother|sister|who)|treat(?:ment|ing|ed)?|classif\w+|sentiment|toxic\w*|moderat\w+|translate|"
    r"summari[sz]e|is (?:this|it|the following) (?:legal|illegal|a scam|spam|phishing|a phishing|hate)|was (?:i|he|she|"
    r"the)|essay (?:about|on)|article (?:about|on|against)|awareness|training for|against (?:hate|racism|bullying|"
    r"fraud|phishing)|pentest\w*|penetration test\w*|my own (?:server|network|site|website|wifi|router|lab|account|app|"
    r"computer|password)|our own|authori[sz]ed|red team|ctf|sandbox|honeypot|remove|antivirus|scan (?:my|for)|"
    r"mitigat\w+|patch|parameteri[sz]ed|how (?:did|was|were|does (?:a|an|the)|do (?:police|banks|investigators|"
    r"historians|scientists|companies|hospitals|bomb|antivirus|detectors|\w+ (?:detect|trace|find|catch)))|why (?:do|"
    r"does|did|is|are|was|were)|when (?:did|was|were)|who (?:invented|was|made|wrote)|premise|hypothesis|definition of|"
    r"label|true or false|victims? of|been (?:hacked|scammed|raped|assaulted|stalked)|i was|(?:rats|mice|mold|mould|"
    r"weeds|ants|wasps|bed bugs|cockroach\w*|mosquito\w*|process|bacteria|germs|fleas|moths|slugs|aphids|flies|zombie|"
    r"boss fight|bath bombs?|bombshell|photo bomb|seed bombs?|wine|beer|tomato\w*)|museum|costume|prop\b|documentary|"
    r"lecture|thesis|policy|prank|stain\w*|insurance (?:cover|policy)|lesson|consent form|podcast)\b"
)
# A kind's pattern is tried only where a word begins as one of these (five letters): most prompts have none.
_STEMS: Mapping[str, frozenset[str]] = {
    "self-harm": words_of(
        "kill mysel suici painl die hang wrist harm hurt self overd starv purge letha ana pills parac tylen xanax "
        "insul calor end wake pill"
    ),
    "weapons": words_of(
        "cyani stryc "
        "bomb bombs explo molot grena deton napal therm nerve sarin vx musta ricin anthr botul biowe biolo chemi chlor "
        "ghost untra 3d print auto full fully silen suppr landm ied ieds tatp petn c4 c gunpo urani enric phosg tanne "
        "shrap blist incen ammon conve lower poiso zip weapo illeg arms gun guns"
    ),
    "drugs": words_of(
        "meth metha cocai coke crack heroi fenta lsd mdma ecsta ghb ketam pcp dmt amphe opium oxyco oxy xanax illeg "
        "illic drug drugs narco rape roofi speed presc docto spike pills kilo kilos precu"
    ),
    "malware": words_of(
        "rever zero "
        "malwa ranso keylo troja worm virus rootk botne spywa stalk ddos dos phish explo sql hack hacki crack brute "
        "bypas steal accou log netwo insta faceb serve wifi snapc iclou lapto gmail backd crede spy zip "
        "fork spread exfil flood defen antiv edr grab read track login syste"
    ),
    "fraud": words_of(
        "caugh trace build house crime suppo "
        "count fake forge laund money ident steal credi clone skimm ponzi pyram scam evade dodge cheat avoid embez "
        "insur fraud defra shopl insid pump bribe bribi black extor imper niger roman sexto hotwi lock rob trick vote "
        "rig decei misle looks look inves enter pin passw prete wash smugg sell buy resel stole"
    ),
    "violence": words_of(
        "ranso hosta tampe "
        "kill murde poiso stran stab shoot assas kidna abduc tortu behea lynch drown attac beat hurt injur maim harm "
        "ambus mug run stalk choke suffo smoth hunt rid burn fire intim threa mass terro body corps away dogfi anima "
        "mistr hire hitma arson derai death child human traff incit riot genoc sabot cut water casua autop undet untra "
        "accid pain autopsy"
    ),
    "hate": words_of(
        "racis sexis homop antis anti islam trans xenop hatef white bigot misog neo nazi hate ethni racia slur slurs "
        "holoc jews musli black immig gays gay women asian mexic gypsi roma refug afric arabs india chine disab forei "
        "chris hindu infer great ridic humil bully cyber haras fun spread propa promo encou expre vermi born drive "
        "jewis"
    ),
    "sexual": words_of(
        "child csam sexua sexy sex eroti nude nudes porn porno expli naked smut undre minor under schoo groom deepf "
        "reven rape moles upski hidde besti inces non nonco drunk uncon hardc photo pictu pic"
    ),
}
_RISKY = frozenset(stem for stems in _STEMS.values() for stem in stems)


def harm(seen: Seen) -> str:
    """The kind of harm that the request is after, or none (row safety.harm).

    The words alone do not count: prevention, history, fiction, security work of one's own and texts to classify are
    none.
    """
    stems = seen.stems & _RISKY
    if not stems:
        return "none"
    low = seen.asked
    for kind, pattern in _HARMS:
        if _STEMS[kind].isdisjoint(stems):
            continue
        for found in pattern.finditer(low):
            if _GOOD.search(low):
                return "none"
            if _ASKED.search(low, max(0, found.start() - 160), found.end()):
                return kind
    return "none"
