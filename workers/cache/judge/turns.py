"""Turns of phrase that ask the same, beside the openings in frames.py and the needless words in wordings.py.

FIRST is tried before both and LAST behind them, in this order, over lower-case text without contractions and politeness. Each
rule names the words that make it safe: `more traffic to my blog` may be got or increased, the traffic of a city may not.
"""

from __future__ import annotations

import re
from typing import Final

from workers.cache.judge.frames import rules
from workers.cache.judge.lexicon import lemmas, lexicon

_END: Final = r"(?=\s*[?.!]*$)"
_SUPERLATIVE: Final = r"(?:best|worst|most [a-z]+|(?!test|latest|guest|interest|forest|request)[a-z]{3,}est)"
_THING: Final = (
    r"((?:(?:a|an|the|my|your|some) )?(?:(?!from\b|in\b|on\b|to\b|with\b|at\b|by\b|for\b|of\b)[a-z0-9]+ ){1,4})"
)
_SITES: Final = r"(?:(?:web)?sites?|blogs?|pages?|channels?|stores?|shops?|apps?|videos?|instagram|twitter|facebook|youtube|quora|pinterest|tumblr)"
_DID: Final = r"(?:[a-z]+ed|did|had|saw|seen|read|got|heard|made|done|bought|wrote)"


def _base(found: re.Match[str]) -> str:
    """Put the verb behind `the best way of` as behind `how do I`: how do I making money, how do I make money."""
    base = [word for word in lemmas(found[1]) - {found[1]} if "v" in lexicon().parts.get(word, "")]
    return f"how do i {base[0]}" if len(base) == 1 else found[0]


FIRST: Final = rules(
    # openings
    (r"(?:^|(?<=[.?!] ))is it (?:really |actually )?true (?:that )?(?!if\b|for\b|to\b|about\b|in\b|of\b|love\b)(?=[a-z])", "does "),
    (r"\b(what|how|why|who|where|when) (?:on earth|in the world|the hell|the heck|exactly) ", r"\1 "),
    (r"^when is (?=the (?:best|right|ideal|good|perfect|proper) (?:time|age|season|month|day|year) (?:to|for)\b)", "what is "),
    (r"^what is (?:the |an? )?(?:perfect|ideal|right|good) (?=(?:age|time|size|season|temperature|month|day) (?:to|for)\b)", "what is the best "),
    (r"\b(is there|are there) anyways?\b", r"\1 any way"),
    (r"^how should (?:i|we|one|you) (?=(?:improve|increase|reduce|gain|become|earn|crack|develop|build|boost|enhance|remove)\b)", "how do i "),
    # the verb of a thing, or its noun
    (r"^what (?:actually |really |mainly )?causes? (?!.* to\b)(?=[a-z])", "what is the cause of "),
    (r"^(?:how (?:do|can|could|would|to) (?:i |you |we |one )?)?(?:differentiate|distinguish) (?:between )?(?!.*\b(?:myself|me|my|mine|us)\b)(.{2,60}?) (?:and|from) (?=[a-z])", r"what is the difference between \1 and "),
    # verbs that go with their noun
    (r"\bstart(ing)? ((?:up )?)(?:an? |my |your |our |own |new )+((?:[a-z]+ )?)(?:business|company|firm)\b", r"start\1 a \3business"),
    (rf"\b(delete|remove|recover|retrieve|erase|unsubscribe) {_THING}(?:in|on) (?=(?!bulk\b|jan|feb|march|april|may|june|july|aug|sep|oct|nov|dec|mon|tues|wednes|thurs|fri|satur|sun)[a-z])", r"\1 \2from "),
    (r"\b(?:start|begin|get started) (?:with|in|on) (?=(?:machine learning|programming|coding|python|java|web development|data science)\b)", "learn "),
    (r"\bkeep (?:myself |yourself |oneself )?(?=(?:motivated|focused|healthy|calm|fit|awake|busy)\b)", "stay "),
    # nouns that say the same
    (r"\bhair ?fall\b", "hair loss"),
    # needless beside what is asked
    (r"\b(?:all time|absolute|absolutely|personal) (?=favou?rite\b)", ""),
    (rf"(\bfavou?rite\b.*) of all times?{_END}", r"\1"),
    (rf"(\b{_SUPERLATIVE}\b.* you (?:have |had )?)(?:ever )?([a-z]+) in (?:your |my )?(?:whole |entire )?life{_END}", r"\1ever \2"),
    (r"\b(?:real|true|actual|sole|ultimate|main|primary) (purpose|meaning|goal|aim) of (?=(?:my |your |our |human |the |a )*life\b)", r"\1 of "),
    (r"(?:^|\b(some|the|any|are|few|of|which|what) )must (?:read|watch|see|visit|have|try|play) (?=(?:[a-z]+ ){0,2}(?:books?|novels?|movies?|films?|shows?|places?|apps?|games?|anime)\b)", r"\1 best "),
    (r"\bsimilar ([a-z]+) (?:to|like) (?=[a-z])", r"\1 like "),
    (rf"\b(what|which|who) (?:was|were) (?=the (?:[a-z]+ )?{_SUPERLATIVE} [a-z]+ (?:that |which )?(?:you (?:have |had )?{_DID}|(?:has |have |had )?(?:ever )?happened)\b)", r"\1 is "),
)  # fmt: skip
LAST: Final = rules(
    (r"^how do i ([a-z]{2,}ing)\b", _base),
    (r"^(?:what (?:is|are) )?(?:(?:some|an?|a few|the|any|of) )*((?:best )?)(?:(?:greatest|good|great|cool|nice) )?examples? (?:of|for|about) ", r"what are \1examples of "),
    (r"^(how do i (?:.*? )?)(?:increase|enhance|boost|develop|build|strengthen|sharpen|raise|expand|enrich|gain) ((?:up )?(?:my |your |our |the |more |own |english |self |brain )*(?:vocabulary|memory|concentration|focus|confidence|esteem|stamina|metabolism|knowledge|productivity|creativity|immunity))\b", r"\1improve \2"),
    (r"^(how do i (?:.*? )?)(?:increase|get|gain|grow|attract|build|boost) (?:(?:the |more )?number of )?(?:the |my |your |more |some |an? )*(?=(?:[a-z]+ )?(?:followers?|subscribers?|likes|upvotes)\b)", r"\1get "),
    (rf"^(how do i (?:.*? )?)(?:increase|get|gain|drive|attract|build|boost|generate|bring) (?:the |my |your |more |some |an? )*(?=(?:[a-z]+ )?traffic\b)(?=.*\b{_SITES}\b)", r"\1get "),
    (r"^how do i (?:(?:grow|get|become|be) taller\b(?!.* than\b)|(?:gain|grow|raise|increase) (?:my |your |the )?(?:body )?height\b(?! of\b))", "how do i increase height"),
    (r"^(how do i (?:.*? )?)(?:stop|quit|beat|conquer|remove|defeat|end|fight|break) ((?:my |your |the |this |an? |own )*(?:[a-z]+ )?(?:procrastination|procrastinating|addiction|laziness|loneliness|shyness|boredom|jealousy|stage fright))\b", r"\1overcome \2"),
    (r"^how do i be (?!able\b|sure\b|in\b|on\b|at\b|with\b|of\b|there\b)(?=[a-z])", "how do i become "),
)  # fmt: skip
