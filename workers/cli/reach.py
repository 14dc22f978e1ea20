"""How commands reach the API: one client, and one clear sentence when it cannot be reached or refuses."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from workers.cli.failing import fail, settings_or_exit
from workers.local.services import api_url
from workers.settings.environment import CLIENT_KEY, CLIENT_URL


@contextmanager
def reaching(url: str | None, key: str | None) -> Iterator[httpx.Client]:
    """Open a client of the API.

    Args:
        url: its address; None for the variable THINKLINE_CLIENT_URL, or that of the settings.
        key: an API key; None for the variable THINKLINE_CLIENT_KEY, or none.
    """
    base = url or os.environ.get(CLIENT_URL) or api_url(settings_or_exit())
    key = key or os.environ.get(CLIENT_KEY)
    headers = {"authorization": f"Bearer {key}"} if key else {}
    with httpx.Client(base_url=base, headers=headers, timeout=30, trust_env=False) as http:
        try:
            yield http
        except httpx.ConnectError:
            fail(f"nothing answers at {base}: start the system with `make up` and try again")
        except httpx.HTTPStatusError as error:
            fail(f"the API refused {error.request.url.path} with {error.response.status_code}: {_detail(error)}")
        except httpx.HTTPError as error:
            fail(f"the connection to {base} failed: {type(error).__name__}")


def _detail(error: httpx.HTTPStatusError) -> str:
    try:
        return str(error.response.json()["detail"])
    except (ValueError, KeyError):
        return error.response.reason_phrase
