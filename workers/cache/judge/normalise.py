"""What may differ between two questions without making them different: the surface, politeness and frames (frames.py)."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from workers.cache.judge.frames import FRAMES, LONGEST, WH, rules
from workers.cache.judge.gated import Table, whole_words
from workers.cache.judge.wordings import AFTER, BEFORE

_FRAMES: Final = Table((*BEFORE, *FRAMES, *AFTER))
_CHARACTERS: Final = str.maketrans({
    "\u2018": "'", "\u2019": "'", "\u201b": "'", "\u00b4": "'", "\u201c": '"', "\u201d": '"', "\u201e": '"', "\u00ab": '"',
    "\u00bb": '"', "\u2013": "-", "\u2014": " - ", "\u2212": "-", "\u2026": " ", "\u00a0": " ", "\u200b": None, "\u00ad": None,
    "\ufeff": None, "\u00d7": "*", "\u00f7": "/",
})  # fmt: skip


# Over lower-case text. Apostrophes are often left out: `dont`, `whats`.
_CONTRACTIONS: Final = rules(
    (r" +'(?=(?:s|re|ll|ve|m|d)\b)", "'"),
    (r"\b(?:can'?|ca')t\b(?! of\b)|\bcannot\b", "can not"),
    (r"\b(wo)n'?t\b", "will not"),
    (r"\bshan'?t\b", "shall not"),
    (r"\bain'?t\b", "is not"),
    (r"\b(do|does|did|is|are|was|were|has|have|had|could|should|would|must|need|might)n'?t\b", r"\1 not"),
    (r"\b(i)'?m\b", "i am"),
    (r"\b(i|you|we|they|could|should|would|might|must|who|what|where)'ve\b|\b(i)ve\b", r"\1\2 have"),
    (r"\b(you|we|they|who|what|where|how|when|why)'re\b", r"\1 are"),
    (r"\b(youre)\b", "you are"),
    (r"\b(i|you|he|she|it|we|they|that|there|who|what|where|how|when|why)'ll\b", r"\1 will"),
    (r"\b(i|you|he|she|it|we|they|that|there|who|what|where|how|when|why)'d (better|been|\w+ed)\b", r"\1 had \2"),
    (r"\b(i|you|he|she|it|we|they|that|there|who|what|where|how|when|why)'d\b", r"\1 would"),
    (r"\blet'?s\b", "let us"),
    (r"\b(who|what|where|how|when|why|it|that|there|here|he|she)'s (been|got|gone|happened|become)\b", r"\1 has \2"),
    (r"\b(who|what|where|how|when|why|that|there|here|he|she)'?s\b", r"\1 is"),
    (r"\bit's\b", "it is"),
    (r"\bwhether\b(?: or not)?", "if"),
    (  # why isn't my card working: the negation belongs to the verb
        (
            r"\b(is|are|was|were|do|does|did|can|could|should|will|would|has|have|had) not "
            r"((?:my|your|the|this|that|his|her|their|our) [a-z]+|i|you|we|they|he|she|it|there)\b"
        ),
        r"\1 \2 not",
    ),
    (r"\bwanna\b", "want to"),
    (r"\bgonna\b", "going to"),
    (r"\bgotta\b", "have to"),
    (r"\bu\b(?!\.)", "you"),
    (r"\b(pls|plz|plss)\b", "please"),
    (r"(?<=\w)'s\b", ""),
    (r"(?<=s)'(?=\s|$)", ""),
)
# Said twice by mistake; written out, so that it is looked for where it may be.
_TWICE: Final = (
    rf"\b(?:{'|'.join(f'{word} {word}' for word in 'the a an is are what how we i you of in to'.split())})\b"  # noqa: SIM905
)
_SPELLINGS: Final = rules(
    (_TWICE, lambda found: found[0].split()[0]),
    (r"\b(?:the )?u\.s\.(?:a\.)?", "usa "),
    (r"\.(?<=\b[a-z]\.)(?:[a-z]\.)+", lambda found: found[0].replace(".", "") + " "),  # n.b.a. from its first dot on
    (r"\b(the )?united states( of america)?\b|\bu\.?s\.?a\b|\bthe us\b", "usa"),
    (r"\b(the )?united kingdom\b", "uk"),
    (r"\be mail", "email"),
    (r"\bwi fi\b", "wifi"),
    (r"\bon line\b", "online"),
    (r"\b(log|sign)(ging|ing|s|ed)? ?(in|on)(to)?\b(?= |$)", "login"),
    (r"\blog(ging|s|ged)? ?out\b", "logout"),
    (r"\bsign(ing|s|ed)? ?out\b", "logout"),
    (r"\bsign(ing|s|ed)? ?up\b", "signup"),
    (r"\bget(ting)? rid of\b", "remove"),
    (r"\b([a-z]{1,3}) ?& ?([a-z]{1,3})\b", r"\1&\2"),
    (r" & ", " and "),
    (r"\bvs\b\.?|\bv/s\b", "versus"),
    (r"\ba ?k ?a\b", "also known as"),
    (r"\bet ?c\b\.?", " "),
    (r"\bwork ?out\b", "workout"),
    (r"\bno ?one\b", "nobody"),
    (r"\bany ?one\b|\bany ?body\b", "anyone"),
    (r"\bsome ?one\b|\bsome ?body\b", "someone"),
    (r"\bevery ?body\b", "everyone"),
    (r"\bneed(s|ed)? to\b", "need_to"),
    (r"\bhad (got )?to\b", "had_to"),
    (r"\b(have|has) (got )?to\b", "have_to"),
    (r"\bwith no (?=[a-z])(?!one\b|longer\b|less\b|more\b)", "without "),
    (r"\bused to (?=[a-z]+\b)(?!the\b|a\b|it\b|this\b)", "used_to "),
    (r"\b(am|is|are|be) able to\b", "can"),
    (r"\b(am|is|are) (going to)(?= [a-z])", "will"),
    (r"\bget(ting)? over\b", "overcome"),
    (r"\b(?:deal|cope) with\b", "handle"),
    (r"\b(?:dealing|coping) with\b", "handling"),
    (r"\bmade up of\b", "made of"),
    (r"\bback in (?=\d{4}\b)", "in "),
    (r"\bget used_to\b", "get used to"),
)
_ASKED: Final = (
    r"(?:i (?:just )?(?:would like|want|need_to|wanted|need|wish|am trying|was wondering|am wondering|wonder|would love)"
    r"(?: (?:to )?(?:know|find out|ask|ask you))?"
    r"|(?:(?:can|could|would|will) (?:you|anyone|someone|somebody|anybody) )?(?:tell (?:me|us)|let (?:me|us) know|please)"
    r"|do you (?:happen to )?know|does anyone know|any ideas?|explain (?:to me )?(?=how|why)|(?:just )?(?:wondering|curious)"
    r"|i (?:do not|did not) know|(?:my|a|quick|one) question is|may i (?:ask|know)|can i (?:ask|know))"
)
_REQUESTS: Final = (
    r"(?:tell|give|show|explain|help|set|book|cancel|find|play|turn|make|send|call|add|remove|change|check|order|get|put|"
    r"schedule|remind|translate|convert|write|list|look|search|open|close|start|stop|switch|update|read|pay|transfer|create|"
    r"share|let|define|describe|recommend|suggest|calculate|order|report|block|freeze|flip|roll|spell|say|repeat|track)"
)
_POLITE: Final = rules(
    (r"^(?:hi|hello|hey|hiya|greetings|good (?:morning|afternoon|evening)|dear (?:sir|madam|all|team))(?: there| all| guys| team)?[\s,!.:-]+", ""),
    (r"^(?:ok|okay|so|well|um|uh|alright|excuse me|sorry|pardon|quick question|question)\s*[,!:.-]+\s*", ""),
    (r"[\s,.!?-]*\b(?:many thanks|thanks|thank you|thankyou|thx|cheers|ty)(?: (?:so much|very much|a lot|in advance|again|for your help))*(?: in advance)?[\s.!?]*$", ""),
    (r"[\s,.!?-]*\b(?:if (?:you )?(?:do not mind|can|could|would|please)|if possible)[\s.!?]*$", ""),
    (r"[,\s]*\b(?:please|kindly)\b[,\s]*", " "),
    (r"^(?:i (?:was|am) (?:just )?wondering if (?:you|someone|anyone) (?:can|could|would)|i would (?:really )?appreciate it if you (?:can|could|would)|would you mind|is it possible for you to|would it be possible for you to|could you|would you(?: be able to)?|do you mind) (?!have |be |rather |ever |like |say |feel |think |prefer )", ""),
    (rf"^(?:can|will) you (?={_REQUESTS}\b)", ""),
    (rf"^{_ASKED}[,:\s]+(?:about )?(?={WH}\b)", ""),
    (r"^(?:tell me|let me know|i want to know|i would like to know|i need_to know) (?:about )?", ""),
    (r"^(?:i (?:would (?:really )?like|want|need) (?:you )?to|i need_to) (?=[a-z])", ""),
    (r"^(?:help me|let me) (?=[a-z])", ""),
)  # fmt: skip
_POLITENESS: Final = Table(_POLITE)
_PLAIN: Final = Table((*_CONTRACTIONS, *_SPELLINGS))
RULES: Final = (*_CONTRACTIONS, *_SPELLINGS, *_POLITE, *_FRAMES.rules)  # all that may change a text
_COURTESY: Final = re.compile(r"\b(?P<word>please|thanks|thank you|hello|hi|hey|kindly|sorry|excuse me)\b")
_COURTEOUS: Final = frozenset(
    ["please", "thanks", "thank", "hello", "hi", "hey", "kindly", "sorry", "excuse"]
)  # of these words
_SAID: Final = re.compile(
    r"\b((?:say|saying|says|said|spell|translate|write|word|words|meaning|pronounce|phrase|does|word for|for|of|with|define:?|sign|sings?|sang|translate:)(?: of)?(?: the)?(?: word| phrase)? )"
    + _COURTESY.pattern.replace("\\b(", "(", 1)
)
_QUOTED: Final = re.compile(r"\"[^\"]{1,200}\"|(?<!\w)'[^']{2,200}'(?!\w)")
_GLUED: Final = re.compile(r"(?<=[a-z])([.?!])(?=[A-Z][a-z]* )")
_CAPITALS: Final = re.compile("[A-Z]-?[A-Z]")
# Acronyms that are little words in small letters: they stay words of their own, `it_`.
_ACRONYM: Final = re.compile(
    r"\b(IT|WHO|ARE|AM|AS|OR|AND|IF|ALL|CAN|MAY|WILL|HER|HIS|ME|OUR|ON|IN|OF|AT|OFF|OUT|SO|SUCH|TO|UP|BY|BE|ANY|ONE|SAME)\b"
)


def surface(text: str) -> str:
    """Fold Unicode, quotes, dashes and blanks; a full stop glued to the next sentence is parted from it."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(_CHARACTERS)
    inside = text[:-2]
    if "." in inside or "?" in inside or "!" in inside:
        text = _GLUED.sub(r"\1 ", text)
    if _CAPITALS.search(text) and 1 < sum(map(str.isupper, text)) < 0.5 * sum(map(str.isalpha, text)):
        text = re.sub(r"\bUS\b", "USA", text)  # in small letters it is a pronoun
        text = re.sub(r"(?<=[A-Z])-(?=[A-Z]\b)", "", text)  # INTP-A is one name
        text = _ACRONYM.sub(r"\1_", text)
    if "(s)" in text:
        text = re.sub(r"(?<=[a-z]{3})\(s\)", "s", text)  # resolution(s)
    if "-" in text:
        text = re.sub(r"(?<=[^\W\d_])-(?=[^\W\d_])", " ", text)
    return " ".join(text.split())


def normal(text: str) -> str:
    """Bring a text into the form that is compared: lower case, no contractions, no politeness, frames made equal.

    A text that is nothing but politeness is kept as it is.
    """
    core = _core(" ".join(_PLAIN.apply(text.lower()).split()))
    return " ".join((_FRAMES.apply(core) if len(core) <= LONGEST else core).split())


def _kept(found: re.Match[str]) -> str:
    return f"{found['word'].replace(' ', '_')}_"


def _core(text: str) -> str:
    """Take politeness off, again and again; where it is what is asked about (how do I say please) it stays."""
    before, kept = "", text
    if not _COURTEOUS.isdisjoint(whole_words(text)):
        kept = _SAID.sub(lambda found: found[1] + _kept(found), text)
        kept = _QUOTED.sub(lambda found: _COURTESY.sub(_kept, found[0]), kept)
    kept = _unless_empty(kept, kept)
    while before != kept:
        before = kept
        for pattern, new in _POLITENESS.of(kept):
            shorter = pattern.sub(new, kept)
            kept = kept if shorter == kept else _unless_empty(shorter, kept)
    return kept


_LETTER: Final = re.compile(r"\w")


def _unless_empty(shorter: str, text: str) -> str:
    """Strip a shorter text; the text as it was when no word is left."""
    shorter = shorter.strip(" ,")
    return shorter if _LETTER.search(shorter) else text
