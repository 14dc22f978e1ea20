"""The words that the router counts, by what they tell about a request; phrases are two words.

Each group is one feature. The lists name what requests of a kind have in common in their form and never an answer or an
item of a data set. A word may stand in several groups.
"""

from __future__ import annotations

from typing import Final

GROUPS: Final[dict[str, str]] = {
    # mathematics
    "higher mathematics": "theorem lemma proof prove proves integral derivative differentiate eigenvalue eigenvalues matrix matrices"
    " determinant modulo polynomial polynomials logarithm continuous convergent converges convergence bounded topology isomorphic"
    " homomorphism vector vectors subspace manifold lagrangian hamiltonian equation equations solve solution solutions derive"
    " differential asymptotic bijection injective surjective cardinality infinite limit series sequence gcd lcm congruent",
    "number theory and geometry": "integer integers divisor divisors divisible multiple multiples digit digits reciprocal polygon"
    " triangle triangles hypotenuse vertices vertex prime primes factorial remainder perpendicular parallel circle circles radius"
    " circumcircle inscribed tangent angle angles degrees area perimeter coprime ratio sum product square cube positive negative"
    " nonnegative real complex consecutive distinct permutation permutations rectangle rectangular diameter coordinates axis slope"
    " function functions roots root roll dice die coin coins",
    "statistics and physics": "probability probabilities expected variance deviation distribution regression hypothesis confidence"
    " sample estimator likelihood bayesian gaussian normal poisson random correlation significance anova velocity acceleration"
    " momentum energy force mass torque friction voltage current resistance capacitance entropy enthalpy equilibrium molar moles"
    " wavelength frequency electron pressure density gravity circuit thermodynamic quantum optimization minimise minimize maximise"
    " maximize optimal cost profit demand elasticity",
    # code
    "programming language": "python javascript typescript java kotlin swift rust golang php perl ruby scala haskell matlab bash"
    " powershell sql mysql postgres postgresql sqlite mongodb redis html css react angular vue django flask fastapi laravel spring"
    " nodejs node express docker kubernetes terraform ansible nginx pandas numpy pytorch tensorflow keras opencv qt pyqt unity"
    " unreal android ios linux git github jquery dotnet vba excel arduino esp verilog vhdl latex regex graphql aws azure gcp kafka"
    " spark hadoop airflow selenium cpp solidity assembly cuda opengl llvm cmake gradle maven webpack npm nextjs svelte tailwind",
    "words of programming": "code function functions class classes method methods variable variables array arrays loop loops"
    " algorithm algorithms script scripts program compile compiler debug debugging refactor implement implementation implements api"
    " endpoint database query queries schema json xml yaml csv parse parser parsing recursion recursive pointer pointers thread"
    " threads async await exception error errors bug bugs library package module import server client backend frontend app"
    " application component middleware deployment pipeline cluster container unittest test tests framework runtime memory stack"
    " heap queue hash binary integer string boolean null undefined stdout stdin stderr input output interface inheritance"
    " repository branch commit config configuration deploy",
    # logic
    "logical connectives": "if then either neither nor unless therefore hence implies iff every all some none not no cannot must"
    " exactly only premise premises conclusion argument follows valid invalid entail entails deductively true false statement"
    " statements both whether",
    "order and position": "first second third fourth fifth sixth last left right above below between next adjacent opposite front"
    " behind older oldest newer newest younger youngest taller tallest shorter shortest heavier lightest leftmost rightmost before"
    " after earlier later north south east west forward backward clockwise turn turns step steps facing row rows grid",
    "exchange and state": "swap swaps swapped trade trades traded exchange initially originally finally start starts started end"
    " ends ending moves moved holding switch switches gift partner each turn rearrange",
    "puzzle": "puzzle puzzles riddle liar liars lies truth truths truthful knight knights knave knaves clue clues suspects seated"
    " solve sudoku crossword tournament weigh weighing prisoners hats cross boxes labels guess deduce determine figure",
    "sorting and counting": "sort sorted order alphabetically list count counting many number total remaining ascending descending"
    " arrange sequence complete input output brackets parentheses closed closing",
    "judging options": "option options choice choices following correct incorrect best plausible sentence sentences ambiguous"
    " sarcastic adjective error errors translation interpretation refers antecedent pronoun typical cause caused intentionally"
    " attempt evaluate answer yes",
    "time and dates": "today yesterday tomorrow date dates calendar year years month months weeks days hours minutes monday tuesday"
    " wednesday thursday friday saturday sunday january february march april may june july august september october november"
    " december pm am born",
    "constraints": "exactly least most must only each every within without under maximum minimum no never always constraint"
    " constraints requirement requirements satisfy satisfies subject such given budget capacity deadline limit limited available"
    " conflict overlap feasible schedule allocate assign assigned",
    # analysis
    "analysis": "analyze analyse analysis evaluate assess compare contrast tradeoff tradeoffs root implications critique diagnose"
    " diagnosis evidence justify justification weigh interpret conclude infer hypothesis argue counterargument flaw flaws"
    " inconsistent strategy risk risks forecast model",
    "reasoning asked": "step carefully reason reasoning explain show work think derive justify detail rigorous rigorously",
    # what a standard model does well
    "writing": "write poem poems story stories song lyrics haiku essay blog article novel chapter scene script dialogue monologue"
    " screenplay limerick sonnet slogan tagline caption speech letter email tweet post advertisement joke jokes fiction fanfic"
    " paragraph verse draft compose description product toast invitation obituary cover newsletter headline headlines"
    " review bio script ad",
    "story": "character characters protagonist narrator plot tone style genre setting narrative mood emotional vivid dialogue hero"
    " heroine villain fantasy romance romantic horror comedy drama dramatic humorous funny whimsical magical kingdom dragon love"
    " heart dream world adventure mysterious night eyes she he her his him they them said voice feel feelings audience reader"
    " readers roleplay persona imagine creative anime episode",
    "transformation": "translate translation rewrite rephrase paraphrase summarize summarise summary shorten proofread correct"
    " grammar convert simplify reword edit polish improve formal tone formatted bullet bullets spelling concise english spanish"
    " french german italian chinese japanese",
    "extraction": "extract identify list find names dates mentioned passage text article following classify categorize sentiment"
    " keywords entities according tag label",
    "advice": "should best tips advice recommend recommendations suggest suggestions ideas ways help how healthy recipe recipes cook"
    " meal diet exercise workout travel trip visit gift birthday party friend friends family kids children wife husband boyfriend"
    " girlfriend mom dad mother father job interview resume career boss feel relationship wedding garden plant plants dog cat pet"
    " house home clean hobby movie movies book books music game games restaurant favorite favourite",
    "assistant request": "my me i please can could want need set alarm reminder timer weather play call text account card bank"
    " balance payment transfer order cancel refund book flight hotel reservation phone bill pin pay credit track delivery schedule"
    " traffic directions uber song playlist",
    "question of fact": "who what when where which whose wrote played plays sang sings won founded invented discovered located"
    " capital president king queen actor movie film season episode name named meaning mean definition define history famous"
    " country city population called stands",
    "explanation": "explain describe what why difference differences between does work works mean overview introduce benefits"
    " advantages disadvantages pros cons history concept example examples important importance role understand tell discuss",
    "small numbers story": "each per total many much more less twice half times cost costs buys bought sells sold earns spends"
    " spent left apples cookies dollars cents price gives gave hours minutes day days week miles pounds percent another rest"
    " altogether remaining",
    "knowledge": "according theory theorist psychology sociology philosopher philosophy law legal treaty court constitutional"
    " amendment medical patient symptoms disease gene genes dna cell cells protein bacteria virus hormone vitamin nutrition diet"
    " economy inflation gdp fiscal monetary policy century war revolution empire colonial political party moral morally wrong"
    " ethics virtue",
    "negation": "not no never none nothing cannot isn't aren't don't doesn't didn't won't can't without neither nor",
    "politeness": "please thanks thank hello hi hey kindly sorry",
}  # fmt: skip
PHRASES: Final[dict[str, str]] = {
    "a problem to solve": "solve for|find all|find the|how many|value of|the value|what is|is the|the smallest|the largest|the sum"
    "|prove that|show that|let be|such that|if and|only if|determine whether|determine all|the remainder|closed form|compute the"
    "|calculate the|evaluate the|the probability|express your|your answer|simplest form|common fraction|in terms",
    "a program to write": "write a|a function|a program|a script|python script|code to|code for|implement a|create a|build a"
    "|function that|script that|program that|unit tests|time complexity|the code|this code|my code|following code|class that"
    "|sql query|a query|the function|source code|command line|rest api|web app|code that|does not|doesn't work|not working|fix it"
    "|fix the|error message|best way|way to|using the|data structure|regular expression|dockerfile for|i get|gives me|example code",
    "a text to write": "write a|a story|a poem|a short|short story|a song|a letter|an email|an essay|a blog|blog post|about a|a scene"
    "|in which|style of|in the|write an|words long|a detailed|the story|the characters|a fictional|point of|of view|first person"
    "|third person|make it|fan fiction|a list|give me|act as|you are|role play|cover letter|product description|a speech",
    "advice asked": "how do|how can|how to|should i|do i|what should|what are|are some|tips for|ways to|ideas for|help me|i want"
    "|i need|i have|i am|best way|recommend a|suggest a|tell me|can you|could you|would you|what do|do you|what's the|is it",
    "a plain question of fact": "what is|who is|who was|when did|when was|where is|where did|who wrote|who played|what does|what was"
    "|how old|how tall|how long|name of|the name|which country|stand for|the meaning|when is|who sang|what year|meaning of|capital of",
    "deciding from statements": "true or|or false|which of|the following|following is|is true|must be|at least|at most|each other"
    "|to the|left of|right of|next to|is the|at the|tells the|the truth|says that|the end|end of|in order|from the|the same"
    "|the first|the second|the last|the argument|given the|valid or|or invalid|is there|the correct|answer with|consider the"
    "|the sentence|how would|would a",
    "a plan under constraints": "at least|at most|no more|more than|per week|each day|must be|subject to|hours per|so that|such that"
    "|as few|budget of|a budget|cannot be|not be|the minimum|the maximum|who can|can only|starting at|up to|shortest time|which order",
}  # fmt: skip


def index(groups: dict[str, str], *, separator: str | None = None) -> dict[str, tuple[int, ...]]:
    """Map each word or phrase to the numbers of the groups that it stands in."""
    found: dict[str, tuple[int, ...]] = {}
    for number, words in enumerate(groups.values()):
        for word in dict.fromkeys(words.split(separator)):
            found[word] = (*found.get(word, ()), number)
    return found
