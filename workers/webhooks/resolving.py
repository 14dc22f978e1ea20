"""Looks up names and judges every address that comes out: one that may not be asked refuses them all.

A name is looked up once a try, and the addresses that were judged are those that are connected to; whoever changes the
answer in between (DNS rebinding) changes nothing.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from workers.submission.addresses import Address, Network, refusal

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
MOST_LOOKUPS = 32  # at once in one process; a look-up that hangs holds a thread until the resolver gives up


class AddressRefused(Exception):
    """The name leads to an address that may not be asked."""


class Unresolved(Exception):
    """The name has no address, or nobody could say."""


class SystemResolver:
    """Asks the system, on threads of its own: the process's event loop has only few, and look-ups can hang."""

    def __init__(self, most: int = MOST_LOOKUPS) -> None:
        self._threads = ThreadPoolExecutor(min(most, MOST_LOOKUPS), thread_name_prefix="thinkline-names")

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """Look up a name; gives its addresses in the system's order."""
        loop = asyncio.get_running_loop()
        try:
            rows = await loop.run_in_executor(
                self._threads, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            )
        except (OSError, UnicodeError) as error:
            raise Unresolved("the name could not be looked up") from error
        return list(dict.fromkeys(str(row[4][0]) for row in rows))

    def close(self) -> None:
        """Give the threads up; look-ups that hang end by themselves."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def judged(found: Sequence[str], allowed: Sequence[Network]) -> list[Address]:
    """Judge every address.

    Raises:
        AddressRefused: one of them may not be asked.
        Unresolved: there is none.
    """
    if not found:
        raise Unresolved("the name has no address")
    addresses: list[Address] = []
    for text in found:
        try:
            address = ipaddress.ip_address(text)
        except ValueError as error:
            raise AddressRefused("the name leads to something that is no address") from error
        why = refusal(address, allowed)
        if why:
            raise AddressRefused(f"the name leads to an address that {why}")
        addresses.append(address)
    return addresses
