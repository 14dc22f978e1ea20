"""Names: each address that comes out is judged, and one bad one refuses all."""

from __future__ import annotations

import pytest

from workers.webhooks.resolving import AddressRefused, SystemResolver, Unresolved, judged

GOOD, BAD = "93.184.216.34", "10.0.0.5"


def test_all_good_addresses_are_given() -> None:
    """In the order of the system."""
    assert [str(one) for one in judged([GOOD, "2606:2800:220:1::1"], ())] == [GOOD, "2606:2800:220:1::1"]


@pytest.mark.parametrize(
    "found", [[BAD], [GOOD, BAD], [BAD, GOOD], ["::1"], [GOOD, "fe80::1%eth0"], ["::ffff:10.0.0.1"], ["nonsense"]]
)
def test_one_bad_address_refuses_the_name(found: list[str]) -> None:
    """Otherwise a second try could reach it."""
    with pytest.raises(AddressRefused):
        judged(found, ())


def test_a_name_without_an_address_is_not_a_refusal() -> None:
    """It may have one later."""
    with pytest.raises(Unresolved):
        judged([], ())


@pytest.mark.anyio
async def test_the_system_knows_this_machine() -> None:
    """The real resolver, on a name that needs no network, and on one that cannot be."""
    resolver = SystemResolver(2)
    assert "127.0.0.1" in await resolver("localhost", 443)
    with pytest.raises(Unresolved):
        await resolver("name.invalid", 443)
    resolver.close()
