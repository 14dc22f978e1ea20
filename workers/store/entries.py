"""Names of cache entries: references, keys, ids and cursors. lua/caching.lua has the same rules."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

ENTRY_ID: Final = re.compile(r"ent_[0-9a-f]{64}\Z")
MEMBER: Final = re.compile(r"\d{1,16}/[^/]+/[^/]+/[^/]+\Z")


def entry_name(tenant: str, cache_key: str) -> str:
    """Name the entry of a job's cache key, without the prefix of all keys: `@staff/ab12` -> `shared:staff:exact:ab12`."""
    if cache_key.startswith("@"):
        group, _, found = cache_key[1:].partition("/")
        return f"shared:{group}:exact:{found}"
    return f"tenant:{tenant}:exact:{cache_key}"


def alias_name(tenant: str, cache_key: str) -> str:
    """Name the alias of a job's cache key: `ab12` -> `tenant:acme:alias:ab12`."""
    return entry_name(tenant, cache_key).replace(":exact:", ":alias:", 1)


def name_of(ref: str) -> str:
    """Name the entry of a reference: `acme/SCOPE/ab12` -> `tenant:acme:exact:ab12`."""
    owner, _, found = ref.split("/", 2)
    return entry_name(owner, f"{owner}/{found}" if owner.startswith("@") else found)


def entry_id(ref: str) -> str:
    """Name an entry as its owner sees it."""
    return f"ent_{ref.rpartition('/')[2]}"


def as_cursor(member: str) -> str:
    """Write a place in a list of entries as one word."""
    return base64.urlsafe_b64encode(member.encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> str | None:
    """Read it back; None when it is not one of ours."""
    try:
        member = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, ValueError):
        return None
    return member if MEMBER.match(member) else None
