"""Closed word classes of English: small enough to be listed whole, and each of their words can turn a question around."""

from __future__ import annotations

from typing import Final


def listed(text: str) -> list[str]:
    """Take a block of words apart."""
    return text.split()


def pairs(text: str) -> dict[str, frozenset[str]]:
    """Read groups like `buy/purchase`; returns for each word the others of its groups."""
    found: dict[str, set[str]] = {}
    for group in text.split():
        members = group.split("/")
        for member in members:
            found.setdefault(member, set()).update(other for other in members if other != member)
    return {word: frozenset(others) for word, others in found.items()}


NEGATORS: Final = frozenset(
    listed("""
    not no never none nothing nobody nowhere neither nor without hardly barely scarcely seldom except excluding
    unless non lacking minus
""")
)
# Words of amount, frequency and degree. `some` and `any` mean no more than an article in a question.
QUANTIFIERS: Final = frozenset(
    listed("""
    all every everyone everybody everything each most many much few fewer fewest several both either only just
    least more less half always sometimes often usually rarely frequently almost nearly enough too same other
    another else even also again still already yet mostly entire whole once twice thrice double triple single
    plenty one anyone someone exactly approximately roughly about_amount first last next
""")
)
QUESTIONS: Final = frozenset(
    listed("""
    who whom whose what which when where why how
""")
)
# Of these, what is compared wherever it stands; degree.py looks at the others.
AMOUNTS: Final = QUANTIFIERS - {"same", "too", "also", "yet", "exactly", "just", "once"}
MODALS: Final = {
    "can": "can", "could": "can", "able": "can", "may": "may", "might": "may", "should": "should", "ought": "should",
    "supposed": "should", "must": "must", "will": "will", "shall": "will", "would": "would", "need_to": "must",
    "have_to": "must", "had_to": "had", "used_to": "used",
}  # fmt: skip
PERSONS: Final = {
    "i": "i", "me": "i", "my": "i", "mine": "i", "myself": "i", "we": "we", "us": "we", "our": "we", "ours": "we",
    "ourselves": "we", "you": "you", "your": "you", "yours": "you", "yourself": "you", "he": "he", "him": "he", "his": "he",
    "himself": "he", "she": "she", "her": "she", "hers": "she", "herself": "she", "they": "they", "them": "they",
    "their": "they", "theirs": "they", "themselves": "they",
    "oneself": "one",
}  # fmt: skip
DEMONSTRATIVES: Final = frozenset(["this", "these", "those"])
POSSESSIVES: Final = frozenset(
    listed("""
    myself yourself himself herself themselves ourselves oneself my mine our ours your yours his her hers their
    theirs whose
""")
)
CONJUNCTIONS: Final = frozenset(
    listed("""
    or if because although though while but than as until since whether whereas despite unlike like versus
    provided otherwise instead rather then
""")
)
PREPOSITIONS: Final = frozenset(
    listed("""
    in on at of for to from by with about into onto out off up down over under above below before after during
    between among against through across around behind beside beyond near inside outside toward towards upon via
    per within along past throughout underneath beneath regarding concerning back away forward ahead
""")
)
# Prepositions that often say the same place or topic; any other change of preposition is refused.
SOFT: Final = (
    frozenset({"in", "at", "of", "within", "during", "on", "for"}),
    frozenset({"about", "on", "regarding", "of", "concerning", "for", "in", ""}),
    frozenset({"via", "through", "by", "on"}),
    frozenset({"via", "through", "by", "from"}),
    frozenset({"with", "about", "of", "in"}),
    frozenset({"with", "through", "via"}),
    frozenset({"toward", "towards", "to"}),
    frozenset({"of", "from"}),
    frozenset({"to", "for"}),
    frozenset({"", "of", "in", "for"}),
)
AUXILIARIES: Final = {
    "am": "now", "is": "now", "are": "now", "be": "", "been": "", "being": "", "do": "now", "does": "now", "did": "past",
    "was": "past", "were": "past", "has": "now", "have": "now", "had": "past", "having": "",
}  # fmt: skip
BE: Final = frozenset({"is", "are", "was", "were", "am"})
# Words that may stand or not: nothing in the answer hangs on them.
FILLERS: Final = frozenset(
    listed("""
    a an the there it its itself that some any really actually very basically simply literally truly honestly
    ever oh ok okay well please kindly quite thing things such guys anyway so to
""")
)
TIMES: Final = frozenset(
    listed("""
    today tomorrow yesterday tonight now currently nowadays recently lately soon later earlier ago early late
    daily weekly monthly yearly annually hourly morning afternoon evening night noon midnight monday tuesday
    wednesday thursday friday saturday sunday january february march april may june july august september
    october november december spring summer autumn fall winter second minute hour day week weekend month quarter
    year decade century am pm eve christmas easter past future previous current upcoming recent
""")
)
UNITS: Final = {
    "km": "kilometer", "kms": "kilometer", "m": "m", "cm": "centimeter", "mm": "millimeter", "kg": "kilogram",
    "kgs": "kilogram", "g": "gram", "mg": "milligram", "lb": "pound", "lbs": "pound", "oz": "ounce", "ft": "foot",
    "feet": "foot", "in": "in", "mi": "mile", "mph": "mph", "kmh": "kmh", "gb": "gigabyte", "mb": "megabyte",
    "tb": "terabyte", "kb": "kilobyte", "hr": "hour", "hrs": "hour", "min": "minute", "mins": "minute", "sec": "second",
    "secs": "second", "yr": "year", "yrs": "year", "am": "am", "pm": "pm", "usd": "dollar", "eur": "euro", "gbp": "pound",
    "inr": "rupee", "rs": "rupee", "dollars": "dollar", "ml": "milliliter", "l": "liter", "c": "celsius", "f": "fahrenheit",
    "bucks": "dollar", "w": "watt", "v": "volt", "k": "k",
}  # fmt: skip
CURRENCIES: Final = {"$": "dollar", "€": "euro", "£": "pound", "¥": "yen", "₹": "rupee"}
# Words that may stand or not where they only colour what is asked.
VAGUE: Final = frozenset(
    listed("""
    quickly easily effectively properly successfully correctly efficiently main major various
    different possible actual exact certain particular available suitable
""")
)
# Verbs and nouns that carry next to nothing beside another word: how do I (learn to) swim, the richest man (in the world).
LIGHT: Final = frozenset(listed("become have using world learn something specifically"))
# Pairs in which one word turns the other around; WordNet's antonyms are added to them.
OPPOSITES: Final = pairs(
    """
    above/below accept/decline accept/reject activate/deactivate add/remove advantage/disadvantage after/before
    all/none allow/deny allow/forbid allow/prevent always/never approve/reject arrival/departure arrive/depart
    ascending/descending asset/liability async/sync attach/detach aunt/uncle bad/good begin/end best/worst
    better/worse big/small biggest/smallest block/unblock borrow/lend bottom/top boy/girl brother/sister buy/sell
    buyer/seller cause/cure cause/prevent cheap/expensive cheapest/expensive child/parent close/open cold/hot
    collapse/expand column/row con/pro connect/disconnect cool/warm credit/debit dangerous/safe daughter/son
    day/night decode/encode decrease/increase decrypt/encrypt delete/save deposit/withdraw deposit/withdrawal
    different/same different/similar difficult/easy disable/enable dislike/like dismiss/employ divide/multiply
    doctor/patient down/up download/upload early/late earn/spend east/west easy/hard employee/employer end/start
    enemy/friend evening/morning everyone/nobody exclude/include export/import external/internal fail/pass
    failure/success false/true fast/slow fastest/slowest father/mother female/male fewer/more fire/hire first/last
    follow/unfollow forget/remember freeze/unfreeze from/to future/past gain/lose gain/loss give/take goodbye/hello
    hate/love hide/show high/low higher/lower highest/lowest horizontal/vertical husband/wife illegal/legal in/out
    increase/reduce input/output inside/outside install/uninstall into/out king/queen large/small largest/smallest
    last/next least/most left/right less/more lock/unlock login/logout long/short longest/shortest lose/win
    loss/profit lower/raise lower/upper man/woman max/min maximum/minimum meat/vegan minus/plus mother/son
    negative/positive new/old next/previous north/south off/on old/young oldest/youngest over/under peace/war
    private/public pull/push raise/reduce receive/send right/wrong safe/unsafe save/spend start/stop
    strength/weakness student/teacher subscribe/unsubscribe today/tomorrow today/yesterday tomorrow/yesterday
    with/without gambling/gaming
"""
)
# Words that share a sense in the questions people ask, where WordNet has them apart or too far down its list.
SAME: Final = pairs(
    """
    abdomen/belly/stomach/tummy be/become best/top best/greatest biggest/largest/greatest weirdest/strangest learn/study strange/weird/odd ad/advert/advertisement advantage/benefit/pro advice/suggestion/tip afraid/fear
    aim/goal/purpose america/usa angry/mad answer/reply app/application attorney/lawyer automobile/car
    beautiful/pretty begin/commence/start belief/believe believe/think better/enhance bicycle/bike
    big/huge/large bio/biography boost/increase buy/purchase calculate/determine calculate/find cause/reason
    cellphone/mobile cellphone/phone/smartphone/telephone child/kid choose/pick/select clever/intelligent/smart
    company/firm con/disadvantage/drawback cope/deal/handle cost/price country/nation create/make
    dad/father decrease/lessen/reduce definition/meaning delete/erase/remove describe/explain despise/hate
    determine/find develop/make differ/difference difficult/hard/tough doctor/physician earth/world easy/simple
    effect/impact/influence end/finish error/mistake exam/examination fast/quick/rapid fast/quickly/rapidly
    favorite/favourite film/movie fix/repair fluency/fluently fluent/fluently funny/hilarious gain/get/obtain
    grandma/grandmother happen/occur image/photograph/pic info/information launch/start
    little/small login/signin logout/signout lose/shed marry/wed math/mathematics/maths mean/meaning
    method/technique/way mobile/phone mom/mother/mum odd/strange/weird opinion/thought/view preparation/prepare
    program/programme pupil/student quit/stop recommend/suggest recover/restore/retrieve register/signup
    resolve/solve rich/wealthy safe/secure site/website television/tv usage/use/utilise/utilize webpage/website
    weight/weights decrease/lower/minimize/reduce coding/programming genuine/legit/legitimate homosexual/gay image/photo/pic/picture afraid/scared
    attain/achieve kindest/nicest buddy/friend inexpensive/cheap  refund/reimbursement
    couch/sofa garbage/trash/rubbish
    programing/coding institute/institution position/stance appropriate/suitable avoid/prevent amazing/awesome/incredible
    average/typical gift/present dumb/silly/stupid creepy/frightening/scary necessary/required crucial/essential/important/vital
    handle/manage conquer/overcome build/create build/make connection/link/relation accident/crash anger/rage
    illness/sickness/disease legal/lawful illegal/unlawful aim/objective intercourse/sex aircraft/airplane/plane
    quit/stop wage/pay improve/enhance reply/respond regularly/frequently allow/permit forbid/prohibit/ban
    affect/effect/impact/influence olympic/olympics
"""
)
