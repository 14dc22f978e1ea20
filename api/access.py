"""Who asks and what they may do: API keys by their hash; without keys, this machine alone."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from fastapi import Request

from api.problems import Problem
from workers.settings import ApiKey, Scope, Settings, is_loopback

LOCAL_TENANT = "default"
MOST_KEY_CHARS = 512
PROXIED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
REALM = 'Bearer realm="thinkline"'


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
        presented = _presented(request)
        if presented is None:
            detail = "an API key is needed: `Authorization: Bearer KEY`"
            raise Problem(401, "unauthorized", detail, headers={"WWW-Authenticate": REALM})
        key = self._find(presented)
        if key is None:
            headers = {"WWW-Authenticate": f'{REALM}, error="invalid_token"'}
            raise Problem(401, "unauthorized", "this API key is not known", headers=headers)
        if scope not in key.scopes:
            raise Problem(403, "forbidden", f"this key does not have the scope {scope}")
        return key.tenant

    def _find(self, presented: str) -> ApiKey | None:
        """Compare with every key, so that the time says nothing about which one is close."""
        digest = hashlib.sha256(presented.encode()).hexdigest()
        found = None
        for key in self.keys:
            if hmac.compare_digest(key.sha256, digest):
                found = key
        return found


def _presented(request: Request) -> str | None:
    kind, _, value = request.headers.get("authorization", "").partition(" ")
    key = value.strip() if kind.lower() == "bearer" else request.headers.get("x-api-key", "").strip()
    return key[:MOST_KEY_CHARS] or None


def _only_this_machine(request: Request) -> None:
    """Refuse what another machine, or a page of another site in a browser on this one, asks of a keyless API.

    A name in `Host` that is not this machine's is what a page looks like whose own name was rebound to our address.
    """
    headers = request.headers
    client, host = request.client.host if request.client else "", headers.get("host", "")
    if not is_loopback(client) or not is_loopback(_name(host)):
        raise Problem(403, "forbidden", "without API keys only this machine is served; see `api_keys` in the settings")
    if any(name in headers for name in PROXIED):
        detail = "without API keys only this machine is served, and this came through a proxy; see `api_keys`"
        raise Problem(403, "forbidden", detail)
    origin, site = headers.get("origin"), headers.get("sec-fetch-site", "none")
    foreign = origin is not None and origin not in (f"http://{host}", f"https://{host}")
    if foreign or (request.method != "GET" and site not in ("same-origin", "none")):
        raise Problem(403, "forbidden", "pages of other sites are not served without an API key")


def _name(host: str) -> str:
    """Take the port and the brackets off: `[::1]:8080` is `::1`."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower()
