"""Reads the address of a webhook strictly, in one way only: what is odd is refused and not guessed.

No name is looked up here: that happens at each try, and each address that comes out is judged then
(workers/webhooks/resolving.py). A number that stands where a name could is judged at once.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import quote

import idna

from workers.contracts.errors import InvalidRequest
from workers.contracts.webhooks import MAX_URL_CHARS
from workers.settings.webhooks import WebhookSettings
from workers.submission.addresses import Address, refusal

PORTS = {"https": 443, "http": 80}
_URL = re.compile(r"(https?)://([^/?#]*)([^#]*)\Z", re.IGNORECASE | re.ASCII)
_HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^\[\]:@%\\]+)(?::([0-9]{1,5}))?\Z", re.ASCII)
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\Z", re.ASCII)
_NUMBER = re.compile(r"(0x[0-9a-f]*|[0-9]+)\Z", re.ASCII)  # a last label that makes some resolvers see an address
_IPV4 = re.compile(r"(0|[1-9][0-9]{0,2})(\.(0|[1-9][0-9]{0,2})){3}\Z", re.ASCII)
LOCAL_NAMES = (".localhost", ".local", ".internal", ".intranet", ".lan", ".home", ".home.arpa", ".corp", ".onion")


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a webhook goes: the parts that are used, and nothing else of the text."""

    scheme: str
    host: str  # a name in ASCII, without a dot at its end, or an address without brackets
    port: int
    target: str  # path and query
    address: Address | None  # when the host is one

    @property
    def authority(self) -> str:
        """What goes into `Host`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The address in its one normal form."""
        return f"{self.scheme}://{self.authority}{self.target}"


def read_destination(url: str, settings: WebhookSettings, *, field: str = "url") -> Destination:
    """Read and judge an address.

    Raises:
        InvalidRequest: names the field, and says what is not allowed.
    """
    try:
        return _read(url, settings)
    except ValueError as error:
        raise InvalidRequest(str(error), field=field) from error


def _read(url: str, settings: WebhookSettings) -> Destination:
    if len(url) > MAX_URL_CHARS:
        raise ValueError(f"may have at most {MAX_URL_CHARS} characters")
    if any(ord(char) <= 32 or ord(char) == 127 for char in url) or "\\" in url:
        raise ValueError("must not hold blanks, control characters or backslashes")
    found = _URL.match(url)
    if not found:
        raise ValueError("must be an address like https://example.com/path, without a fragment (#)")
    scheme, authority, target = found[1].lower(), found[2], found[3]
    if scheme == "http" and not settings.allow_http:
        raise ValueError("must begin with https:// (the setting webhooks.allow_http allows http://)")
    if "@" in authority:
        raise ValueError("must not hold a user name or a password")
    parts = _HOST.match(authority)
    if not parts:
        raise ValueError("must hold a host name or an address, and a port at the most")
    port = _port(parts[2], scheme)
    host, address = _host(parts[1], settings)
    if not target.startswith("/"):
        target = f"/{target}"
    return Destination(scheme, host, port, quote(target, safe="/?%:@!$&'()*+,;=-._~[]|"), address)


def _port(text: str | None, scheme: str) -> int:
    if text is None:
        return PORTS[scheme]
    port = int(text)
    if port not in PORTS.values() and not 1024 <= port <= 65_535:
        raise ValueError("its port must be 443, 80, or from 1024 to 65535")
    return port


def _host(text: str, settings: WebhookSettings) -> tuple[str, Address | None]:
    if text.startswith("["):
        return _judged(ipaddress.IPv6Address(text[1:-1]), settings)
    name = _ascii(text)
    if _NUMBER.match(name.rpartition(".")[2]):
        if not _IPV4.match(name):
            raise ValueError("its host is a number in an odd form: write an IPv4 address as four decimal numbers")
        return _judged(ipaddress.IPv4Address(name), settings)
    if len(name) > 253 or not all(map(_LABEL.match, name.split("."))):
        raise ValueError("its host is not a valid name")
    local = "." not in name or f".{name}".endswith(LOCAL_NAMES)
    if local and not settings.allow_networks:
        raise ValueError("its host is a local name (the setting webhooks.allow_networks allows networks of your own)")
    return name, None


def _ascii(text: str) -> str:
    """Write a name as the DNS knows it; characters that only look like dots and digits become what they look like."""
    text = text.removesuffix(".")
    if not text or text.endswith("."):
        raise ValueError("its host is not a valid name")
    try:
        return text.lower() if text.isascii() else idna.encode(text, uts46=True).decode().lower().removesuffix(".")
    except (idna.IDNAError, UnicodeError) as error:
        raise ValueError("its host is not a valid name") from error


def _judged(address: Address, settings: WebhookSettings) -> tuple[str, Address]:
    why = refusal(address, settings.networks)
    if why:
        raise ValueError(f"its host {why} (the setting webhooks.allow_networks allows networks of your own)")
    return str(address), address
