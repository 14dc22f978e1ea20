"""Pairs that differ in one edit which changes the answer, and pairs that differ in the surface only; from real queries.

    python -m benchmarks.cache_traps --data DIR > traps.jsonl      # {"kind", "stored", "asked"}

DIR holds router/clinc150, banking77 and nq_open as .jsonl.gz with a field `question`. The same seed gives the same pairs.
No edit uses the judge's own word lists: a trap made from a guard's list would only show that the list is itself.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

Edit = Callable[[str, random.Random], str | None]
EACH: Final = 320  # traps of a kind
SEED: Final = 20
SOURCES: Final = ("clinc150", "banking77", "nq_open")


def queries(data: Path) -> list[str]:
    """Read the real queries, shortest noise left out."""
    found = []
    for source in SOURCES:
        with gzip.open(data / "router" / f"{source}.jsonl.gz", "rt", encoding="utf-8") as file:
            found += [json.loads(line)["question"] for line in file]
    return [text for text in dict.fromkeys(found) if len(text.split()) >= 4]


def swapped(pairs: str) -> Edit:
    """Make an edit that replaces one word (or phrase, with _ for blanks) by its partner; `a>b` goes one way only."""
    table: dict[str, list[str]] = {}
    for pair in pairs.split():
        one, other = (part.replace("_", " ") for part in re.split("[>/]", pair))
        table.setdefault(one, []).append(other)
        if "/" in pair:
            table.setdefault(other, []).append(one)
    pattern = re.compile(
        r"\b(" + "|".join(sorted(map(re.escape, table), key=len, reverse=True)) + r")\b", re.IGNORECASE
    )

    def edit(text: str, dice: random.Random) -> str | None:
        places = list(pattern.finditer(text))
        if not places:
            return None
        place = dice.choice(places)
        return text[: place.start()] + dice.choice(table[place[0].lower()]) + text[place.end() :]

    return edit


def number(text: str, dice: random.Random) -> str | None:
    """Change a number in digits."""
    places = list(re.finditer(r"(?<![\w.])\d+(?![\w.])", text))
    if not places:
        return None
    place = dice.choice(places)
    new = int(place[0]) + dice.choice([1, 2, 3, 10, 100])
    return text[: place.start()] + str(new) + text[place.end() :]


NUMBER_WORD: Final = swapped(
    "two/three four/five six/seven eight/nine ten/twelve twenty/thirty fifty/sixty hundred/thousand first/second third/fourth twice/once"
)
CURRENCY: Final = swapped("dollars/euros usd/gbp pounds/yen £/$ euro/pound eur/gbp percent/dollars dollar/peso")
UNIT: Final = swapped(
    "miles/kilometers pounds/kilograms hours/days minutes/hours days/weeks week/month month/year inches/feet cups/tablespoons ounces/grams gallons/liters celsius/fahrenheit teaspoons/cups"
)
TIME: Final = swapped(
    "today/tomorrow yesterday/today tonight/tomorrow monday/tuesday friday/sunday morning/evening january/june march/april july/august september/october last/next am/pm week/weekend now/later saturday/thursday night/afternoon december/november"
)
ANTONYM: Final = swapped(
    "increase/decrease raise/lower open/close start/stop buy/sell add/remove lock/unlock activate/deactivate cheap/expensive best/worst most/least high/low highest/lowest largest/smallest longest/shortest fast/slow hot/cold good/bad new/old early/late first/last win/lose accept/decline deposit/withdraw send/receive enable/disable turn_on/turn_off always/never more/less higher/lower allowed/forbidden accepted/rejected top_up/cash_out won/lost north/south east/west male/female left/right inside/outside arrive/depart weak/strong hard/easy"
)
DIRECTION: Final = swapped(
    "from/to before/after with/without up/down in/out into/out_of on/off over/under above/below until/after for/against"
)
QUANTIFIER: Final = swapped(
    "all/some every/any many/few each/any both/either most/some only/also at_least/at_most any/all much/little more_than/less_than always/sometimes another/every some/no one_of/all_of a_few/all usually/never"
)
MODALITY: Final = swapped(
    "can/should should/must could/must may/must must/may would/should can/must will/might do_i/should_i need_to/may have_to/may"
)
PERSON: Final = swapped(
    "my/your i>he i>they my>his my>her me>him your/their our/their his/her he/she we>they myself>himself"
)
QUESTION: Final = swapped(
    "who/when what/why where/when when/where how/why how_many/how_much how_much/how_long how_long/how_often why/how who/where which/whose what_is>why_is how_do>why_do can_i>why_can_i where/how is>why_is"
)
TENSE: Final = swapped(
    "is>was was>will_be did>does does>did are>were will>did do>did has>had won>wins plays>played sings>sang wrote>writes has_been>will_be was>is"
)
PLACE: Final = swapped(
    "london/paris france/spain india/china america/canada texas/florida york/jersey chicago/boston england/scotland uk/us california/nevada europe/asia germany/italy japan/korea mexico/brazil africa/australia spanish/french english/german italian/japanese american/british los_angeles/san_diego atlanta/dallas seattle/denver usa/uk indian/chinese"
)
BRAND: Final = swapped(
    "visa/mastercard apple/samsung google/amazon netflix/hulu toyota/honda uber/lyft chase/citibank paypal/venmo american_express/visa facebook/twitter iphone/android disney/pixar delta/united walmart/target wells_fargo/chase honda/ford apple_pay/google_pay starbucks/mcdonalds playstation/xbox bank_of_america/chase"
)
ADJECTIVE: Final = swapped(
    "red/blue green/yellow black/white virtual/physical international/domestic small/medium chicken/beef public/private main/secondary american/asian contactless/virtual digital/paper disposable/permanent daily/monthly electric/gas british/irish free/paid personal/business medical/dental checking/savings direct/monthly temporary/permanent local/foreign vegan/kosher modern/ancient federal/state current/former olympic/national"
)
HYPERNYM: Final = swapped(
    "dog>animal car>vehicle song>album movie>franchise city>country card>account president>politician actor>crew song>movie king>family state>country book>library restaurant>business meal>diet card_payment>bill cash>money flight>trip pizza>food account>bank team>league song>artist player>team character>actor episode>season tire>car alarm>clock"
)
ENTITY: Final = swapped(
    "card/phone transfer/refund passport/license password/username pin/address fee/limit season/episode song/poem actor/director game/match balance/statement insurance/mortgage alarm/timer flight/hotel reservation/meeting recipe/ingredient credit/loyalty exchange/interest state/county president/governor album/tour queen/duke planet/moon atm/app river/lake war/treaty brother/cousin movie/play calendar/list tax/bonus statement/invoice"
)
CONDITIONS: Final = (
    "for children", "in winter", "without a password", "if i am under 18", "on an old phone", "while travelling", "for free",
    "in canada", "as a student", "with a broken screen", "before the deadline", "using a business account", "at night",
    "if it is cancelled", "for two people", "after a divorce", "in the 1990s", "on android", "for my mother", "except on sundays",
)  # fmt: skip
ADVERBS: Final = (
    "medical",
    "wooden",
    "online",
    "secondhand",
    "temporary",
    "joint",
    "winter",
    "german",
    "unofficial",
    "vintage",
)


def negation(text: str, dice: random.Random) -> str | None:
    """Put in a negation, or take one out."""
    taken = re.sub(r"\bnot |n't\b", "", text, count=1)
    if taken != text:
        return taken
    found = list(
        re.finditer(
            r"\b(can|could|should|will|would|does|did|is|are|was|were|has|have)( (?:i|you|we|it|he|she|they|my|the|a)\b(?: \w+)?)?",
            text,
        )
    )
    if not found:
        found = list(re.finditer(r"\b(do)( (?:i|you|we|they))\b", text))
    if not found:
        return None
    place = dice.choice(found)
    return text[: place.end()] + " not" + text[place.end() :]


def condition_added(text: str, dice: random.Random) -> str:
    """Put a condition at the end."""
    return f"{text.rstrip(' ?.!')} {dice.choice(CONDITIONS)}"


def condition_removed(text: str, _: random.Random) -> str | None:
    """Take the last phrase that begins with a preposition."""
    found = re.match(
        r"(.{15,}?) (?:in|for|with|without|on|at|during|from|before|after|if|when|under|between) [\w' ]{3,}[?.]?$", text
    )
    return found[1] if found else None


def word_added(text: str, dice: random.Random) -> str | None:
    """Put an adjective before a noun that follows an article or a possessive."""
    places = list(re.finditer(r"\b(?:the|a|my|an|your) (?=[a-z]{4,})", text))
    if not places:
        return None
    end = dice.choice(places).end()
    return f"{text[:end]}{dice.choice(ADVERBS)} {text[end:]}"


NEEDLESS: Final = {
    "please",
    "really",
    "things",
    "actually",
    "getting",
}  # without them the sense is the same, or there is none


def word_removed(text: str, dice: random.Random) -> str | None:
    """Take out a long word that stands between others."""
    places = [place for place in re.finditer(r"(?<=\w )([a-z]{6,}) (?=[a-z]{4,})", text) if place[1] not in NEEDLESS]
    if not places:
        return None
    place = dice.choice(places)
    return text[: place.start()] + text[place.end() :]


def word_changed(bank: list[str]) -> Edit:
    """Make an edit that replaces a long word by a long word of another query."""

    def edit(text: str, dice: random.Random) -> str | None:
        places = list(re.finditer(r"\b[a-z]{5,}\b", text))
        other = dice.choice(bank)
        if not places or other in text or other[:4] in text:
            return None
        place = dice.choice(places)
        return text[: place.start()] + other + text[place.end() :]

    return edit


def exchanged(text: str, _: random.Random) -> str | None:
    """Exchange what stands on both sides of to, than, by, into or from."""
    found = re.search(r"\b(?P<a>[a-z]{3,}) (?P<m>to|than|by|into|from|for) (?:the |a |my )?(?P<b>[a-z]{3,})\b", text)
    if (
        not found
        or found["a"] == found["b"]
        or found["a"] in {"how", "want", "need", "like", "have", "going", "able", "the", "what", "out"}
    ):
        return None
    return f"{text[: found.start()]}{found['b']} {found['m']} {found['a']}{text[found.end() :]}"


def compared(text: str, other: str, dice: random.Random) -> tuple[str, str]:
    """Ask which of two queries comes before the other, and the reverse."""
    one, two = (re.sub(r"[?.!]", "", query) for query in (text, other))
    frame = dice.choice(
        [
            'is "{}" better than "{}"',
            "convert {} to {}",
            "why does {} cause {}",
            "is {} older than {}",
            "translate {} into {}",
        ]
    )
    return frame.format(_noun(one), _noun(two)), frame.format(_noun(two), _noun(one))


def _noun(text: str) -> str:
    words = [
        word
        for word in re.findall(r"[a-z]{5,}", text.lower())
        if word
        not in {
            "where",
            "which",
            "would",
            "could",
            "should",
            "there",
            "their",
            "about",
            "please",
            "things",
            "because",
            "instead",
        }
    ]
    return max(words, key=len, default="thing")


def two_texts(text: str, other: str, dice: random.Random) -> dict[str, tuple[str, str]]:
    """Make the traps that are frames around real queries: quotations, code, languages, long prefixes, order."""
    tail, tail2 = _noun(text), _noun(other)
    major, minor = dice.randint(2, 9), dice.randint(1, 12)
    identifier = f"get_{tail}"
    foreign = [" ".join(dice.sample(FOREIGN, dice.randint(2, 4))) for _ in range(2)]
    prefix = " ".join(f"note {at}: {query.rstrip('?')}." for at, query in enumerate([text, other] * 25))
    frame = dice.choice(
        ['what does "{}" mean', 'translate "{}" into spanish', 'how many letters are in "{}"', "who said '{}'"]
    )
    ask = dice.choice(
        ["what is the meaning of {} in english", "what does {} mean", "translate {}", "how do you pronounce {}"]
    )
    return {
        "order": compared(text, other, dice),
        "quotation": (frame.format(text), frame.format(other)),
        "version": (f"{text} in version {major}.{minor}", f"{text} in version {major}.{minor + 1}"),
        "code": (f"what does {identifier}() return in python", f"what does {identifier}s() return in python"),
        "code flag": (f"what does the option --{tail} do", f"what does the option --{tail2} do"),
        "language": (ask.format(foreign[0]), ask.format(foreign[1])),
        "long prefix": (f"{prefix} what is the {tail}?", f"{prefix} what is the {tail2}?"),
        "long middle": (f"{text} {prefix} {tail}. {prefix} {other}", f"{text} {prefix} {tail2}. {prefix} {other}"),
    }


FOREIGN: Final = tuple(
    "mujhe tumse pyaar hai kal milte hain guten morgen schmetterling ich liebe dich je ne sais quoi bonjour merci beaucoup"  # noqa: SIM905
    " hola amigo gracias por favor ciao bella buongiorno arigatou gozaimasu konnichiwa sayonara obrigado saudade".split()
)  # fmt: skip


def kinds(texts: list[str]) -> dict[str, Edit]:
    """Name the one-edit traps."""
    bank = sorted({word for text in texts for word in re.findall(r"\b[a-z]{6,9}\b", text)})
    return {
        "number": number, "number word": NUMBER_WORD, "currency": CURRENCY, "unit": UNIT, "time": TIME, "negation": negation,
        "antonym": ANTONYM, "direction": DIRECTION, "quantifier": QUANTIFIER, "modality": MODALITY, "person": PERSON,
        "question": QUESTION, "tense": TENSE, "place": PLACE, "brand": BRAND, "adjective": ADJECTIVE, "hypernym": HYPERNYM,
        "entity": ENTITY, "condition added": condition_added, "condition removed": condition_removed, "word added": word_added,
        "word removed": word_removed, "word changed": word_changed(bank), "exchanged": exchanged,
    }  # fmt: skip


def traps(data: Path, seed: int = SEED) -> Iterator[tuple[str, str, str]]:
    """Make the traps: kind, stored, asked."""
    texts = queries(data)
    dice = random.Random(seed)
    for kind, edit in kinds(texts).items():
        order = dice.sample(texts, len(texts))
        made = 0
        for text in [*order, *order]:
            asked = edit(text, dice)
            if asked and asked.lower() != text.lower():
                yield kind, text, asked
                made += 1
            if made == EACH:
                break
    order = dice.sample(texts, 2 * EACH)
    for text, other in zip(order[:EACH], order[EACH:], strict=True):
        for kind, (stored, asked) in two_texts(text, other, dice).items():
            if stored != asked:
                yield kind, stored, asked


POLITE: Final = (
    "please {}",
    "could you please {}",
    "hi, {}",
    "hello! {} thanks",
    "{}, please",
    "{} thank you!",
    "hey there, {}",
    "can you tell me {}",
    "kindly {}",
    "{} thanks in advance",
)
BRITISH: Final = {
    "color": "colour", "favorite": "favourite", "center": "centre", "canceled": "cancelled", "traveling": "travelling",
    "organize": "organise", "realize": "realise", "theater": "theatre", "gray": "grey", "program": "programme",
    "license": "licence", "neighbor": "neighbour", "recognize": "recognise", "authorized": "authorised", "labor": "labour",
    "honor": "honour", "flavor": "flavour", "apologize": "apologise", "catalog": "catalogue", "defense": "defence", "jewelry": "jewellery",
}  # fmt: skip
CONTRACTIONS: Final = {
    "what is": "what's", "who is": "who's", "where is": "where's", "how is": "how's", "i am": "i'm", "do not": "don't",
    "does not": "doesn't", "did not": "didn't", "cannot": "can't", "can not": "can't", "is not": "isn't", "i have": "i've",
    "it is": "it's", "i would": "i'd", "will not": "won't", "that is": "that's", "was not": "wasn't", "i will": "i'll",
    "are not": "aren't", "have not": "haven't", "has not": "hasn't", "should not": "shouldn't", "you are": "you're",
}  # fmt: skip


def surface_edits() -> dict[str, Edit]:
    """Name the edits that change nothing but the surface."""
    return {
        "case": lambda text, roll: roll.choice([text.upper(), text.title(), text.capitalize()]),
        "spacing": lambda text, roll: re.sub(" ", lambda _: " " * roll.choice([1, 1, 2, 3]), f" {text} "),
        "punctuation": lambda text, roll: text.rstrip("?.! ") + roll.choice(["?", "??", ".", "!", " ?", "...", ""]),
        "politeness": lambda text, roll: roll.choice(POLITE).format(text),
        "contraction": _replaced(CONTRACTIONS),
        "spelling": _replaced(BRITISH | {new: old for old, new in BRITISH.items()}),
    }


def surfaces(data: Path, seed: int = SEED) -> Iterator[tuple[str, str, str]]:
    """Make the pairs that mean the same: kind, stored, asked."""
    texts = queries(data)
    dice = random.Random(seed + 1)
    for kind, edit in surface_edits().items():
        made = 0
        for text in dice.sample(texts, len(texts)):
            asked = edit(text, dice)
            if asked and asked != text:
                yield kind, text, asked
                made += 1
            if made == EACH:
                break


def _replaced(table: dict[str, str]) -> Edit:
    pattern = re.compile(r"\b(" + "|".join(map(re.escape, table)) + r")\b")

    def edit(text: str, _: random.Random) -> str | None:
        return pattern.sub(lambda found: table[found[0]], text) if pattern.search(text) else None

    return edit


def main() -> None:
    """Print traps, or with --surface the pairs that mean the same."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--surface", action="store_true")
    parser.add_argument("--seed", type=int, default=SEED)
    chosen = parser.parse_args()
    for kind, stored, asked in (surfaces if chosen.surface else traps)(chosen.data, chosen.seed):
        print(json.dumps({"kind": kind, "stored": stored, "asked": asked}, ensure_ascii=False))


if __name__ == "__main__":
    main()
