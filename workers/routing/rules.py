"""The first classifier: transparent rules with weights, behind the Protocol that a trained one will use.

Each rule that matches adds its weight; the sum s becomes p = 1 / (1 + exp(-s)), so that a weight is a log-odds by
judgement and not by training: p is an ordering and no calibrated probability. The confidence is |2p - 1|. Long inputs
are looked at in a sample, the first and the last 6,000 characters, where the request stands.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from workers.contracts.routing import Query, RouteDecision, TaskType

NAME = "rules-1"
SAMPLE_CHARS = 6_000
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
    _rule(r"\\(?:frac|sqrt|sum|int|begin|cdot|le|ge|in|mathbb|angle|left)\b|\$[^$\n]{1,200}\$", 2.6, "mathematics", "LaTeX"),
    _rule(r"\b(?:prove|proof|theorem|lemma|integral|derivative|polynomial|eigenvalue|modulo|probability that)\b", 2.4,
          "mathematics", "words of mathematics"),
    _rule(r"\b(?:solve for|find all|how many (?:ways|integers|positive|different|distinct)|what is the (?:value|remainder"
          r"|sum|probability|area|volume|smallest|largest|greatest|least))\b", 1.6, "mathematics", "a problem to solve"),
    _rule(r"[a-z0-9)]\s*[\^]\s*[a-z0-9({]|\b[a-z]\s*[=<>]\s*-?\d", 1.2, "mathematics", "an equation"),
    _rule(r"```|\bdef \w+\(|\bclass \w+[:({]|#include|\bpublic static\b|=>\s*\{|\breturn\b.*;|;\s*$", 2.0, "code", "code"),
    _rule(r"\b(?:write|implement|create|build|develop|generate|give me|make|show)\b.{0,60}\b(?:function|program|script|class|algorithm|code"
          r"|query|regex|api|app|application|component|sql)\b", 2.2, "code", "a program to write"),
    _rule(r"\b(?:python|javascript|typescript|rust|c\+\+|java|golang|sql|react|kubernetes|docker|bash|php|haskell)\b", 1.4, "code",
          "a programming language"),
    _rule(r"\b(?:debug|refactor|optimi[sz]e|complexity|race condition|deadlock|stack trace|segfault|unit tests?)\b", 1.2, "code",
          "engineering words"),
    _rule(r"\b(?:true or false|which of the following|options:|valid or invalid|deductively|premises?)\b", 1.9, "logic",
          "options to decide between"),
    _rule(r"(?:^|\s)\(?[AB]\)\s", 1.9, "logic", "lettered options"),
    _rule(r"\b(?:if and only if|at least one of|exactly (?:one|two|three)|either .{1,80} or|must be|cannot be|not both)\b", 1.3,
          "logic", "constraints"),
    _rule(r"\b(?:puzzle|riddle|liar|knights?|truth-?teller|seated|sits? next to|to the (?:left|right) of|older than|taller than"
          r"|finished (?:first|second|last|above|below))\b", 1.9, "logic", "a puzzle"),
    _rule(r"\b(?:step[ -]by[ -]step|think carefully|explain your reasoning|show your work|justify|derive|deduce)\b", 1.6,
          "analysis", "steps are asked for"),
    _rule(r"\b(?:plan|schedule|itinerary|roadmap|strategy|architecture|design) .{0,80}\b(?:with|under|given|within|constraints?"
          r"|budget|deadline|trade-?offs?)\b", 1.5, "planning", "a plan under constraints"),
    _rule(r"\b(?:analy[sz]e|compare|evaluate|assess|trade-?offs?|root cause|implications|critique)\b", 0.7, "analysis",
          "an analysis"),
    _rule(r"\b(?:translate|rewrite|rephrase|paraphrase|summari[sz]e|shorten|proofread|correct the grammar|convert)\b", -1.2,
          "transformation", "a text to transform"),
    _rule(r"\b(?:extract|list all the|find the names?|pull out|identify the (?:names?|dates?))\b", -1.0, "extraction",
          "something to extract"),
    _rule(r"\b(?:write|compose|create|tell me|draft)\b.{0,40}\b(?:poem|story|song|haiku|slogan|email|letter|joke|essay|blog|tweet"
          r"|caption|speech|melody|tune)\b", -1.8, "creative", "a creative request"),
    _rule(r"^\W*(?:who|what|when|where|which)\b.{0,120}$", -1.0, "lookup", "a short question of fact"),
    _rule(r"\b(?:my (?:card|account|order|phone|bill|pin|bank|balance)|weather|alarm|remind(?:er)?|play|book a|recipe|flight)\b",
          -1.4, "everyday", "an everyday request"),
)  # fmt: skip
LINE_OF_CLUES = re.compile(r"^[ \t]*(?:\d+[.)]|[-*•])\s+\S", re.MULTILINE)
NUMBER = re.compile(r"(?<![\w.])-?\d+(?:[.,]\d+)*")
SENTENCE = re.compile(r"[.?!](?:\s|$)")


class RuleRouter:
    """Decides by the rules above."""

    name = NAME

    async def decide(self, queries: Sequence[Query]) -> list[RouteDecision]:
        """Decide several queries; deterministic, and none quotes its query."""
        return [decide(query) for query in queries]


def decide(query: Query) -> RouteDecision:
    """Decide one query."""
    text = _sample(query.text)
    matched = [rule for rule in RULES if rule.pattern.search(text)]
    extra = [*_structure(text), *_instructed(query)]
    score = BIAS + sum(rule.weight for rule in matched) + sum(weight for weight, _, _ in extra)
    p = 1 / (1 + math.exp(-score))
    tasks = [(rule.weight, rule.task) for rule in matched] + [(weight, task) for weight, task, _ in extra]
    words = [rule.words for rule in matched] + [word for _, _, word in extra]
    lane = "reasoning" if p >= 0.5 else "standard"
    return RouteDecision(
        lane="reasoning" if p >= 0.5 else "standard",
        p_reasoning=round(p, 4),
        confidence=round(abs(2 * p - 1), 4),
        task_type=_task(tasks, lane, text),
        reason=f"{', '.join(words)}" if words else "nothing that points to reasoning",
        decided_by=NAME,
    )


def _structure(text: str) -> list[tuple[float, TaskType | None, str]]:
    """What the shape of a text says."""
    found: list[tuple[float, TaskType | None, str]] = []
    numbers, clues = len(NUMBER.findall(text)), len(LINE_OF_CLUES.findall(text))
    if clues >= 4:
        found.append((1.2, "logic", "a list of clues or conditions"))
    if numbers >= 2 and len(SENTENCE.findall(text)) >= 2 and clues < 4:
        found.append((0.4, "arithmetic", "several numbers in several sentences"))
    if len(text) > 1_500:
        found.append((0.8, None, "a long text"))
    if text.count("?") >= 3:
        found.append((0.5, "analysis", "several questions"))
    return found


def _instructed(query: Query) -> list[tuple[float, TaskType | None, str]]:
    asked = query.instructions or ""
    if re.search(r"step[ -]by[ -]step|reason(?:ing)?\b|think (?:hard|carefully)", asked[:SAMPLE_CHARS], re.IGNORECASE):
        return [(1.5, "analysis", "the instructions ask for reasoning")]
    return []


def _task(tasks: list[tuple[float, TaskType | None]], lane: str, text: str) -> TaskType:
    """The task of the rule that weighs most in the direction of the decision."""
    sign = 1 if lane == "reasoning" else -1
    named = [(weight * sign, task) for weight, task in tasks if task is not None]
    if not named:
        return "lookup" if text.rstrip().endswith("?") else "everyday"
    return max(named, key=lambda pair: pair[0])[1]


def _sample(text: str) -> str:
    return text if len(text) <= 2 * SAMPLE_CHARS else f"{text[:SAMPLE_CHARS]}\n{text[-SAMPLE_CHARS:]}"
