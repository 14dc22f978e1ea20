"""Wordings that ask the same, apart from the openings in frames.py: needless words, class words behind a name, tails.

BEFORE is tried before the frames and AFTER behind them, each rule once, over lower-case text without contractions and
politeness. A rule may only take away or exchange what the answer does not hang on (still, always, so much, right now, ever and for me
stay: they change it); where a word matters beside another noun
(the best diet to follow, a rule to follow), the rule names the words around it.
"""

from __future__ import annotations

from typing import Final

from workers.cache.judge import turns
from workers.cache.judge.frames import OR_NOT, WH, rules

_END: Final = r"(?=\s*[?.!]*$)"
# Words in -est that are no superlatives are left out.
_SUPERLATIVE: Final = (
    r"(?:best|worst|most [a-z]+|(?!forest|interest|test|latest|request|west|guest|nest|harvest|arrest|protest|contest|honest|modest)"
    r"[a-z]{3,}est)"
)
_GRADED: Final = r"(?:safe|hard|easy|difficult|useful|important|dangerous|healthy|harmful|good|bad|reliable|effective|common|necessary)"
_STRIKING: Final = (
    r"(?:interesting|amazing|embarr?ass?ing|inspiring|inspirational|mind ?blowing|famous|popular|stupid|dumb|funny|unusual"
    r"|useful|surprising|weird|strange|creative|romantic|bizarre|awesome|incredible|fascinating|shocking|annoying|disturbing|memorable"
    r"|ridiculous|hilarious|unbelievable|scary|creepy|common)"
)
_TONGUES: Final = (
    r"(?:english|french|spanish|german|hindi|korean|japanese|chinese|mandarin|arabic|russian|italian|portuguese|dutch|swedish|turkish"
    r"|latin|greek|hebrew|tamil|telugu|urdu|bengali|sanskrit)"
)
_CODES: Final = r"(?:python|java|javascript|php|sql|ruby|perl|scala|kotlin|swift|rust|haskell|matlab|c\+\+|c#|c)"
_SCHOOLS: Final = r"(?:universit(?:y|ies)|colleges?|schools?|institutes?|institutions?|coaching)"
_READING: Final = r"(?:books?|(?:web)?sites?|courses?|resources?|apps?|tutorials?|materials?)"
BEFORE: Final = turns.FIRST + rules(
    (r"[?.]?\s*\b(?:if (?:so|yes),? (?:then )?(?:why|how)|if not,? (?:then )?why(?: not)?)\s*[?.!]*$", ""),
    (rf"^({OR_NOT} .*?\w)(?: ?[?.,] ?(?:and )?| and )why(?: or why not)?\s*[?.!]*$", r"\1"),
    (rf"^((?:which\b|(?:{WH[3:-1]}|of) (?=.*\b(?:you|your|favou?rite|better|{_SUPERLATIVE})\b)).*?\w)(?: ?[?.,] ?(?:and )?| and )why(?: or why not)?\s*[?.!]*$", r"\1"),
    # where and how: the net
    (r"\b(?:on|over|through|via|from|using|by using|in) (?:the )?internet\b", "online"),
    (r"\b(?:through|in|from|via|by) online(?= (?:in|without|for|from|as|with)\b|\s*[?.!]*$)", "online"),
    # what is named is named by its name
    (r"\b(mean(?:ing)?(?: of)?|pronounce|spell|use|is) the (?:word|phrase|term|acronym|expression|abbreviation|idiom|saying) (?=[\"'])", r"\1 "),
    (rf"\b(learn|learning|speak|speaking|study|studying|master|teach|know|improve|improving|write|read|in) the ({_TONGUES}) language\b", r"\1 \2"),
    (rf"(?<!the )\b({_TONGUES}) language\b(?! \w+ing\b)|\bthe (?!english|french|spanish|chinese|japanese|portuguese|dutch|swedish|turkish|german)({_TONGUES}) language\b(?! \w+ing\b)", lambda found: found[1] or found[2]),
    (rf"\b({_CODES}) (?:programming )?language\b(?! servers?\b)", r"\1"),
    (rf"\b(learn|learning|study|studying|master) ({_CODES}) (?:programming|coding)\b", r"\1 \2"),
    (r"\bcomputer programming\b", "programming"),
    (r"\b(?:mobile|cell|cellular|smart) ?phone(s?)\b", r"phone\1"),
    (r"\btv (series|shows?)\b", "tv show"),
    (r"\bcustomer (?:care|support|service)s?\b", "customer service"),
    (r"\b((?:do|did|are|were|have|can|would|will|should) (?:most |many |all )?[a-z]{3,}(?:ese|ish|ian|can|ani|eli|nch|tch)) people\b(?! of\b)", r"\1"),
    (r"\b([a-z]+) account (?=password\b)", r"\1 "),
    (r"\bpassword (?:of|for|to|on) ((?:my |your |the |an? )?[a-z]+) account\b", r"password for \1"),
    (r"\b(recover|reset|retrieve|restore) ((?:my|your|an?|the|our) )(?:lost|forgotten) (?=(?:[a-z]+ )?password\b)", r"\1 \2"),
    (r"\bdonald (?:j\.? )?trump\b", "trump"),
    (r"\bhill?ary (?:rodham )?clinton\b|\bhilary\b", "hillary"),
    (r"\b(?:barack (obama)|narendra (modi)|vladimir (putin)|mahatma (gandhi)|adolf (hitler)|albert (einstein)|elon (musk)|mark (zuckerberg))\b",
        lambda found: next(filter(None, found.groups()))),
    # needless before a noun
    (r"\bany (?:kind|sort|type)s? of\b", "any"),
    (r"\b(?:main|basic|key|major|fundamental|exact|actual|real|essential) (?=differences?\b)", ""),
    (r"\b(improv\w*|develop\w*|enhanc\w*|increas\w*|practic\w*|polish\w*|strengthen\w*) (.{0,40}?\b(?:[a-z]{3,}ing|communication|leadership)) (?:skills?|abilit(?:y|ies))\b", r"\1 \2"),
    (r"\b(?:spoken|oral) english\b|\benglish speaking\b|\bspeaking english\b", "spoken english"),
    (r"\b(how (?:can|do|could|to|does|would|should)(?: i| you| we| one)? be|become|becoming) (?:an? |the )?(?:very )?(?:good|better|great|successful|successfull|succesful|succesfull|best|excellent) (?!at\b|in\b|friends?\b|than\b|and\b|or\b)(?=[a-z]+)", r"\1 a good "),
    (r"\b(?:find|land|secure|obtain) (?=(?:an? )?(?:[a-z]+ )?(?:job|internship)s?\b)", "get "),
    (r"\b(find|know|check) out (?=(?:what|who|if|how|which|my|your)\b)", r"\1 "),
    (r"\b(my|your|our|the) (20\d\d) ((?:[a-z]+ ){0,2}[a-z]+)(?=\s*[?.!]*$)", r"\1 \3 for \2"),
    # how do two things differ
    (r"^how (?:do|can|could|would) (?:i|you|we|one) (?:tell|explain|describe|define|identify) the differences? (?=between\b)", "what is the difference "),
    (r"^(?:is|are) there (?:an? |any |some )?differences? (?=between\b)", "what is the difference "),
    # how hard is it, is it hard
    (rf"^how ({_GRADED}) (?:is it|it is) (?:for (?:one|someone|a person|people) )?to\b", r"is it \1 to"),
    (rf"^how ({_GRADED}) (is|are) (?!there\b|it\b|i\b|you\b)((?:[a-z0-9]+ ){{0,4}}[a-z0-9]+){_END}", r"\2 \3 \1"),
    # which one, where it is, who it is
    (r"^who (is|are) your (?=(?:least )?favou?rite\b)", r"what \1 your "),
    # should in the name of do, where the way itself is asked for
    (r"\bhow should (i|we|one|you) (?=(?:prepare|start|begin|study|learn|handle|approach|get started|train|practice|react|respond|overcome|quit|launch|convince|lose|celebrate|dress|behave|stop|avoid|treat|control|choose|decide|answer|invest|talk|manage|raise)\b)", r"how do \1 "),
    (r"^what does it take (?:for (?:one|someone|a person|me) )?to (?=become\b|be an?\b|get into\b)", "how do one "),
    (r"^(why do) (?:you|one) (?=(?:have_to|need_to|need)\b)", r"\1 we "),
    (r"^(what are (?:the |some (?:of the )?|a few )?)most (?=" + _STRIKING + r"\b)", r"\1"),
    # what was asked of a thing is asked by a verb as well
    (r"^what is the (?:total )?number of ", "how many "),
    (r"\b(?:how frequently|how many times)\b", "how often"),
    (r"^how (is|was) it (?=(?:living|working|studying|being|having)\b)", r"what \1 it like "),
    (r"^is there (?:any |a )?(?:good )?(scope|future|demand) (?=for\b|of\b|in\b)", r"what is the \1 "),
    (r"^(?:is|are) there (?:any |some |an? )?(?:other |good |more )*([a-z]+ )(?=like\b|similar to\b)", r"what are some \1"),
    (r"^what are (?:some |the |any )?(?:other|more) ([a-z]+ )(?=like\b|similar to\b)", r"what are some \1"),
    (r"^(is there (?:an?|any) ways? to .*?)[?.,]? (?:if (?:so|yes),? )?how\s*\?*$", r"\1"),
    (r"^do you (?:(?:think|feel) (?:that )?|believe that )(?!in\b|of\b|about\b|so\b|you\b)", "does "),
    (r"^what are all (?=the\b)", "what are "),
    (r"^what is (?:the |that )?one thing (?:that )?", "what is the thing "),
    (r"\b(?:your|our|one) (?:own |whole |entire )?life(?=\s*[?.!]*$| (?:in|on|at|to|for|with|as|after|before|if|when|by|like|without|so|about|better|easier)\b)", "life"),
    (r"^((?:how|what)\b.*?\b(?:get|gain|attract|drive|make|earn|have)) more (?=(?:[a-z]+ )?(?:traffic|followers|subscribers|views|likes|clients|customers|visitors|sales|leads|friends|money|upvotes|users|readers|downloads|members)\b)(?!.* than\b)", r"\1 "),
    (r"\banyone\b(?! else\b)", "someone"),
    # one noun for two: between true north and magnetic north
    (r"\bbetween (?:the )?(?!anti\b|non\b)([a-z]+) ([a-z]{2,}?)s? and (?:the )?([a-z]+) \2s?\b", r"between \1 and \3 \2"),
    (r"\bmost (?=[a-z]{3,}est\b)(?!honest\b|modest\b)", ""),
    (r"\b(make|making|earn|earning) (?:some |a |an )?(?:good|decent|extra|easy|little|little bit of|some) (?:easy |extra |good )?(?=money\b)", r"\1 "),
    (r"^(?:what|which) ((?:[a-z]+ ){1,4})(?:is|are) good (?=for\b)", r"what is the best \1"),
    (rf"^(is|are) (?!it\b)((?:[a-z0-9]+ ){{1,4}}?)({_GRADED}) to ([a-z]+){_END}", r"is it \3 to \4 \2"),
    (r"\bget to be\b", "get"),
    # little words that say what others say
    (r"\bdue to (?=(?:the |my |an? )?[a-z]+)", "because of "),
    (r"\b([a-z]+s) (?:that are |which are )?similar to (?=[a-z])", r"\1 like "),
    # ways of asking for a way
    (r"^what (?:is|are) (?:the |some |an? )?(?:best |good |effective )?(?:tricks?|secrets?|keys?) (?:to|for|of) (?=[a-z]+ing\b)", "how do one "),
    (r"^what (?:can|could) be done to ", "how do one "),
    # verbs that go with their noun
    (r"\bget(?:ting)? up (?=early\b|in the morning\b)", "wake up "),
    (r"\b(?:see|know|find|check|tell) who (?:has |have )?(?:views?|viewed|visits?|visited|looked at) ", "see who viewed "),
    # verbs that are led by others
    (r"\b(become|becoming|get|getting|be) ((?:mentally |physically |emotionally |financially )?)(strong|smart|rich|tough|tall)er\b(?!.* than\b)", r"\1 \2\3"),
    (r"\b(stop|quit|break|remove|overcome|leave|kick|control) (?:my |the |your |this |an? )?(?:bad )?(?:habits?|habbits?) of ", r"\1 "),
    (r"\b(story|meaning|history|idea|logic|concept|science|theory|secret|mystery|reason|philosophy|psychology) behind\b", r"\1 of"),
    (r"^how do you (?:feel about|view) |^what is your take on ", "what do you think about "),
    (r"\bthe number (?=#?\d+\b|[\"'])", ""),
    (r"\blearn(ing)? (?:how )?to (?:(?:play|do|use) (?:the )?)?(?=[a-z])", r"learn\1 "),
    (r"^((?:how (?:do|can|could|should|would|to)|what is)\b.*?)\bstart(?:ing)? (?:to )?(?=(?:make|making|earn|earning|build|building|invest|investing|write|writing|code|coding)\b)", r"\1"),
    (r"\b(?:reduce|lose|burn|remove|shed|reducing|losing|burning) (?=(?:my |your |the |some )?(?:(?:body|belly|stomach|tummy|face|thigh|arm) fat|weight|kilos)\b)", "lose "),
    (r"^how do (?:most |some )?people (?=(?:handle|manage|overcome|learn|stay|earn|find)\b)", "how do i "),
    (r"\btravel(?:l?ing)? (?:around|across|through) the (?:whole |entire )?world\b", "travel the world"),
    (r"\btraffic (?:to|on|for|of|in|into) ", "traffic on "),
    (r"\b(get started|internships?|jobs?) (?:in|at|on|with) (?!home\b|no\b|out\b)", r"\1 in "),
    # which of two is better
    (r"^(?:which|what|who) (?:one )?is (?:the )?(?:better|best)(?: one)?\s*(?:[,:-]|among\b|between\b|out of\b) ?([^,?]{2,50}?) (?:and|or|versus) ([^,?]{2,50}?)(?=\s*[?.!]*$)", r"what is better \1 or \2"),
    (r"^(?:which|what|who) (?:one )?is better (?!than\b|for\b|in\b|to\b|at\b)([^,?]{2,50}?) (?:or|versus) ([^,?]{2,50}?)(?=\s*[?.!]*$)", r"what is better \1 or \2"),
    # the best of all time was and is
    (r"\b(what|which|who) (?:was|were) (?=the (?:first|last) .{2,40} you (?:have |had )?(?:ever )?(?:[a-z]+ed|had|saw|read|got|heard|did|bought|wrote)\b)", r"\1 is "),
    (rf"\b(what|which|who) (?:was|were) (?=(?:the|your) (?:[a-z]+ )?{_SUPERLATIVE}\b.* (?:of all times?|in history|ever|you (?:have |had )?(?:ever )?(?:[a-z]+ed|had|seen|saw|read|got|eaten|heard|did|done))\b)", r"\1 is "),
)  # fmt: skip
AFTER: Final = rules(
    (r"(\b(?:best|good)\b.{2,60}?) to (?:follow|use|try|adopt|refer(?: to)?|consider|opt for|go for|choose|have|take)(?= (?:for|in|on|as|with|from|when|if)\b|\s*[?.!]*$)", r"\1"),
    (rf"\b({_SCHOOLS})((?: (?:in|of|at) [a-z ]{{2,30}}?)?) (?:to (?:do|pursue|study|learn|get)|for (?:doing|pursuing|studying|learning)) ", r"\1\2 for "),
    (rf"\b({_READING}) +(?:to|for) (?:the )?(?:prepare|preparing|preparation|learn|learning|study|studying)(?: for| of| to (?:play|speak)| about)? (?:the |an? )?(?=[a-z])", r"\1 for "),
    (rf"(\b{_READING}\b.* for .{{2,40}}?) preparations?{_END}", r"\1"),
    (r"\b(questions?|answers?) (?:asked|posted|given) (?=on\b|in\b)", r"\1 "),
    (r"\b(?:make|making) (?:some )?money (?:from|with|on|through|via|off(?: of)?|out of|by using|using) (?!\w+ing\b)", "make money from "),
    (r"^(how do i .*?)\byour own\b", r"\1my own"),
    (r"^what (is|are) (?:the |an? |some )?better (?!.* (?:or|than)\b)", r"what \1 the best "),
    (r"\bat all(?=\s*[?.!]*$)", ""),
) + turns.LAST  # fmt: skip
