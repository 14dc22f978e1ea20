"""What every route needs: the client, the settings, the gate."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import cast

from fastapi import Request

from api.access import Gate
from api.measuring import Measures
from workers.client import Client
from workers.settings import Settings


@dataclass(frozen=True, slots=True)
class State:
    """The parts of a running app."""

    client: Client
    settings: Settings
    gate: Gate
    measures: Measures
    streams: Counter[str] = field(default_factory=Counter)  # open ones by tenant


def state_of(request: Request) -> State:
    """Get the parts of the app that a request came to."""
    return cast("State", request.app.state.parts)
