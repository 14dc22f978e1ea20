"""Whether a query is about the present, or about the asker's own data: its answer is soon, or for others, wrong.

Both are lists of words, in English, and rather too wide than too narrow: what they take by mistake is answered anew. A
text of several sentences that tells its own facts, as problems of arithmetic do, is judged by its last question alone.
"""

from __future__ import annotations

import re
from typing import Final

MOST_CHARS: Final = 2_000  # looked at from the end: a request stands there
OWN_WORDS: Final = 40  # a longer query tells what it is about

_NOW: Final = re.compile(
    r"\b(today|todays|tonight|tomorrow|yesterday|now|nowadays|currently|lately|latest|newest|up[- ]to[- ]date|upcoming"
    r"|as of|at the moment|at present|so far this|right away|live score|breaking news|in the news|headlines|trending"
    r"|this (?:week|month|year|morning|afternoon|evening|season|quarter|weekend)"
    r"|(?:last|next|past) (?:week|month|year|night|season|quarter|weekend|game|match)"
    r"|most recent|recent(?:ly)?|still (?:open|alive|available|valid|married|in)|these days"
    r"|what(?:'s| is)? (?:the )?(?:time|date|day)\b(?! complexity)|what day is it|how late is it"
    r"|weather|forecast|temperature (?:in|outside)|exchange rates?|stock price|share price|gas prices?|traffic"
    r"|(?:price|cost|worth|value) of (?:a |one |an )?(?:bitcoin|ethereum|gold|silver|oil|\w+ (?:stock|share)s?)"
    r"|(?:bitcoin|ethereum|gold|oil|stock) (?:price|worth|value))\b",
    re.IGNORECASE,
)
_CURRENT: Final = re.compile(
    r"(?<!alternating )(?<!direct )(?<!electric )(?<!electrical )(?<!eddy )\bcurrent\s+(?!flow|in a|through)\w",
    re.IGNORECASE,
)
_OWN: Final = re.compile(
    r"\b(my|mine|our|ours)\b|\b(?:am|did|have|was|do|will|had|are|were|can|could) (?:i|we)\b"
    r"|\b(?:i|we)(?:'m|'ve| am| have| had| paid| ordered| bought| sent| spent| owe)\b",
    re.IGNORECASE,
)
_METHOD: Final = re.compile(
    r"\b(?:how (?:do|can|could|should|would|to|does)|what (?:should|can|could|would|do) (?:i|we|one|you)"
    r"|is it (?:possible|ok|okay|safe|legal|bad|good)|can (?:i|we) (?!see|get my|have)|could (?:i|we)|should (?:i|we)"
    r"|may (?:i|we)|do (?:i|we) (?:need|have to)|what (?:happens|is the best way)|ways? to"
    r"|help (?:me )?(?:to )?(?:write|understand|explain)|explain|write|translate|summari[sz]e)\b",
    re.IGNORECASE,
)
_SENTENCE_END: Final = re.compile(r"[.?!]+(?=\s)|\n+")


def about_now(query: str) -> bool:
    """Whether the answer may be another one soon: `What is the latest iPhone?`."""
    asked = _question(query)
    return bool(_NOW.search(asked) or _CURRENT.search(asked))


def about_own_data(query: str) -> bool:
    """Whether the answer is the asker's alone: `What is my balance?`, and not `How do I reset my password?`."""
    if len(query.split()) > OWN_WORDS:
        return False
    asked = _question(query)
    return bool(_OWN.search(asked)) and not _METHOD.search(asked)


def _question(query: str) -> str:
    """The part that asks: the last sentence of a text that has several and numbers in the others, else the whole."""
    text = query[-MOST_CHARS:].replace("\u2019", "'").strip()
    sentences = [part.strip() for part in _SENTENCE_END.split(text) if part.strip()]
    told = " ".join(sentences[:-1])
    return sentences[-1] if len(sentences) > 1 and any(letter.isdigit() for letter in told) else text
