"""Settings of what decides: the classify workers, their encoder and the router."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from workers.settings.section import Seconds, Section


class ClassifySettings(Section):
    """The classify workers."""

    slots: int = Field(default=32, ge=1, le=1_000, description="queries in hand in one worker process")
    max_depth: int = Field(default=20_000, ge=1, description="unclassified jobs above which new ones get 429")


class EncoderSettings(Section):
    """The sentence encoder of the classify workers."""

    model: str = Field(
        default="all-MiniLM-L6-v2",
        min_length=1,
        description="`all-MiniLM-L6-v2`, which is in a package, or the path of a folder in the format of"
        " sentence-transformers; a trained router belongs to one encoder",
    )
    threads: int = Field(
        default=0,
        ge=0,
        le=256,
        description="texts are encoded on so many threads of a worker process, each with texts of its own; 0: one a core",
    )
    batch: int = Field(default=32, ge=1, le=256, description="most queries in one pass")
    wait_s: float = Field(default=0.003, ge=0, le=0.1, description="how long a first query waits for others")


class RouterSettings(Section):
    """The classifier that decides between the reasoning and the standard lane."""

    kind: Literal["trained", "rules"] = Field(
        default="trained", description="`trained` needs the encoder; `rules` needs nothing and knows less"
    )
    artefact: str = Field(
        default="", description="path of a trained artefact (`thinkline router train`); empty: the one that is shipped"
    )
    shadow: str = Field(
        default="", description="path of a candidate that decides beside it; differences are counted, nothing changes"
    )
    policy: Literal["quality", "budget", "threshold"] = Field(
        default="threshold", description="which of the next three settings says what goes to reasoning"
    )
    quality: float = Field(
        default=0.98, ge=0.5, le=1, description="keep this share of always-reasoning's accuracy (calibration set)"
    )
    budget: float = Field(default=0.4, ge=0, le=1, description="at most this share of queries to reasoning")
    threshold: float = Field(
        default=0.22, ge=0, le=1, description="p_reasoning from which on a query goes to reasoning"
    )
    min_confidence: float = Field(
        default=0.5, ge=0, le=1, description="below this confidence `when_unsure` decides; 0 switches it off"
    )
    when_unsure: Literal["reasoning", "standard"] = Field(
        default="reasoning", description="the lane of a query about which the classifier is not sure"
    )
    reload_s: Seconds = Field(default=5.0, description="how often the artefacts' files are looked at for a change")
