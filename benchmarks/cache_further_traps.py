"""Further kinds of pairs that differ in one edit which changes the answer: tails, degrees, roles, near words, names made longer.

    python -m benchmarks.cache_further_traps --data DIR > traps.jsonl      # {"kind", "stored", "asked"}

DIR as for cache_traps.py, and cache/qqp_pairs.jsonl.gz, whose questions are used one by one. The same seed gives the same pairs.
Edits that the judge takes for no change on purpose are left out (quickly, really, the best way; docs/cache-judge.md).
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmarks.cache_traps import EACH, SEED, Edit, queries, swapped

_END: Final = " ?.!"
_LONGEST: Final = 120  # characters of a question that is edited


def questions(data: Path) -> list[str]:
    """Read the real queries of cache_traps.py, and the questions of the Quora pairs where they are there."""
    found = queries(data)
    path = data / "cache/qqp_pairs.jsonl.gz"
    if path.exists():
        with gzip.open(path, "rt", encoding="utf-8") as file:
            rows = [json.loads(line) for line in file]
        found += [row["a"] for row in rows]
    return [
        text for text in dict.fromkeys(found) if len(text.split()) >= 4 and len(text) <= _LONGEST and text.isascii()
    ]


def tail(*phrases: str) -> Edit:
    """Make an edit that puts one of these phrases at the end."""

    def edit(text: str, dice: random.Random) -> str | None:
        phrase = dice.choice(phrases)
        return None if phrase.split()[-1] in text else f"{text.rstrip(_END)} {phrase}"

    return edit


def inserted(behind: str, *words: str) -> Edit:
    """Make an edit that puts one of these words behind the first place that a pattern finds."""
    pattern = re.compile(behind, re.IGNORECASE)

    def edit(text: str, dice: random.Random) -> str | None:
        place, word = pattern.search(text), dice.choice(words)
        if not place or word in text:
            return None
        return f"{text[: place.end()]}{word} {text[place.end() :]}"

    return edit


def replaced(pattern: str, *news: str) -> Edit:
    r"""Make an edit that replaces what a pattern finds first by one of these (with its groups as \\1, \\2)."""
    compiled = re.compile(pattern, re.IGNORECASE)

    def edit(text: str, dice: random.Random) -> str | None:
        return compiled.sub(dice.choice(news), text, count=1) if compiled.search(text) else None

    return edit


def asked_of(text: str, dice: random.Random) -> str | None:
    """Ask something about the question instead of asking it."""
    frame = dice.choice((
        "how do i say {} in french", "what does {} mean", "how many words are in {}", "is it rude to ask {}",
        "who first asked {}", "why do people ask {}", "how do you spell {}", "is it legal to ask {}",
    ))  # fmt: skip
    return frame.format(text.rstrip(_END))


_BASES: Final = {
    "wrote": "write", "sang": "sing", "won": "win", "played": "play", "invented": "invent", "discovered": "discover",
    "killed": "kill", "founded": "found", "led": "lead", "beat": "beat", "defeated": "defeat", "married": "marry",
    "directed": "direct", "owned": "own", "owns": "own", "made": "make", "created": "create", "built": "build", "painted": "paint",
    "plays": "play", "sings": "sing", "designed": "design", "voiced": "voice", "signed": "sign", "started": "start",
    "introduced": "introduce", "found": "find", "gave": "give", "appointed": "appoint", "elected": "elect", "ruled": "rule",
}  # fmt: skip
_WHO: Final = re.compile(
    rf"^who (?:first )?({'|'.join(_BASES)}) ((?:[\w']+ ?){{1,5}}?)(?: (?:in|on|at|for|from)\b.*)?[?.]?$", re.IGNORECASE
)


def who_whom(text: str, _: random.Random) -> str | None:
    """Make the one who did it the one whom it was done to: who beat the lakers, who did the lakers beat."""
    found = _WHO.match(text)
    helper = "does" if found and found[1].lower().endswith("s") else "did"
    return f"who {helper} {found[2].strip()} {_BASES[found[1].lower()]}" if found else None


def passive(text: str, _: random.Random) -> str | None:
    """Make the doer the one who suffers it: who beat the lakers, who was beaten by the lakers."""
    found = _WHO.match(text)
    done = {"wrote": "written", "sang": "sung", "beat": "beaten", "gave": "given"}
    return f"who was {done.get(found[1].lower(), found[1])} by {found[2].strip()}" if found else None


def exchanged(joint: str) -> Edit:
    """Make an edit that exchanges the two nouns on both sides of a word."""
    pattern = re.compile(rf"\b(?P<a>[a-z]{{4,}}) (?P<m>{joint}) (?P<d>the |a |an |my )?(?P<b>[a-z]{{4,}})(?= |[?.!]?$)")
    little = {"what", "some", "many", "most", "much", "more", "that", "this", "they", "them", "your", "their", "there", "each", "type",
              "kind", "best", "lots", "have", "been", "used", "which", "those", "these", "other", "ways", "with", "from"}  # fmt: skip

    def edit(text: str, _: random.Random) -> str | None:
        found = pattern.search(text)
        if not found or found["a"] == found["b"] or {found["a"], found["b"]} & little:
            return None
        return f"{text[: found.start()]}{found['b']} {found['m']} {found['d'] or ''}{found['a']}{text[found.end() :]}"

    return edit


_VERBS: Final = r"look|looks|looking|wait|waiting|pay|paid|play|played|talk|talking|write|wrote|ask|asked|run|fight|vote|search|call|called|leave|left|work|speak|believe|apply|move|moved|send|get|go|come|take|put|turn|read|know|sell|buy"
_LED: Final = re.compile(
    rf"\b(?:{_VERBS}) (?P<p>for|at|on|to|about|with|from|by|after|into|off|up|down)(?= (?:(?:the|a|an|my|your|his|her|our|their) \w|(?:this|that|it|him|them|me)\b))",
    re.IGNORECASE,
)


def led(text: str, dice: random.Random) -> str | None:
    """Exchange the preposition that a verb leads: look for, look at; wait for, wait on."""
    found = _LED.search(text)
    if not found:
        return None
    alike = [
        {"with", "to"},
        {"about", "on"},
        {"on", "at"},
        {"for", "on"},
        {"for", "at"},
    ]  # wait on and for, work at and for
    new = dice.choice(
        [
            word
            for word in ("for", "at", "on", "about", "with", "from", "after", "into")
            if word != found["p"].lower() and {word, found["p"].lower()} not in alike
        ]
    )
    return f"{text[: found.start('p')]}{new}{text[found.end('p') :]}"


def _noun(text: str) -> str:
    words = [
        word
        for word in re.findall(r"[a-z]{5,}", text.lower())
        if word
        not in {"where", "which", "would", "could", "should", "there", "their", "about", "please", "thing", "things"}
    ]
    return max(words, key=len, default="gadget")


def number_forms(text: str, dice: random.Random) -> tuple[str, str]:
    """Write two numbers that are nearly alike: 3.10 and 3.1, -5 and 5, 2/4 and 1/2, 1990s and 1990."""
    noun, major, small = _noun(text), dice.randint(2, 9), dice.randint(2, 9)
    plain = text.rstrip(_END)
    return dice.choice((
        (f"{plain} in version {major}.{small}0", f"{plain} in version {major}.{small}"),
        (f"{plain} at -{major} degrees", f"{plain} at {major} degrees"),
        (f"what happened to the {noun} on {small}/{2 * small}", f"what happened to the {noun} on 1/2"),
        (f"{plain} in the 19{major}0s", f"{plain} in 19{major}0"),
        (f"{plain} in {major} to {major + small} days", f"{plain} in {major} or {major + small} days"),
        (f"{plain} within {10 * small} days", f"{plain} in {10 * small} days"),
        (f"what is {noun} {major}.{small}", f"what is {noun} {major}{small}"),
        (f"{plain} by {major} pm", f"{plain} at {major} pm"),
    ))  # fmt: skip


def operators(text: str, dice: random.Random) -> tuple[str, str]:
    """Write two pieces of code that differ in an operator, an index or an ending."""
    noun = _noun(text)
    return dice.choice((
        (f"what does {noun} == 1 do", f"what does {noun} = 1 do"), (f"what does {noun}[0] return", f"what does {noun}[1] return"),
        (f"what does a > {noun} mean", f"what does a < {noun} mean"), (f"how do i open {noun}.txt", f"how do i open {noun}.csv"),
        (f"what does a && {noun} mean", f"what does a || {noun} mean"), (f"what is &{noun} in c", f"what is *{noun} in c"),
        (f"what does ls -l {noun} do", f"what does ls -a {noun} do"), (f"how do i call {noun}() in js", f"how do i call {noun} in js"),
        (f"what does !{noun} mean in c", f"what does ~{noun} mean in c"), (f"what is #{noun} in css", f"what is .{noun} in css"),
    ))  # fmt: skip


def translated(text: str, dice: random.Random) -> tuple[str, str]:
    """Turn a translation, a conversion or an exchange around."""
    noun, (one, other) = _noun(text), dice.sample(["french", "german", "spanish", "english", "hindi", "italian"], 2)
    a, b = dice.sample(["dollars", "euros", "yen", "pesos", "rupees", "pounds"], 2)
    return dice.choice((
        (f"translate {noun} from {one} to {other}", f"translate {noun} from {other} to {one}"),
        (f"how do you say {noun} in {one}", f"how do you say {noun} in {other}"),
        (f"what does {noun} mean in {one}", f"how do you say {noun} in {one}"),
        (f"how many {a} is a {noun} in {b}", f"how many {b} is a {noun} in {a}"),
        (f"convert {a} to {b}", f"convert {b} to {a}"),
        (f"pay for the {noun} in {a} from my {b} account", f"pay for the {noun} in {b} from my {a} account"),
    ))  # fmt: skip


_SERIES: Final = (
    "vitamin",
    "hepatitis",
    "group",
    "plan",
    "schedule",
    "type",
    "class",
    "grade",
    "section",
    "terminal",
    "block",
    "team",
    "pool",
)


def letters(text: str, dice: random.Random) -> tuple[str, str]:
    """Name one of a series by a letter or a number, or the whole series."""
    plain, kind = text.rstrip(_END), dice.choice(_SERIES)
    one, other = dice.sample("abcdeghk", 2)
    return dice.choice((
        (f"{plain} in {kind} a", f"{plain} in a {kind}"), (f"{plain} in {kind} {one}", f"{plain} in {kind} {other}"),
        (f"{plain} with {kind} a", f"{plain} with {kind}"), (f"{plain} with {kind} 1", f"{plain} with {kind} 2"),
        (f"{plain} for {kind} one", f"{plain} for {kind} two"), (f"{plain} for {kind} i", f"{plain} for {kind} ii"),
    ))  # fmt: skip


PAIRS: Final = {"number forms": number_forms, "operators": operators, "translation": translated, "letters": letters}
EDITS: Final[dict[str, Edit]] = {
    "tail: when": tail("in history", "right now", "at the moment", "these days", "at night", "in winter", "before 2010", "by next week", "on weekends", "in the future"),
    "tail: for whom": tail("for kids", "as a beginner", "for my mother", "for seniors", "for a friend", "as a foreigner", "under 18", "with a disability", "for dogs"),
    "tail: except": tail("except on sundays", "without a card", "except for children", "unless it rains", "but not in europe", "other than this one", "apart from mine"),
    "tail: health": tail("after surgery", "while pregnant", "with diabetes", "on an empty stomach", "when drunk", "with a fever", "before bed"),
    "tail: how": tail("by phone", "by hand", "in cash", "by email", "using excel", "with one hand", "offline", "from abroad", "in person", "for free"),
    "tail: where": tail("in texas", "at home", "on mars", "near me", "in space", "at work", "in the uk", "on a plane", "under water"),
    "tail: what for": tail("to save money", "for school", "to lose weight", "for a wedding", "for work", "to impress my boss", "for fun"),
    "tail: little": tail("again", "instead", "too much", "yet again", "at once", "alone", "together", "first", "twice", "less"),
    "how often": inserted(r"\b(?:do|can|should|does|did|will) (?:i|you|we|they|he|she|it|people) ", "always", "often", "only", "almost", "never", "rarely", "partly", "sometimes", "seldom", "already"),
    "begin or stop": inserted(r"\b(?:do|can|should|did|will) (?:i|you|we|they) ", "stop trying to", "continue to", "try to", "forget to", "avoid having to", "refuse to", "pretend to", "teach others to"),
    "how well": replaced(r"^how (do|does|did|can|is|are) ", r"how well \1 ", r"how often \1 ", r"how soon \1 ", r"how far \1 ", r"how easily \1 ", r"how much \1 "),
    "same, other": inserted(r"\b(?:the|my|your) ", "same", "other", "whole", "only", "last", "third", "wrong", "exact opposite"),
    "adjective": inserted(r"\b(?:a|an|my|the) (?=[a-z]{4,})(?!best|most|only|first|same|difference|way|meaning)", "cheap", "free", "vegetarian", "local", "used", "broken", "fake", "private", "secret", "lost"),
    "own part": inserted(r"\bmy (?!own|brother|wife|son|boss)", "brother's", "wife's", "son's", "boss's", "old"),
    "ordinal": inserted(r"\bthe (?=[a-z]{4,}(?:est)?\b)(?!first|second|last|next|only|same)", "second", "third", "next", "previous", "last"),
    "degree": swapped("biggest/bigger fastest/faster oldest/older cheapest/cheaper most>more easiest/easier highest/higher largest/larger longest/longer smallest/smaller worst/worse strongest/stronger youngest/younger richest/richer safest/safer best>second_best most>least best>worst largest>second_largest"),
    "who whom": who_whom, "passive": passive,
    "exchanged of": exchanged("of"), "exchanged in": exchanged("in|on|at|inside"), "exchanged with": exchanged("with|without|after|before|like|over|under"),
    "cause": swapped("causes/effects cause/prevent reason/result problem/solution question/answer symptoms/causes why_do>what_if benefits/risks advantages/disadvantages cause>cure causes>cures effect>cause treat>cause reasons>results"),
    "part": swapped("finger>hand wheel>car page>book engine>car room>house chapter>book member>team scene>movie word>sentence city>state month>year minute>hour hours>minutes day>month country>continent school>class class>school college>department company>department government>minister army>soldier body>brain phone>screen laptop>battery website>page app>feature flight>seat trip>hotel song>lyrics account>password card>pin bank>branch movie>scene book>chapter family>father"),
    "under": swapped("dog>poodle car>sedan bird>sparrow fish>salmon meat>beef fruit>apple drink>coffee food>rice animal>cat vegetable>carrot sport>tennis game>chess music>jazz tree>oak flower>rose drug>heroin phone>iphone language>french currency>euro country>france people>women money>cash movie>comedy book>novel color>red doctor>dentist job>teacher student>freshman company>bank science>physics math>algebra exam>sat engineer>plumber program>virus computer>laptop website>blog"),
    "near verb": swapped("hear/listen_to borrow/lend rob/steal teach/learn look_at/see watch/see bring/take rent/buy fix/replace hire/rent earn/win cancel/pause close/freeze freeze/cancel buy/order pay/charge see/visit say/write read/write eat/cook drink/pour sing/hear play/watch make/buy find/make use/sell build/buy know/meet help/teach think/know believe/know live/stay travel/fly become/hire start/join learn/practice improve/measure get/keep send/request transfer/withdraw activate/order change/check speak/understand walk/run"),
    "near noun": swapped("fee/rate refund/cashback pin/passcode weather/climate recipe/calories job/career flag/anthem salary/bonus price/value hobby/job dream/goal road/bridge picture/video book/author team/coach debt/loan income/tax interest/fees lake/sea ocean/sea hill/mountain war/battle king/emperor disease/virus boyfriend/husband girlfriend/wife college/school degree/course exam/interview movie/trailer song/band friend/stranger language/accent religion/culture population/area card/account payment/deposit balance/limit transaction/transfer charge/payment reservation/bill flight/luggage alarm/reminder restaurant/bar gas/oil tire/brake"),
    "phrasal": swapped("turn_on/turn_down look_for/look_after look_up/look_at take_off/take_on get_in/get_off put_on/put_away give_up/give_back go_on/go_off call_back/call_off set_up/set_off pick_up/pick_out check_in/check_out sign_up>sign_out log_in>log_out pay_off/pay_for pay_back/pay_for fill_in/fill_up run_out/run_over work_on/work_out top_up/pay_off show_up/show_off make_up/make_out come_from/come_to find_out/look_out get_over/get_into get_rid_of/get_hold_of go_to/go_through end_up/give_up come_up/come_out take_out/take_over break_up/break_down deal_with/do_without think_of/think_up go_out/go_under"),
    "preposition": led,
    "joined": swapped("and>or and/without and/not and/than and/instead_of or>except"),
    "people": swapped("mother/aunt father/uncle son/nephew wife/sister boss/coworker teacher/principal doctor/nurse king/prince friend/neighbor children/adults women/nurses men/soldiers kids/teenagers girls/boys girl/boy woman/baby man/child students/professors people/animals dad/grandpa mom/grandma girlfriend/mother boyfriend/brother president/king actor/singer employee/customer parents/grandparents"),
    "my son": replaced(r"\b(can|do|should|will|did|could) i\b", r"\1 my son", r"\1 my wife", r"\1 others", r"\1 it", r"\1 children"),
    "frame": replaced(r"^how (?:do|can) (?:i|you) ", "can i ", "when can i ", "why should i ", "should i ", "how often can i ", "who can ", "where can i ", "how long can i ", "how much does it cost to ", "is it legal to ", "how do i avoid to "),
    "frame what": replaced(r"^(?:what is|what's|what are) ", "why is ", "when is ", "what was before ", "what causes ", "who made ", "how much is ", "what is not ", "what was like "),
    "refusal": replaced(r"^(?:please )?(set|turn|play|tell|show|give|call|send|remind|book|find|make|add|put|cancel|order|transfer|pay|check|start|change|schedule|open|i need|i want|i would like) ", r"do not \1 ", r"never \1 ", r"did you \1 ", r"why did you \1 ", r"stop to \1 ", r"when did i \1 "),
    "about it": asked_of,
    "list or count": swapped("how_many>which which>how_many what_are>how_many_are what_is>how_many how_much>how_many how_many>how_much list>count how_many>what_are how_long>how_many how_old>how_tall how_far>how_long which>whose"),
    "since": replaced(r"\b(?:in|during) (?=(?:the )?(?:\d{4}|january|february|march|april|june|july|august|september|october|november|december|summer|winter|war|future|past))", "since ", "before ", "until ", "after ", "not in ", "except in "),
    "year": replaced(r"\b(20|19|18)(\d)(\d)\b", r"\g<1>\g<2>\g<3>s", r"\g<1>\g<3>\g<2>9", r"1\g<2>\g<3>0"),
    "time span": swapped("day/night daily/weekly weekly/monthly monthly/yearly year/decade week/month hours/seconds minutes/days months/years today/this_week tonight/this_morning weekend/holiday century/decade always/now now/then lately/formerly recently/long_ago ever/today tomorrow/next_week morning/noon annual/monthly"),
    "helper": swapped("is_there>was_there have>had has>had will>did can>used_to is>is_not_yet is>is_about_to_be are>are_no_longer is>might_not_be can>could_never was>might_have_been did>did_not_yet do_i>must_i"),
    "prefix": swapped("able/unable possible/impossible happy/unhappy verified/unverified authorized/unauthorized known/unknown used/unused usual/unusual healthy/unhealthy married/unmarried employed/unemployed do/undo like/dislike agree/disagree appear/disappear legal/illegal correct/incorrect visible/invisible regular/irregular moral/immoral mature/immature real/unreal certain/uncertain common/uncommon natural/unnatural successful/unsuccessful expected/unexpected trust/mistrust understand/misunderstand pay/repay use/misuse use/reuse start/restart charge/recharge order/preorder paid/unpaid paid/prepaid fiction/nonfiction view/review"),
    "name made longer": swapped("facebook>facebook_messenger google>google_maps amazon>amazon_prime apple>apple_music microsoft>microsoft_word iphone>iphone_case youtube>youtube_music india>south_india china>south_china america>latin_america new_york>new_york_state london>east_london europe>central_europe japan>japan_airlines android>android_auto windows>windows_server trump>melania_trump clinton>bill_clinton obama>michelle_obama harry_potter>harry_potter_world instagram>instagram_stories whatsapp>whatsapp_web python>python_turtle java>java_island netflix>netflix_party uber>uber_eats visa>visa_gift texas>west_texas california>baja_california quora>quora_spaces gmail>gmail_offline bitcoin>bitcoin_cash tesla>nikola_tesla usa>usa_today us>us_virgin_islands canada>air_canada africa>south_africa germany>east_germany mexico>new_mexico virginia>west_virginia"),
    "near name": swapped("java/javascript c/c++ python/ruby iphone/ipad android/ios gmail/outlook instagram/snapchat windows/linux mac/pc hindi/urdu indian/pakistani india/indonesia china/taiwan japan/korea austria/australia iran/iraq sweden/switzerland niger/nigeria trump/pence obama/biden clinton/sanders google/yahoo twitter/tumblr amazon/ebay netflix/hulu paypal/stripe uber/ola tesla/edison einstein/newton jesus/moses christianity/islam hindu/muslim engineering/medicine physics/chemistry biology/geology mumbai/delhi london/dublin paris/lyon chicago/detroit texas/nevada harvard/stanford samsung/sony nike/adidas pepsi/coke messi/ronaldo batman/superman marvel/dc america/africa american/african"),
}  # fmt: skip


def further_traps(data: Path, seed: int = SEED) -> Iterator[tuple[str, str, str]]:
    """Make the traps: kind, stored, asked."""
    texts = questions(data)
    dice = random.Random(seed)
    for kind, edit in EDITS.items():
        yield from _of(kind, edit, dice.sample(texts, len(texts)), dice)
    for kind, make in PAIRS.items():
        for text in dice.sample(texts, min(EACH, len(texts))):
            stored, asked = make(text, dice)
            if stored != asked:
                yield kind, stored, asked


def _of(kind: str, edit: Edit, texts: list[str], dice: random.Random) -> Iterator[tuple[str, str, str]]:
    made = 0
    for text in texts:
        asked = edit(text, dice)
        if asked and asked.lower() != text.lower():
            yield kind, text, asked
            made += 1
        if made == EACH:
            return


def main() -> None:
    """Print the traps."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=SEED)
    chosen = parser.parse_args()
    for kind, stored, asked in further_traps(chosen.data, chosen.seed):
        print(json.dumps({"kind": kind, "stored": stored, "asked": asked}, ensure_ascii=False))


if __name__ == "__main__":
    main()
