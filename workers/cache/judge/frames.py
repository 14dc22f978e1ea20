"""Frames: ways to begin a question that ask the same. `What is the best way to X` and `how can I X` become `how do i X`.

Each rule is tried once, in the order of the list, over lower-case text without contractions and politeness.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from workers.cache.judge.gated import Gated
from workers.cache.judge.near import MEASURED

Replacement = str | Callable[[re.Match[str]], str]


def rules(*listed: tuple[str, Replacement]) -> tuple[tuple[Gated, Replacement], ...]:
    """Compile pairs of a pattern and what replaces it."""
    return tuple((Gated(pattern), new) for pattern, new in listed)


WH: Final = r"(?:how|what|when|where|why|who|whom|whose|which|if|whether)"
LONGEST: Final = 2000  # characters of a question with a frame; a longer text is compared as it stands, which costs less
_SUBJECT: Final = r"(?:i|you|we|one|someone|anyone|a person)"
_STOP: Final = r"(?:is|are|was|were|am|be|do|does|did|will|would|can|could|should|the|a|an|of|or|and|in|on|at|to|for|with|than|about|from|by|you|i|we|it|this|that|idea|time|thing)"


def _feel(found: re.Match[str]) -> str:
    return "what was it like " if "did" in found.groups() else "what is it like "


def _where(found: re.Match[str]) -> str:
    """Buying is kept apart from finding; the subject that means anybody is `i`."""
    return f"where can i {'buy' if found[0].endswith(('buy', 'purchase')) else 'find'}"


def _mine(text: str) -> str:
    """Make the `you`, `we` or `one` that means anybody `i`, and what belongs to it `my`."""
    for pattern, word in _ANYBODY:
        text = pattern.sub(word, text)
    return text


def _own(found: re.Match[str]) -> str:
    """Make the subject i; a `you` beside an i or we is the one who is spoken to, and stays (how can you help me)."""
    head, rest = found[0][: len(found[0]) - len(found[1])], found[1]
    subject = re.search(r"\b(you|we|one|someone|anyone|person)\b", head)
    if subject and subject[1] == "you" and (_FIRST.search(rest) or _YOURS.match(rest)):
        return found[0]
    return f"how do i {_mine(rest) if subject else rest}"


def _anybody(found: re.Match[str]) -> str:
    """What happens if you, we or one do something: anybody's question, unless it names the one who asks."""
    if found["subject"] == "you" and _FIRST.search(found["rest"]):
        return found[0]
    return f"{found['head']} i {found['rest'] if found['subject'] == 'i' else _mine(found['rest'])}"


# asked of the one who is spoken to: how do you feel, how do you work
_YOURS: Final = re.compile(
    r"(?:feel|look|think|work|do|live|sleep|eat|talk|know|learn|sound)(?: today| now| so much)?[ ?.!]*$"
)
_FIRST: Final = re.compile(r"\b(?:i|me|my|mine|myself|we|us|our|ours)\b")
_ANYBODY: Final = rules(
    (r"\b(?:your|our|one)(?= [a-z])", "my"),
    (r"\b(?:yourself|ourselves|oneself)\b", "myself"),
    (r"\b(?<=if )(?:you|we|one)\b|\b(?<=when )(?:you|we|one)\b|\b(?<=that )(?:you|we)\b", "i"),
    (r"\byou are\b|\bwe are\b", "i am"),
)
OR_NOT: Final = r"(?:is|are|am|was|were|do|does|did|can|could|should|will|would|has|have)"
_SCENE: Final = r"(?:movies?|films?|shows?|series|anime|documentar(?:y|ies)|videos?)"
_BOOKS: Final = r"(?:books?|novels?|comics?|blogs?|articles?)"
# Ease and speed colour the question; guards.little.manner compares them where both sides name one.
_FITTING: Final = (
    r"(?:(?:very |most )?(?:best|good|great|better|right|proper|correct|ideal|perfect|effective|efficient|possible|different|various"
    r"|certain|easy|easiest|simple|simplest|quick|quickest|fast|fastest)(?: possible)?)"
)
_WAYS: Final = r"ways?|methods?|means|procedures?|process|steps"
_UNMEASURED: Final = rf"(?!(?:most )?(?:{'|'.join(sorted(MEASURED))})\b(?! (?:misconception|mistake|lie|fear|regret|problem|challenge|secret|myster|dream)))"  # what is measured has a record: the tallest man of all time
# A good one of these is no best one, or what is good beside them is a name.
_KINDS_OF_GOOD: Final = (
    r"(?!(?:[a-z]+ ){0,3}(?:scores?|salary|salaries|gpa|grades?|rates?|price|pressure|bmi|ping|speed|income|returns?|percentage|ratio|level|average"
    r"|number|amount|cholesterol|mileage|temperature|range)\b"
    r"|(?:person|man|woman|wife|husband|friend|leader|life|citizen|parent|mother|father|samaritans?|friday|faith|manners|fats?|carbs?"
    r"|lakes?|apes?|danes?|plains|pyramids?|powers?|white|war|hats?|gun|quarks?)\b)"
)
FRAMES: Final = rules(
    (r"\b(how (?:do|can|could|should)) l\b", r"\1 i"),  # a small L for a capital i
    (
        r"\bwhat (?:is|are) (?:the |some |a few |your )?(?:(?:best|good|great|useful|helpful|top|effective) )*(?:tips|tricks|techniques|strategies) (?:to|for|on|of) ",
        "how do one ",
    ),
    (rf"\bwhat (?:are the )?steps (?:should|can|do|must) {_SUBJECT} (?:follow|take) to ", "how do one "),
    (r"\bwhy do you think (?=[a-z])", "why "),
    (r"\bwhy (we|i|one) should\b", r"why should \1"),
    (rf"\bwhat (?:do|should) {_SUBJECT} need_to do to ", "how do one "),
    (r"\b(which|what) one (?=(?:is|are|was|were)\b)", r"\1 "),
    (r"\bmore (?=[a-z]+ly\s*[?.!]*$)", ""),
    (r"\bwhat are all the (?=(?:best|greatest|most)\b)", "what are the "),
    (
        r"^(?:the )?(differences?|scope|purpose|treatment|symptoms?|causes?|benefits|advantages|disadvantages|examples|history) (?=(?:between|of|for|in)\b)",
        r"what is the \1 ",
    ),
    (
        r"\b(?P<head>(?:why|what|when|where|how much|how many|how often|which [a-z]+) should) (?P<subject>we|you|one|someone|a person|i) (?!do to\b)(?P<rest>.*)",
        _anybody,
    ),
    (r"\bwhat (?:will|would) happen (?=(?:to [a-z ]{1,40} )?(?:if|when|after)\b)", "what happens "),
    (r"^what if (?=[a-z])", "what happens if "),
    (r"\bwhat would be (?=(?:your|my|the)\b)", "what is "),
    (r"^((?:how|what)\b.*?\b(?:be|become|becoming)) more (?!than\b|or\b|of\b|and\b|time\b|money\b)(?=[a-z]+)", r"\1 "),
    (
        rf"(\b{_UNMEASURED}(?:best|worst|most|\w{{3,}}est)\b(?:(?!\b(?:things?|places?|stuff|something|animals?|creatures?|words?|objects?|persons?|people|man|woman|sights?)\b).)*?) (?:that )?you (?:(?:have|had|are) (?:ever )?|ever )(?:seen|watched|read|heard|had|got|gotten|received|experienced|used|played|eaten|tasted)(?: ever)?(?=\s*[?.!]*$)",
        r"\1",
    ),
    (r"^can we (?!.*\b(?:we|us|our|ours|i|my|me)\b)", "can i "),
    # a clause before the question goes behind it: if my card is lost, what do I do
    (
        rf"^((?:if|when|after|before|while|in|for|at|on|during) [^,?.!;:]{{3,90}}), (?:then )?((?:{WH[3:-1]}|{OR_NOT[3:-1]}) [^,?.!;:]{{3,120}})\s*[?.!]*$",
        r"\2 \1",
    ),
    (
        r"\bwhat (?:is|are) your (?:personal |honest )?(?:opinions?|views?|thoughts?) (?:on|about|of|regarding) ",
        "what do you think about ",
    ),
    (r"\bwhat do you think (?:of|on|regarding) ", "what do you think about "),
    (r"\bwhat (?:is|are) (?:the |some )?(?:main |other )?reasons? (?:why|that) ", "why "),
    (r"\bin (?:what|which) ways? (?=(?:is|are|was|were|do|does|did|can|could|will|would|should)\b)", "how "),
    (r"\bhow much time\b", "how long"),
    (r"\bhow (?:is|was) it (?:like )?(?=to (?:be|live|work|have|study)\b)", "what is it like "),
    (
        r"^how much (?:do |does )?(?!it\b|they\b|you\b|i\b|we\b|that\b|this\b)(.{2,60}?) cost(?= (?:in|at|to|for|on)\b|\s*[?.!]*$)",
        r"what is the cost of \1",
    ),
    (
        r"^(?:(?:can|could|would|will) (?:you|anyone|someone) )?(?:please )?(?:suggest|recommend) (?:me |us )?(?:a |an |some |any |the )*(?:good|best|great) (?=[a-z])",
        "what is the best ",
    ),
    (rf"^({OR_NOT} .*?)[,.?]? or not\s*[?.!]*$", r"\1"),
    (
        r"\b(who|what|which|where|when|why|how) do you think (?=(?:will|would|is|are|was|were|has|can|could|should)\b)",
        r"\1 ",
    ),
    (r"[,\s]*\b(?:according to you|in your (?:own )?opinion)\b,?", ""),
    (r"\bwhat do (?:you|we|they|people) mean by (?:the (?:word|term|phrase) )?", "what is "),
    (
        r"\bwhat (?:would|will|could|can|might) be (?:the |a |some )?(?=(?:best|good|ideal|most|\w{3,}est)\b)",
        "what is the ",
    ),
    (
        r"^where (is|are) (?=the (?:best|worst|most [a-z]+|\w{3,}est) (?:places?|spots?|locations?|cit(?:y|ies)|countr(?:y|ies))\b)",
        r"what \1 ",
    ),
    (
        r"\bhow (?:is|are|was|were) (?!it\b|that\b|this\b|they\b)(.{2,60}?) (?:any )?different (?:from|than|to) (?=[a-z])(.{2,60}?)(?=\s*[?.!]*$)",
        r"what is the difference between \1 and \2",
    ),
    (
        r"\bhow (?:do|does|did) (.{2,60}?) and (.{2,60}?) differs?(?=\s*[?.!]*$)",
        r"what is the difference between \1 and \2",
    ),
    (
        r"\bhow (?:do|does|did) (.{2,60}?) differs? from (.{2,60}?)(?=\s*[?.!]*$)",
        r"what is the difference between \1 and \2",
    ),
    (r"\bwhy (do|are|did|have) (?:so )?many people\b", r"why \1 people"),
    (r"\b(can|could|should|must|would) one (?!of\b|or\b|and\b|who\b|that\b|do to\b)(?=[a-z]{2})", r"\1 i "),
    (
        r"\b(?P<head>what (?:happens|will happen|would happen|can happen|does it mean) (?:if|when)) (?P<subject>you|we|one|i|someone|a person) (?P<rest>.*)",
        _anybody,
    ),
    (rf"(\b(?:best|good|great|top)\b.* {_SCENE}) to watch(?= (?:in|on|for|of|with|about|from)\b|\s*[?.!]*$)", r"\1"),
    (rf"(\b(?:best|good|great|top)\b.* {_BOOKS}) to read(?= (?:in|on|for|of|about|from|by)\b|\s*[?.!]*$)", r"\1"),
    (r"(\b(?:best|good|top)\b.*) to (?:buy|get|purchase)(?= (?:under|below|within)\b)", r"\1"),
    (
        r"^((?:how (?:do|can|could|should|would|to)|what is)\b.*?)\bstart(?:ing)? (?:to )?(?=(?:learn|learning|study|studying|prepare|preparing)\b)",
        r"\1",
    ),
    (r"\bhow come\b|\bwhat is the reason (?:why|that)\b", "why"),
    (r"\bwhich\b(?= (?:is|are|was|were)\b)", "what"),
    (
        (
            rf"\bwhat (?:(?:is|are|would be|will be|can be) (?:the |some |an? )?|the |(?=best ))(?:{_FITTING} )*"
            rf"(?:{_WAYS})(?: possible)? (?:(?:for (?:me|us|you|one|someone|a person|people) )?to|of|for|(?:(?:by|in|through) which |that )?{_SUBJECT} (?:can|could)) "
        ),
        "how do one ",
    ),
    (r"^(?:the )?(?:best |good )?ways? (?:to|of) ", "how do one "),
    (rf"\bwhat (?:can|could|do|should|must|shall) ({_SUBJECT}) do (?:to|in order to) ", r"how do \1 "),
    (rf"\bhow {_SUBJECT} (?:can|could|do|would)?\b ?(.*)", _own),
    (r"\bhow (?:can|do|could)? ?to ", "how do one "),
    (
        r"^how (?:do|can) (?=(?:make|find|get|become|overcome|improve|use|learn|create|start|stop|increase|reduce|remove|know|prepare|add)\b)",
        "how do i ",
    ),
    (
        r"\b(?:is there|are there) (?:any |a |some )?(?:good |possible )?ways? (?:for (?:me|us) to|to|of|(?:(?:by|in) which |that )?(?:i|we|you|one) can) ",
        "how do one ",
    ),
    (rf"\bhow (?:do|can|could|would|does|might) {_SUBJECT} (?:can |best |go about )?(.*)", _own),
    (r"\bis it possible (?:for (?:me|us|one|someone) )?to ", "can i "),
    (
        r"^can (?:one|someone|anyone|a person) (?!of\b|or\b|and\b|tell\b|help\b|explain\b|please\b|suggest\b|recommend\b|give\b)",
        "can i ",
    ),
    (r"\bhow do i be (?=(?:a|an|the|more|better|good|like)\b)", "how do i become "),
    (
        r"\bwhat (does|did) it feel like (?=to\b|be|hav|liv|work|when)|\bhow (does|did) it feel (?:like )?(?=to\b|be|hav|liv|work|when)",
        _feel,
    ),
    (r"\bwhat is it like being\b", "what is it like to be"),
    (r"\bwhat is it like having\b", "what is it like to have"),
    (r"\bearn (?=(?:some )?money\b)", "make "),
    (r"\bearning (?=(?:some )?money\b)", "making "),
    (r"\bearn (online|from|through|on|via|by|while|without)\b", r"make money \1"),
    (
        r"^((?:what|which|who|where) (?:is|are|was|were) )one of (the|my|your) (?=best|most|top|biggest|greatest)",
        r"\1\2 ",
    ),
    (r"\b(know|tell) (?=if\b|when\b)", "know "),
    (r"^where (can|do|could) (i|we|you) (?:find|get|buy|purchase)\b(?= [a-z])", _where),
    (r"^how is it like\b", "what is it like"),
    (
        r"(\b(?:best|most|worst|\w{3,}est)\b.*?) (?:in the (?:whole |entire )?world|in this world|on earth|out there)(?=\s*[?.!]*$)",
        r"\1",
    ),
    (rf"(\b{_UNMEASURED}(?:best|most|worst|\w{{3,}}est)\b.*?) of all times?(?=\s*[?.!]*$)", r"\1"),
    (
        rf"\b(?:which|what) (?:one )?((?:(?!{_STOP}\b)[a-z0-9]+ ){{1,3}})(?:is|are) (?:the )?(best|better|worst|cheapest|fastest|biggest|largest|safest|easiest|most [a-z]+)(?= (?:for|in|to|on|at|under|of)\b|\s*[?.!]*$)",
        r"what is the \2 \1",
    ),
    (
        (
            rf"\b(what (?:is|are|was|were|would be) )(?:some (?:of )?(?:the )?(?:good|best|great|top|cool|awesome|nice|greatest|excellent)|(?:the )?(?:best|greatest)"
            rf"|(?<=are )(?:the )?(?:good|great|top|cool|awesome)|the good(?! (?:book|news|place|life|wife|doctor|dinosaur|earth|guys?)\b)|good(?= food\b)|an? (?:good|great|awesome|nice|excellent|best))(?: (?:good|best|great|top|cool))* {_KINDS_OF_GOOD}(?!{_STOP}\b)(?=[a-z])"
        ),
        r"\1the best ",
    ),
    (
        r"\bwhat (?:does|do|is) (?:the (?:word|term|phrase) )?(.{1,80}?) mean\b(?! to\b)",
        r"what is the meaning of \1",
    ),
    (r"^what (?!is\b|are\b|does\b|do\b)(.{1,60}?) means?\s*[?.]*$", r"what is the meaning of \1"),
    (r"\bwhat is meant by (?:the (?:word|term|phrase) )?", "what is "),
    (r"\bwhat is the definition of ", "what is the meaning of "),
    (r"^(?:the )?(?:meaning|definition) of ", "what is the meaning of "),
    (r"^define ", "what is the meaning of "),
    (r"\bwhat (is|are) (?:some|a few)(?: of)? (?:the )?(?=best |good |great |ways |examples )", r"what \1 the "),
    (r"\b(?:at|in|during|on) (?:what|which) (time|year|month|country|city|state|age|day|language)\b", r"what \1"),
    (r"\bin order to\b", "to"),
)
