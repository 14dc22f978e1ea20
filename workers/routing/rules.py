"""The first classifier: transparent rules with weights, behind the Protocol that a trained one will use.

Each rule that matches adds its weight; the sum s becomes p = 1 / (1 + exp(-s)), so that a weight is a log-odds by
judgement and not by training: p is an ordering and no calibrated probability. The confidence is |2p - 1|. Long inputs
are looked at in a sample, the first and the last 1,000 characters, where the request stands.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from workers.contracts.routing import Query, RouteDecision, TaskType, Vector

NAME = "rules-1"
SAMPLE_CHARS = 1_000
LONG_CHARS = 1_500
SHORT_CHARS = 200
LOOKED_BACK_TURNS = 3
BIAS = -1.6  # most requests are simple: with no rule matching, p is 0.17


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: what it looks for, what it adds to the log-odds, the task that it points to, and its words."""

    pattern: re.Pattern[str]
    weight: float
    task: TaskType | None
    words: str


def _rule(pattern: str, weight: float, task: TaskType | None, words: str) -> Rule:
    return Rule(re.compile(pattern, re.IGNORECASE), weight, task, words)


RULES: tuple[Rule, ...] = (
    # mathematics: symbols, then words; the price of `$5` is no formula
    _rule(r"\\(?:frac|d?sqrt|sum|int|begin|cdot|le|ge|in|mathbb|angle|left|overline|triangle)\b|\\[\[(]|\$[a-z0-9]\$"
          r"|\$[^$\n]{0,80}(?:\\[a-z]|[\^_=<>])[^$\n]{0,200}\$", 2.6, "mathematics", "LaTeX"),
    _rule(r"\b(?:prove (?:that|by|or)|proof (?:that|by)|theorem|lemma|integral of|derivative|eigenvalues?|modulo|probability that)\b",
          2.4, "mathematics", "words of higher mathematics"),
    _rule(r"\b(?:integers?|divisors?|multiples? of|whose digits|reciprocal|polygons?|polynomials?|triangles?|hypotenuse|vertices"
          r"|prime (?:number|factor)s?|remainder|perpendicular|arithmetic sequence|geometric sequence|coprime|logarithm)\b",
          1.6, "mathematics", "words of mathematics"),
    _rule(r"\b(?:solve for|find all|how many (?:ways|integers|positive|different|distinct)|what is the (?:value|remainder"
          r"|sum|probability|area|volume|smallest|largest|greatest|least))\b", 1.4, "mathematics", "a problem to solve"),
    _rule(r"[a-z0-9)]\s?\^\s?[a-z0-9({]|\b[a-z] ?[=<>] ?-?\d", 1.2, "mathematics", "an equation"),
    # code
    _rule(r"```|\bdef \w+\(|\bclass \w+[:({]|#include|\bpublic static\b|=>\s?\{|\breturn\b.{0,200};|;\s*$", 2.0, "code", "code"),
    _rule(r"\b(?:write|implement|create|build|develop|generate|give me|make|code)\b.{0,60}\b(?:function|program|script|algorithm|code"
          r"|query|regex|api|application|website|middleware|component|sql|unit tests?|framework|(?:web|mobile|desktop) app)\b",
          2.0, "code", "a program to write"),
    _rule(r"\b(?:python|javascript|typescript|rust|c\+\+|c#|java|golang|sql|react|kubernetes|docker|bash|php|haskell|node ?js|django"
          r"|laravel|vue|flutter|terraform|pandas|pytorch)\b", 1.4, "code", "a programming language or tool"),
    _rule(r"\b(?:debug|refactor|optimi[sz]e|complexity|race condition|deadlock|stack trace|segfault|unit test(?:s|ing)?|compiler"
          r"|endpoint|middleware|implementation)\b", 1.2, "code", "words of engineering"),
    # logic: something to decide under constraints
    _rule(r"\b(?:true or false|which of the following|options:|valid or invalid|deductively|premises?)\b", 1.9, "logic",
          "options to decide between"),
    _rule(r"(?:^|\s)\(?[AB]\)\s", 1.9, "logic", "lettered options"),
    _rule(r"\b(?:if and only if|at least one of|exactly (?:one|two|three) of|either .{1,80} or|must be|cannot be|not both)\b", 1.3,
          "logic", "constraints"),
    _rule(r"\b(?:puzzle|riddle|liars?|knights? and|truth-?teller|tells? the truth|seated|sits? next to|to the (?:left|right) of"
          r"|finish(?:ed|es) (?:first|second|last|above|below))\b", 1.9, "logic", "a puzzle"),
    # analysis and planning
    _rule(r"\b(?:step[ -]by[ -]step|think carefully|explain your reasoning|show your work|justify|derive|deduce)\b", 1.3,
          "analysis", "steps are asked for"),
    _rule(r"\b(?:plan|schedule|itinerary|roadmap|strategy|architecture|design)\b.{0,80}\b(?:with|under|given|within|constraints?"
          r"|budget|deadline|trade-?offs?)\b", 1.5, "planning", "a plan under constraints"),
    _rule(r"\b(?:analy[sz]e|compare|evaluate|assess|trade-?offs?|root cause|implications|critique)\b", 0.7, "analysis",
          "an analysis"),
    # what a standard model does well
    _rule(r"\b(?:translate|rewrite|rephrase|paraphrase|summari[sz]e|shorten|proofread|correct the grammar|convert)\b", -1.2,
          "transformation", "a text to transform"),
    _rule(r"\b(?:extract|list all the|find the names?|pull out|identify the (?:names?|dates?))\b", -1.0, "extraction",
          "something to extract"),
    _rule(r"\b(?:write|compose|create|tell me|draft)\b.{0,40}\b(?:poem|story|song|haiku|slogan|email|letter|joke|essay|blog|tweet"
          r"|caption|speech|melody|tune)\b", -1.8, "creative", "a creative request"),
    _rule(r"^\W{0,20}(?:who|what|when|where|which)\b.{0,120}$", -1.0, "lookup", "a short question of fact"),
    _rule(r"\b(?:my (?:card|account|order|phone|bill|pin|bank|balance|identity)|weather|alarm|remind(?:er)?|play|book a|recipe|flight)\b",
          -1.4, "everyday", "an everyday request"),
)  # fmt: skip
LINE_OF_CLUES = re.compile(r"^[ \t]{0,20}(?:\d{1,3}[.)]|[-*•])[ \t]{1,8}\S", re.MULTILINE)
NUMBER = re.compile(r"(?<![\w.])-?\d+")
SENTENCE = re.compile(r"[.?!](?:\s|$)")
REASONING_ASKED = re.compile(r"step[ -]by[ -]step|reason(?:ing)?\b|think (?:hard|carefully)", re.IGNORECASE)

Finding = tuple[float, TaskType | None, str]  # weight, task, words


class RuleRouter:
    """Decides by the rules above."""

    name = NAME
    threshold = 0.5
    policy = "the sum of the rules' weights"

    def decide(self, queries: Sequence[Query], vectors: Sequence[Vector] = ()) -> list[RouteDecision]:  # noqa: ARG002 - rules read no vectors
        """Decide several queries; deterministic, and no reason quotes its query."""
        return [decide(query) for query in queries]


def decide(query: Query) -> RouteDecision:
    """Decide one query."""
    found = [*_findings(query.text), *_instructed(query), *_followed(query)]
    p = 1 / (1 + math.exp(-BIAS - sum(weight for weight, _, _ in found)))
    lane: Literal["reasoning", "standard"] = "reasoning" if p >= 0.5 else "standard"
    return RouteDecision(
        lane=lane,
        p_reasoning=round(p, 4),
        confidence=round(abs(2 * p - 1), 4),
        task_type=_task(found, lane, query.text),
        reason=_reason(found),
        decided_by=NAME,
    )


def _findings(text: str) -> list[Finding]:
    """What the words and the shape of a text say."""
    sample = _sample(text)
    found: list[Finding] = [(rule.weight, rule.task, rule.words) for rule in RULES if rule.pattern.search(sample)]
    numbers, clues = len(NUMBER.findall(sample)), len(LINE_OF_CLUES.findall(sample))
    if clues >= 4:
        found.append((1.2, "logic", "a list of clues or conditions"))
    elif numbers >= 2 and len(SENTENCE.findall(sample)) >= 2:
        found.append((0.4, "arithmetic", "several numbers in several sentences"))
    if len(text) > LONG_CHARS:
        found.append((0.8, None, "a long text"))
    if sample.count("?") >= 3:
        found.append((0.5, "analysis", "several questions"))
    return found


def _instructed(query: Query) -> list[Finding]:
    if query.instructions and REASONING_ASKED.search(_sample(query.instructions)):
        return [(1.5, "analysis", "the instructions ask for reasoning")]
    return []


def _followed(query: Query) -> list[Finding]:
    """A short follow-up ("and for seven?") is about as hard as the turns that it follows."""
    if len(query.text) > SHORT_CHARS or not query.history:
        return []
    before = max(sum(weight for weight, _, _ in _findings(turn)) for turn in query.history[-LOOKED_BACK_TURNS:])
    return [(min(before / 2, 1.8), None, "it follows a demanding question")] if before + BIAS > 0 else []


def _task(found: list[Finding], lane: str, text: str) -> TaskType:
    """The task of what weighs most in the direction of the decision."""
    sign = 1 if lane == "reasoning" else -1
    named = [(weight * sign, task) for weight, task, _ in found if task is not None]
    if not named:
        return "lookup" if text.rstrip().endswith("?") else "everyday"
    return max(named, key=lambda pair: pair[0])[1]


def _reason(found: list[Finding]) -> str:
    """Name what was found for reasoning, then what was found against it."""
    towards = [words for weight, _, words in found if weight > 0]
    against = [words for weight, _, words in found if weight < 0]
    if not found:
        return "nothing that points to reasoning"
    parts = [", ".join(towards)] if towards else []
    return "; ".join([*parts, f"against reasoning: {', '.join(against)}"] if against else parts)


def _sample(text: str) -> str:
    return text if len(text) <= 2 * SAMPLE_CHARS else f"{text[:SAMPLE_CHARS]}\n{text[-SAMPLE_CHARS:]}"
