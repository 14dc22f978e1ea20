"""Who asks and what they may do: API keys by their hash; without keys, this machine alone."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from dataclasses import dataclass

from fastapi import Request

from api.problems import Problem
from workers.settings import ApiKey, Scope, Settings

LOCAL_TENANT = "default"
LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})
MOST_KEY_CHARS = 512


@dataclass(frozen=True, slots=True)
class Gate:
    """Decides for each request whose it is."""

    keys: tuple[ApiKey, ...]

    @classmethod
    def of(cls, settings: Settings) -> Gate:
        """Make the gate of an app."""
        return cls(tuple(settings.api_keys))

    def tenant(self, request: Request, scope: Scope) -> str:
        """Say whose request it is.

        Raises:
            Problem: 401 without a valid key, 403 without the scope, or when a keyless API is asked from elsewhere.
        """
        if not self.keys:
            _only_this_machine(request)
            return LOCAL_TENANT
        key = self._find(_presented(request))
        if key is None:
            detail = "an API key is needed: `Authorization: Bearer KEY`"
            raise Problem(401, "unauthorized", detail, headers={"WWW-Authenticate": 'Bearer realm="thinkline"'})
        if scope not in key.scopes:
            raise Problem(403, "forbidden", f"this key does not have the scope {scope}")
        return key.tenant

    def _find(self, presented: str | None) -> ApiKey | None:
        """Compare with every key, so that the time says nothing about which one is close."""
        if not presented:
            return None
        digest = hashlib.sha256(presented.encode("utf-8", "surrogateescape")).hexdigest()
        found = None
        for key in self.keys:
            if hmac.compare_digest(key.sha256, digest):
                found = key
        return found


def _presented(request: Request) -> str | None:
    kind, _, value = request.headers.get("authorization", "").partition(" ")
    key = value.strip() if kind.lower() == "bearer" else request.headers.get("x-api-key", "").strip()
    return key if 0 < len(key) <= MOST_KEY_CHARS else None


def _only_this_machine(request: Request) -> None:
    """Refuse what another machine, or a page of another site in a browser on this one, asks of a keyless API."""
    client = request.client.host if request.client else ""
    host = request.headers.get("host", "")
    if not _is_loopback(client) or _name(host) not in LOCAL_NAMES:
        raise Problem(403, "forbidden", "without API keys only this machine is served; see `api_keys` in the settings")
    origin = request.headers.get("origin")
    if origin is not None and origin not in (f"http://{host}", f"https://{host}"):
        raise Problem(403, "forbidden", "pages of other sites are not served without an API key")


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _name(host: str) -> str:
    return host if host.endswith("]") else host.rsplit(":", 1)[0].lower()
