r"""Regular expressions that look for a word they need before they are run: most rules have nothing to do in most texts.

What a pattern needs is read from the pattern itself: `\blet'?s\b` needs `let`, `(?:can|could) you` needs `can` or `could`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, Final

from workers.cache.judge import trigger

MOST: Final = 13  # alternatives; looking for more takes as long as the pattern
PARTS: Final = 3  # of a pattern that are looked for
_WORD: Final = re.compile(r"\w+")
Needs = tuple[str, ...]
Replacement = str | Callable[[re.Match[str]], str]
parser: Any = getattr(re, "_parser", None)  # an implementation may lack it: then every pattern is run


class Gated:
    """A pattern with what any text that it matches contains; it must heed case.

    Attributes:
        pattern: the pattern.
        needs: of each of these groups of strings one at least is in every text with a match.
        words: of these whole words one at least is in every text with a match; none: that cannot be named.
        sure: each of these whole words is in every text with a match.
    """

    __slots__ = ("_sub", "needs", "pattern", "sure", "words")

    def __init__(self, pattern: str) -> None:
        self.pattern = re.compile(pattern)
        known = parser is not None and not self.pattern.flags & re.IGNORECASE
        tree = parser.parse(pattern) if known else []
        found = _of_all(tree)
        self.words, self.sure = trigger.words(tree) if known else (frozenset[str](), frozenset[str]())
        self.needs = tuple(sorted(dict.fromkeys(found), key=_worth, reverse=True)[:PARTS])
        self._sub = self.pattern.sub

    def sub(self, new: Replacement, text: str) -> str:
        """Replace every match, as `re.sub` does."""
        return self._sub(new, text) if self.may_match(text) else text

    def may_match(self, text: str) -> bool:
        """Tell whether a text has what is needed."""
        for needs in self.needs:
            for need in needs:
                if need in text:
                    break
            else:
                return False
        return True


class Table:
    """Rules that are tried in their order, each once, over one text: what `Gated.sub` does, without a call for each.

    Args:
        rules: patterns with what replaces a match.
    """

    def __init__(self, rules: Iterable[tuple[Gated, Replacement]]) -> None:
        self.rules = tuple(rules)
        self._steps = tuple((gated.sure, *_first(gated.needs), gated.pattern.sub, new) for gated, new in self.rules)
        self._always = tuple(at for at, (gated, _) in enumerate(self.rules) if not gated.words)
        self._by_word: dict[str, list[int]] = defaultdict(list)
        for at, (gated, _) in enumerate(self.rules):
            for word in gated.words:
                self._by_word[word].append(at)

    def apply(self, text: str) -> str:
        """Put a text through all rules."""
        steps, done, words = self._steps, -1, whole_words(text)
        waiting = self._of(words)
        while waiting:
            for at in waiting:
                sure, first, others, sub, new = steps[at]
                if at <= done or not sure <= words or first not in text:
                    continue
                for needs in others:
                    for need in needs:
                        if need in text:
                            break
                    else:
                        break
                else:
                    changed = sub(new, text)
                    if changed != text:
                        text, done, words = changed, at, whole_words(changed)
                        waiting = self._of(words)
                        break
            else:
                return text
        return text

    def of(self, text: str) -> list[tuple[Gated, Replacement]]:
        """List the rules that may have something to do in a text, in their order."""
        return [self.rules[at] for at in self._of(whole_words(text))]

    def _of(self, words: frozenset[str]) -> list[int]:
        """List the rules that may have something to do in a text of these words, in their order."""
        found = set(self._always)
        for word in self._by_word.keys() & words:
            found.update(self._by_word[word])
        return sorted(found)


@lru_cache(8)
def whole_words(text: str) -> frozenset[str]:
    """List the words of a text each once; known while it goes through one table after another."""
    return frozenset(_WORD.findall(text))


def _first(groups: tuple[Needs, ...]) -> tuple[str, tuple[Needs, ...]]:
    """Take the longest string that stands alone in its group, to be looked for first; every text has the empty one."""
    alone = max((needs for needs in groups if len(needs) == 1), key=lambda needs: len(needs[0]), default=("",))
    return alone[0], tuple(needs for needs in groups if needs != alone)


def _of_all(parts: Iterable[tuple[Any, Any]]) -> list[Needs]:
    """List what the parts of a sequence need: all of it."""
    found: list[Needs] = []
    run = ""
    for name, argument in (*parts, ("", None)):
        kind = str(name)
        if kind == "LITERAL":
            run += chr(argument)
        elif kind != "AT":  # a place between two letters takes no letter itself
            found += [(run,)] if run else []
            run = ""
            found += _of_one(kind, argument)
    return [needs for needs in found if len(needs) <= MOST]


def _of_one(kind: str, argument: Any) -> list[Needs]:
    """List what one part needs; nothing when that cannot be named."""
    if kind == "SUBPATTERN":
        return [] if argument[1] else _of_all(argument[3])  # flags of its own
    if kind in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}:
        return _of_all(argument[2]) if argument[0] else []
    if kind == "ASSERT":
        return _of_all(argument[1])
    if kind == "BRANCH":
        each = [max(_of_all(parts), key=_worth, default=()) for parts in argument[1]]
        return [tuple(dict.fromkeys(need for needs in each for need in needs))] if all(each) else []
    return []


def _worth(needs: Needs) -> int:
    """Prefer few and long strings: the shortest says how often the pattern is run for nothing."""
    return 4 * min(map(len, needs)) - len(needs)
