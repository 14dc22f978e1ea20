"""Which addresses webhooks may be sent to: public ones, and networks that a setting names.

An IPv4 address inside an IPv6 one is judged as what it is, since a gateway or this machine would send there.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# Public by the registry, and yet not a place on the Internet: Azure's metadata and wire server, 6to4 and its relays,
# Teredo, and blocks that IANA keeps for protocols (some of their addresses count as global).
# Sources: IANA IPv4 and IPv6 Special-Purpose Address Registries, learn.microsoft.com on 168.63.129.16, RFC 7526, RFC 9637.
NEVER: tuple[Network, ...] = tuple(
    map(
        ipaddress.ip_network,
        ("168.63.129.16/32", "192.0.0.0/24", "192.88.99.0/24", "2001::/23", "2002::/16", "3fff::/20"),
    )
)
UNICAST = ipaddress.IPv6Network("2000::/3")  # all that IANA has given out
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052
COMPATIBLE = ipaddress.IPv6Network("::/96")  # RFC 4291, deprecated
ISATAP = frozenset({0x00005EFE, 0x02005EFE})  # RFC 5214: the upper half of the interface's number


def refusal(address: Address, allowed: Sequence[Network] = ()) -> str | None:
    """Say why an address may not be sent to; None when it may.

    >>> refusal(ipaddress.ip_address("127.0.0.1"))
    'is not a public address'
    """
    scoped = isinstance(address, ipaddress.IPv6Address) and address.scope_id is not None
    if not scoped and any(address in network for network in allowed):
        return None
    if any(address in network for network in NEVER):
        return "is kept for special purposes"
    inner = _inside(address)
    if inner is not None:
        why = refusal(inner, allowed)
        return f"holds an IPv4 address that {why}" if why else None
    if address.is_multicast:
        return "is a multicast address"
    public = address.is_global and not scoped and (address.version == 4 or address in UNICAST)
    return None if public else "is not a public address"


def _inside(address: Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 address stands for, or is translated or tunnelled to."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    number = int(address)
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if (
        address in NAT64
        or (address in COMPATIBLE and number > 1)
        or (number >> 32 & 0xFFFFFFFF in ISATAP and address in UNICAST)
    ):
        return ipaddress.IPv4Address(number & 0xFFFFFFFF)
    return None
