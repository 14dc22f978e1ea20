"""Guards over prepositions whose meaning hangs on the word before or behind them, where alone they would be alike."""

from __future__ import annotations

from typing import Final

from workers.cache.judge.align import Match, Pair
from workers.cache.judge.lexicon import known, lemmas, lexicon
from workers.cache.judge.near import ANIMATE, CONTAINERS, IDIOMS, LED, PHRASAL, TICKETS
from workers.cache.judge.text import Text, Word
from workers.cache.judge.words import MODALS, POSSESSIVES, PREPOSITIONS, QUANTIFIERS, TIMES

_ARTICLES: Final = POSSESSIVES | {"a", "an", "the", "some", "any", "this", "that", "these", "those"}
_DETERMINERS: Final = _ARTICLES | QUANTIFIERS
_PLACES: Final = frozenset(["in", "at", "on", "within", "during"])
# Verb and prepositions that say the same nevertheless.
_ALIKE: Final = {
    "think": frozenset(["of", "about", "on"]), "hear": frozenset(["of", "about"]), "know": frozenset(["of", "about"]),
    "work": frozenset(["for", "in", "at", "with"]), "wait": frozenset(["for", "on"]),
    "write": frozenset(["on", "for", "in"]), "speak": frozenset(["to", "with"]),
    "talk": frozenset(["to", "with"]), "prepare": frozenset(["for", "to"]), "apply": frozenset(["for", "to"]),
    "live": frozenset(["in", "at", "on"]), "get": frozenset(["of", "from", "out of", "out from"]), "die": frozenset(["of", "from"]),
    "learn": frozenset(["", "about", "of"]), "study": frozenset(["", "about", "for", "in", "of"]), "improve": frozenset(["", "in"]),
    "join": frozenset(["", "in"]), "do": frozenset(["in", "with"]),
    "pay": frozenset(["with", "by", "via", "through"]), "put": frozenset(["on", ""]),
}  # fmt: skip
_FROM: Final = frozenset(["jealous", "make", "made", "get", "die", "suffer", "graduate", "free"])
_WITH: Final = frozenset(
    [
        "good",
        "bad",
        "problem",
        "problems",
        "issue",
        "issues",
        "wrong",
        "do",
        "trouble",
        "happen",
        "happened",
        "relationship",
    ]
)
_STORED: Final = frozenset(["virus", "viruses", "file", "files", "photo", "photos", "app", "apps", "data"])
_FELT: Final = frozenset(["war", "love", "fear", "attack", "hatred", "hate", "murder"])  # of whom, and by whom
_SENT: Final = _FELT | {"letter", "email", "message", "call", "song", "payment", "transfer", "mail"}
_NARROW: Final = (  # pairs of prepositions that are alike behind these words only
    (frozenset(["of", "from"]), _FROM),
    (frozenset(["with", "in"]), _WITH),
    (frozenset(["with", "of"]), _WITH),
    (frozenset(["with", "about"]), _WITH),
    (frozenset(["by", "from"]), frozenset(["money", "earn"])),
    (frozenset(["from", "on"]), _STORED),
    (frozenset(["by", "on"]), frozenset(["money", "earn", "pay"])),
)


def governed(pair: Pair) -> str | None:
    """Refuse when the word before it, or the one behind it, makes another preposition another question."""
    for match in pair.matches:
        left, right = _before(pair.left, match.left), _before(pair.right, match.right)
        roles = {left[1], right[1]}
        if len(roles) > 1 and match.left.at not in pair.turned and _matters(pair, match, left, right):
            return f"{left[1] or 'nothing'} and {right[1] or 'nothing'} before {match.right.form}"
        if match.left.at in pair.turned and (found := _turned(pair)):
            return found
    left_led, right_led = (_led(text) for text in (pair.left, pair.right))
    for (verb, role), (other, second) in zip(left_led, right_led, strict=False):
        if (
            role != second
            and lemmas(verb) & lemmas(other)
            and not any({role, second} <= _ALIKE.get(base, frozenset()) for base in lemmas(verb))
        ):
            return f"{role} and {second} behind {verb}"
    return None


def _led(text: Text) -> list[tuple[str, str]]:
    """List verbs with the preposition that parts them from a pronoun: wait for him, talk about it; empty where none does."""
    found = []
    words = text.words
    for at, word in enumerate(words):
        if word.kind == "content" and lemmas(word.form) & LED:
            role, next_at = "", at + 1
            while next_at < len(words) and words[next_at].form in PREPOSITIONS and words[next_at].form not in _OBJECTS:
                role = f"{role} {words[next_at].form}".strip()
                next_at += 1
            while role and next_at < len(words) and words[next_at].form in {"the", "a"}:
                next_at += 1
            if next_at < len(words) and words[next_at].form in _OBJECTS:
                found.append((word.form, role))
    return found


_OBJECTS: Final = frozenset(
    [
        "him",
        "her",
        "them",
        "me",
        "us",
        "it",
        "you",
        "this",
        "that",
        "someone",
        "next",
        "last",
        "same",
        "thing",
        "things",
        "other",
    ]
)


def _before(text: Text, word: Word) -> tuple[str, str]:
    """Give the content word that leads to a word, if nothing but prepositions and determiners stand between; and the former."""
    role, at = "", word.at - 1
    while at >= 0 and text.words[at].sentence == word.sentence:
        other = text.words[at]
        if other.kind != "function":
            return other.form, role
        if other.form == "to" and not role and not word.role:
            break  # it leads to a verb
        if other.form in PREPOSITIONS:
            role = f"{other.form} {role}".strip()
        elif other.form not in _DETERMINERS:
            break
        at -= 1
    return "", role


def _matters(pair: Pair, match: Match, left: tuple[str, str], right: tuple[str, str]) -> bool:
    """Tell whether two prepositions before a word differ in meaning, by what they stand between."""
    roles = {left[1], right[1]}
    form = match.left.form
    heads = lemmas(left[0]) & lemmas(right[0]) if left[0] and right[0] else frozenset[str]()
    if match.left.kind == "number":
        return (
            "" not in roles
            and "of" not in roles
            and ("about" in roles or _timed(pair.left, match.left) or ("in" in roles and not _year(form)))
        )
    if (
        roles == {"", "for"}
        and heads & {"go", "travel", "come"}
        and (form.endswith("ing") or form in {"cheap", "free"})
    ):
        return False
    if _set(form, heads, roles):
        return True
    verbs = heads & LED if heads and _as_verb(pair, left[0], right[0]) else frozenset[str]()
    if heads and not verbs and _done(pair, left[0], right[0]):
        verbs = frozenset(head for head in heads if "v" in lexicon().parts.get(head, ""))
    return bool(verbs) and not _alike(pair, match, verbs, roles)


def _set(form: str, heads: frozenset[str], roles: set[str]) -> bool:
    """Tell whether a noun before or behind the prepositions sets them apart."""
    both = "" not in roles
    return (
        (both and form in IDIOMS)
        or (form in ANIMATE and "for" in roles and bool(roles & {"on", "of", "in", "about"}) and "advice" not in heads)
        or ("in" in roles and bool(heads & TICKETS))
        or (roles == {"in", "for"} and _place(form))
        or (both and bool(heads & _SENT) and (roles == {"to", "for"} or bool(heads & _FELT)))
        or any(roles == alike and not heads & words for alike, words in _NARROW)
    )


def _year(form: str) -> bool:
    return len(form) == 5 and form[1:3] in {"18", "19", "20"}


def _place(form: str) -> bool:
    """Tell whether a word names a country or the like: it has an adjective for its people (japan, japanese)."""
    return any(deed[:3] == form[:3] and deed.endswith(("an", "ese", "ish")) for deed in lexicon().deeds.get(form, ()))


def _timed(text: Text, number: Word) -> bool:
    """Tell whether a number counts days, minutes or the like."""
    after = text.words[number.at + 1].form if number.at + 1 < len(text.words) else ""
    return after.removesuffix("s") in TIMES


def _done(pair: Pair, left: str, right: str) -> bool:
    """Tell whether the leading word is surely a verb: behind a pronoun, to or a modal on both sides."""
    for text, form in ((pair.left, left), (pair.right, right)):
        at = next(word.at for word in text.words if word.form == form)
        before = text.words[at - 1].form if at else ""
        if before not in _SUBJECTS and before not in MODALS:
            return False
    return True


_SUBJECTS: Final = frozenset(["i", "you", "we", "they", "he", "she", "to", "not", "one", "people"])


def _as_verb(pair: Pair, left: str, right: str) -> bool:
    """Tell whether the leading word is likely a verb: it is not led by an article, a possessive or an adjective in -est."""
    for text, form in ((pair.left, left), (pair.right, right)):
        at = next(word.at for word in text.words if word.form == form)
        before = text.words[at - 1].form if at else ""
        if (before in _ARTICLES or before.endswith("est")) and form not in {"look", "wait"}:
            return False
    return True


def _alike(pair: Pair, match: Match, verbs: frozenset[str], roles: set[str]) -> bool:
    if roles <= _PLACES:
        return not verbs & PHRASAL and not ("work" in verbs and "on" in roles)
    if roles <= {"with", "through", "via"}:
        return True
    if any(roles <= _ALIKE.get(verb, frozenset()) for verb in verbs):
        return True
    if roles == {"", "for"}:
        form = match.left.form
        exam = "prepare" in verbs and (
            not known(form) or any(word.form.startswith("exam") for word in pair.left.content) or form in _TESTS
        )
        return exam or form.startswith("favor") or form in {"help", "advice"}
    return roles == {"", "about"} and "think" in verbs


_TESTS: Final = frozenset(["exam", "exams", "test", "tests", "interview", "interviews", "section", "gate", "cat"])


def _turned(pair: Pair) -> str | None:
    """Refuse phrases that turn around with another meaning: a glass of wine, a wine glass; allergies in dogs, dog allergies."""
    places = sorted(pair.turned)
    heads = [next(other for other in pair.matches if other.left.at == at) for at in places]
    words = [(one.left, one.right) for one in heads]
    for one, other in ((0, 1), (1, 0)):
        for side in (0, 1):
            head, rest = words[one][side], words[other][side]
            if rest.role == "of" and head.form in CONTAINERS:
                return f"a container and what is in it: {head.form}"
            if rest.role in {"in", "on", "at", "about"} and rest.form in ANIMATE:
                return f"{rest.role} {rest.form} and of it"
    return None
