"""The tokens' quick first alternative: it must find what the others find."""

from __future__ import annotations

import re

from hypothesis import example, given
from hypothesis import strategies as st

from workers.cache.judge.tokens import TOKEN

QUICK = r"[a-z]++(?!\S)|"
PLAIN = re.compile(TOKEN.pattern.replace(QUICK, "", 1), re.VERBOSE)


@given(st.text(alphabet="abv.net+#&_-/:,;!?$€%\"' \n13é", max_size=40))
@example("see http://a.b c++ c# .net v2 at&t _it a_b node.js snake_ x/y end")
def test_the_quick_alternative_finds_what_the_others_find(text: str) -> None:
    """Tokens are the same with and without it."""
    assert PLAIN.pattern != TOKEN.pattern
    assert TOKEN.findall(text) == PLAIN.findall(text)
