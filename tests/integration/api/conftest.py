"""An API in this process on a real Redis, without workers; a file with needs of its own has fixtures of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.support.http import serving
from workers.settings import Settings


@pytest.fixture
def app(make: Callable[..., Settings]) -> Settings:
    """Settings of one API."""
    return make()


@pytest.fixture
def http(app: Settings) -> Iterator[httpx.Client]:
    """A client of that API."""
    with serving(app) as client:
        yield client
