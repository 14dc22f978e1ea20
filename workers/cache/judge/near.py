"""Words that are near each other: which stand for each other, and which do not although a dictionary or a stem says so.

WordNet joins words that share one sense (say and tell, coffee and java, deposit and stick); no question can be trusted to mean
that sense. So its groups are not used as they are: NEAR holds those that were read and found to agree in what people ask.
"""

from __future__ import annotations

from typing import Final

from workers.cache.judge.words import listed, pairs

NEAR: Final = pairs(
    """
    speak/talk begin/start need/require shop/store gain/increase choose/select error/mistake connect/link connect/relate link/relate
    associate/relate big/large difficult/hard happen/occur reply/respond certain/sure correct/right incorrect/wrong
    percent/percentage faster/quicker fastest/quickest limitation/restriction replacement/substitute replace/substitute
    alternate/alternative author/writer build/construct control/curb nowadays/today become/get attempt/try aid/assist/help
    accomplish/achieve amount/quantity annoy/bother/irritate completely/entirely/totally maybe/possibly likely/probably lately/recently
    extremely/highly celebrated/famous/notable especially/particularly earphone/headphone kg/kilo/kilogram km/kilometer hr/hour yr/year
    lb/pound cm/centimeter own/possess recover/regain/retrieve salary/wage ill/sick abroad/overseas appear/seem alter/change
    calculate/compute complete/finish consequence/effect outcome/result cure/remedy decline/refuse/reject depict/describe/portray
    desire/want destroy/ruin difficulty/trouble discover/find exercise/workout damage/harm harm/hurt employ/hire diary/journal
    lift/raise maintain/keep combine/mix award/prize query/question recall/remember remain/stay remainder/rest divide/separate
    subject/topic carry/transport kind/sort/type metro/subway dad/daddy fastest/quickest discontinue/stop get/receive close/shut
    internet/net individual/person encounter/find porn/pornography cancer/carcinoma
"""
)
# A verb or an adjective and a noun of its stem that are about something else: a statement is not of the state, a store no storage.
DISTINCT: Final = pairs(
    """
    state/statement person/personal personal/personality chemical/chemistry act/action technical/technology technical/technique
    physical/physics human/humanity quality/qualify identify/identity digit/digital office/official commerce/commercial storage/store
    electron/electronic electron/electronics pack/package press/pressure ship/shipping found/foundation sign/signature utility/utilize
    document/documentary comedy/comic nation/national class/classify value/evaluate meter/metric ratio/rational cell/cellular
    term/terminal skin/skinny serial/series integer/integral polar/pole critical/criticism nurse/nursing refer/reference
    organ/organic relate/relation proceed/procedure post/posting station/stationary motion/move note/notable apart/apartment
    depart/department port/portion mass/massage object/objective account/accountable general/generality part/partial
    chinese/china german/germany french/france japanese/japan korean/korea russian/russia italian/italy english/england greek/greece
    polish/poland turkish/turkey thai/thailand arab/arabic hindi/hindu hindi/hinduism swedish/sweden portuguese/portugal latin/romance
    spanish/spain dutch/netherlands roman/rome
"""
)
# Where one of these words stands beside them (with True: anywhere), two synonyms are not the same: a loan application is no app, hard water not difficult.
APART: Final[tuple[tuple[frozenset[str], frozenset[str], bool], ...]] = tuple(
    (frozenset(listed(one)), frozenset(listed(context)), one.startswith(("app ", "phone ", "pick ", "pupil ", "be ")))
    for one, context in (
        (
            "app application apps applications",
            "loan job visa credit card mortgage passport college university school status submit submitted apply withdraw rejected"
            " approved denied declined pending fee letter form admission benefits permit scholarship grant course",
        ),
        (
            "phone phones mobile smartphone smartphones telephone telephones cellphone cellphones",
            "invent invented inventor first history landline home office difference between old",
        ),
        (
            "site sites website websites",
            "construction camp camping historic historical archaeological archeological building nuclear burial heritage landing crash"
            " dig holy religious tourist test launch mining",
        ),
        (
            "pick choose select",
            "lock locks nose fight pocket pockets apple apples strawberry strawberries flower flowers guitar fruit cotton",
        ),
        ("odd strange weird", "number numbers even integer integers job jobs function"),
        (
            "essential vital important crucial",
            "oil oils sign signs amino acid acids organ organs nutrient nutrients statistics",
        ),
        ("hard difficult tough", "water drive drives disk drug drugs cider candy hat rock copy boiled wood cheese"),
        ("mad angry", "cow max scientist men hatter"),
        ("smart intelligent clever", "phone tv watch car home board contract meter glasses"),
        ("easy simple", "interest machine machines sentence present past harmonic fraction"),
        ("fast quick rapid", "food furious fasting"),
        ("world earth", "war cup bank series record trade bowl tour"),
        ("crash accident", "market stock app computer browser course test"),
        ("sickness disease illness", "motion morning sea car altitude mental"),
        ("usa america", "north south latin central captain"),
        ("close shut", "friend friends relative call"),
        ("average typical", "grade score point batting speed"),
        ("pupil pupils student students", "big large small dilated eye eyes"),
        ("be become", "like hard difficult easy stressful expensive"),
        ("sell market", "stock"),
        ("best top", "hat hats gun shelf secret quark quarks soil gear"),
    )
)
# Nouns whose plural is another thing: glasses are no glass, Windows no window.
PLURALS: Final = frozenset(
    listed("""
    glass glasses custom customs arm arms window windows good goods manner manners saving savings scale scales brain brains wood woods
    cloth clothes brief briefs content contents people peoples mean means new news minute minutes premise premises
    compass compasses force forces green greens bowel bowels wit wits remain remains
    http https css dns gps sms aws rss
""")
)
# Names and nouns in -ing that are not the doing of their verb: parking is no park, icing no ice, a training no train.
DOINGS: Final = frozenset(
    listed("""
    parking training icing dressing boxing boarding building banking shopping bowling stuffing filling seasoning topping coating
    flooring lighting wiring heating housing clothing fishing dating painting drawing accounting marketing engineering programming
    nursing modeling racing landing plumbing roofing stocking wedding meeting opening reading hearing lining padding bedding
    catering cropping dumpling duckling setting spelling standing sporting staging tiling timing wading warning cooking
    seating gaming computing printing bearing being booking cleaning farming gardening ironing knitting mining packing parenting
    saving shaving skiing surfing tracking trading welding
""")
)
# Trade names that are one slip of the finger from a word.
TRADE_NAMES: Final = frozenset(
    listed("""
    venmo grindr tumblr flickr scala corgi lyft fiverr reddit roblox tinder bumble hinge skype zelle fitbit tesla nokia pixar
    canva figma redis kafka django nginx julia swift kotlin haskell erlang ember react angular vimeo vine slack asana trello
    shopify etsy ebay chewy wayfair costco kroger wendys arbys adele drake rihanna eminem shakira beyonce nestle nutella pringles
    doritos oreo skoda volvo mazda acura lexus infiniti subaru suzuki isuzu kia hyundai peugeot citroen renault bitcoin litecoin
    monero tether ripple cardano solana robinhood chime revolut monzo starling klarna affirm stripe plaid paypal paytm
""")
)
# Verbs that a preposition gives another meaning: pay and pay for, leave and leave for, look at and look for.
LED: Final = frozenset(
    listed("""
    look wait pay play leave prepare talk speak write ask call run fight die vote search charge check count pick turn put stand
    believe hear tell teach know read send sing come go get give take make apply care fall hold move fly travel drive walk head
    train act laugh shout point throw shoot hit kick break let keep bring carry set live work think watch listen operate enter
    agree argue complain win compete trade buy sell order cook pray bet sleep eat sit reach shop sue marry date dress grow stop
    drop hang hunt kill aim appeal draw dream feel flow jump lie pass pull push ride rise see serve sign
""")
)
# Among them those in which even `in`, `on` and `at` are not alike: turn in, turn on; move in, move on.
PHRASAL: Final = frozenset(
    listed("""
    turn put get move look come take hold bring call drop break give let pick go set stand keep carry point shoot throw laugh act
    count live trade bet hang wait run
""")
)
# Who is spoken of: books for children and on children, food for dogs and of dogs, an attack on a shark and by one.
ANIMATE: Final = frozenset(
    listed("""
    child children kid kids baby babies toddler toddlers teen teens teenager teenagers man men woman women boy boys girl girls
    husband wife mother father mom dad son daughter brother sister parent parents friend friends family senior seniors elderly
    adult adults people person student students teacher teachers doctor doctors patient patients police soldier soldiers
    dog dogs puppy puppies cat cats kitten kittens horse horses cow cows pig pigs bird birds fish rabbit rabbits rat rats mouse mice
    shark sharks bear bears snake snakes spider spiders bee bees wolf wolves lion lions tiger tigers monkey monkeys goat goats
    chicken chickens sheep hamster hamsters pet pets animal animals insect insects ant ants
""")
)
TICKETS: Final = frozenset(
    listed("""
    visa visas passport passports ticket tickets flight flights permit permits train trains bus buses
""")
)
IDIOMS: Final = frozenset(
    listed("""
    sale time hand demand charge fault hold fun duty trial love
""")
)
CONTAINERS: Final = frozenset(
    listed("""
    cup cups glass glasses bottle bottles box boxes bag bags can cans jar jars bowl bowls pot pots tank tanks basket baskets mug mugs
    plate plates spoon spoons
""")
)
# Nouns that a sentence with `the` asks the value of, and with `a` or nothing what they are.
VALUES: Final = frozenset(
    listed("""
    time date day year weather temperature news score rate price cost number code balance fee limit address matter capital traffic
    payment charge law pin forecast schedule deadline amount total distance speed age name password passcode answer question
    population currency exchange odds problem plan deal issue rule status agenda result point
""")
)
# What is measured: of these even the best ever and the best now differ.
MEASURED: Final = frozenset(
    listed("""
    tallest oldest youngest richest fastest slowest longest shortest biggest largest smallest highest lowest heaviest lightest
    hottest coldest deepest wealthiest poorest strongest wettest driest widest loudest costliest newest
    expensive populous valuable populated
""")
)
