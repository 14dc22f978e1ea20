"""Addresses of webhooks: odd and inner ones are refused, in every form that some library would understand."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.contracts.errors import InvalidRequest
from workers.settings.webhooks import WebhookSettings
from workers.submission.addresses import refusal
from workers.submission.destination import read_destination

STRICT = WebhookSettings()
HTTP = WebhookSettings(allow_http=True)
LOCAL = WebhookSettings(allow_http=True, allow_networks=["127.0.0.0/8", "::1/128"])

REFUSED = [
    # this machine
    "https://127.0.0.1/", "https://127.1/", "https://127.0.1/", "https://127.255.255.254/", "https://0.0.0.0/", "https://0/",
    "https://2130706433/", "https://0x7f000001/", "https://0x7f.0.0.1/", "https://0x7f.1/", "https://017700000001/",
    "https://0177.0.0.1/", "https://00000177.0.0.1/", "https://127.0.0.01/", "https://127.0.0.0x1/", "https://0X7F000001/",
    "https://127.0.0.1./", "https://localhost/", "https://LOCALHOST/", "https://localhost./", "https://a.localhost/",
    "https://[::1]/", "https://[::]/", "https://[0:0:0:0:0:0:0:1]/", "https://[0000::0001]/",
    # IPv4 inside IPv6
    "https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/", "https://[::FFFF:169.254.169.254]/", "https://[::127.0.0.1]/",
    "https://[64:ff9b::127.0.0.1]/", "https://[64:ff9b::a9fe:a9fe]/", "https://[64:ff9b:1::7f00:1]/",
    "https://[2002:7f00:1::]/", "https://[2002:a9fe:a9fe::1]/", "https://[2001:0:7f00:1::1]/", "https://[::ffff:0:127.0.0.1]/",
    "https://[2a01:4f8::5efe:10.0.0.1]/", "https://[fe80::5efe:a00:1]/",
    # metadata services
    "https://169.254.169.254/latest/meta-data/", "https://2852039166/", "https://0xa9fea9fe/", "https://169.254.43518/",
    "https://[fd00:ec2::254]/", "https://[fd20:ce::254]/", "https://100.100.100.200/", "https://168.63.129.16/",
    "https://192.0.0.192/", "https://metadata.google.internal/", "https://169.254.170.2/",
    # other inner and special networks
    "https://10.0.0.1/", "https://172.16.0.1/", "https://192.168.1.1/", "https://100.64.0.1/", "https://169.254.1.1/",
    "https://192.0.2.1/", "https://198.51.100.7/", "https://203.0.113.9/", "https://198.18.0.1/", "https://192.88.99.1/",
    "https://224.0.0.1/", "https://239.255.255.250/", "https://240.0.0.1/", "https://255.255.255.255/",
    "https://[fe80::1]/", "https://[fc00::1]/", "https://[fec0::1]/", "https://[ff02::1]/", "https://[2001:db8::1]/",
    "https://[2001:10::1]/", "https://[100::1]/", "https://[3fff::1]/", "https://[4000::1]/", "https://[5f00::1]/",
    "https://printer.local/", "https://intranet/", "https://db.corp/", "https://router.home.arpa/", "https://x.onion/",
    # characters that only look like digits and dots
    "https://①②⑦.⓪.⓪.①/", "https://１２７.0.0.1/", "https://127。0。0。1/", "https://ⓛocalhost/",
    "https://127%2e0%2e0%2e1/", "https://１６９．２５４．１６９．２５４/",
    # odd addresses
    "http://example.com/", "ftp://example.com/", "file:///etc/passwd", "gopher://example.com/", "//example.com/", "example.com",
    "https:example.com", "https:/example.com", "https:///example.com", "https://", "https:///", "javascript:alert(1)",
    "https://user@example.com/", "https://user:password@example.com/", "https://example.com@127.0.0.1/",
    "https://127.0.0.1#@example.com/", "https://example.com#x", "https://example.com\\@127.0.0.1/", "https://[::1%25eth0]/",
    "https://[fe80::1%eth0]/", "https://example.com:0/", "https://example.com:22/", "https://example.com:25/",
    "https://example.com:65536/", "https://example.com:99999999/", "https://example.com:x/", "https://example.com:-1/",
    "https://example.com:443:443/", "https://exa mple.com/", "https://example.com/a b", "https://example.com/\r\nHost: x",
    "https://example.com/\x00", "https://example..com/", "https://.example.com/", "https://example.com../", "https://-a.com/",
    "https://a-.com/", "https://[::1", "https://::1/", "https://[]/", "https://[127.0.0.1]/", "https://1.2.3/", "https://1.2.3.4.5/",
    "https://256.1.1.1/", "https://1.1.1.0x/", f"https://{'a' * 64}.com/", f"https://example.com/{'a' * 2048}",
    f"https://{'.'.join(['abcdefgh'] * 30)}.com/", "https://example.com:٤٤٣/", "https://exa\u200bmple.com\u0000/",
]  # fmt: skip
ACCEPTED = {
    "https://example.com": "https://example.com/",
    "https://example.com/hooks?x=1&y=%20": "https://example.com/hooks?x=1&y=%20",
    "HTTPS://Example.COM/Path": "https://example.com/Path",
    "https://example.com./a": "https://example.com/a",
    "https://example.com:443/": "https://example.com/",
    "https://example.com:8443/": "https://example.com:8443/",
    "https://example.com?x=1": "https://example.com/?x=1",
    "https://a_b.example.com/": "https://a_b.example.com/",
    "https://bücher.example/": "https://xn--bcher-kva.example/",
    "https://例え.テスト/": "https://xn--r8jz45g.xn--zckzah/",
    "https://example.com/ü": "https://example.com/%C3%BC",
    "https://1.1.1.1/": "https://1.1.1.1/",
    "https://[2606:4700:4700::1111]/": "https://[2606:4700:4700::1111]/",
    "https://[2606:4700:4700:0:0:0:0:1111]:8443/x": "https://[2606:4700:4700::1111]:8443/x",
    "https://[::ffff:8.8.8.8]/": "https://[::ffff:808:808]/",
    "https://123.example.com/": "https://123.example.com/",
    "https://example.com/a@b:c": "https://example.com/a@b:c",
}


def test_there_are_more_than_sixty_forms() -> None:
    """Each once."""
    assert len(set(REFUSED)) == len(REFUSED) >= 100


@pytest.mark.parametrize("url", REFUSED)
def test_what_must_not_be_asked_is_refused_by_name(url: str) -> None:
    """The error names the field, and never quotes the address."""
    with pytest.raises(InvalidRequest) as error:
        read_destination(url, STRICT, field="webhook_url")
    assert error.value.field == "webhook_url"
    assert len(error.value.detail) < 200


@pytest.mark.parametrize(("url", "normal"), ACCEPTED.items())
def test_what_is_fine_has_one_normal_form(url: str, normal: str) -> None:
    """Reading the normal form again changes nothing."""
    found = read_destination(url, STRICT)
    assert found.url == normal
    assert read_destination(normal, STRICT) == found


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9000/x", "http://localhost:9000/", "http://[::1]:9000/", "https://127.0.0.1/"]
)
def test_settings_allow_networks_of_ones_own(url: str) -> None:
    """A developer's own machine, when a setting names it."""
    assert read_destination(url, LOCAL).target.startswith("/")


@pytest.mark.parametrize(
    "url", ["http://10.0.0.1/", "http://169.254.169.254/", "http://[::ffff:10.0.0.1]/", "http://2130706433/"]
)
def test_settings_allow_no_more_than_they_name(url: str) -> None:
    """Other inner networks and odd forms stay refused."""
    with pytest.raises(InvalidRequest):
        read_destination(url, LOCAL)


def test_an_allowed_network_holds_inside_ipv6_too() -> None:
    """What is allowed as itself is allowed as `::ffff:`."""
    assert refusal(ipaddress.ip_address("::ffff:127.0.0.1"), LOCAL.networks) is None


@given(st.integers(min_value=0, max_value=2**32 - 1))
def test_every_ipv4_address_is_judged_the_same_in_every_form(number: int) -> None:
    """Dotted, mapped and behind NAT64 alike; odd forms are refused whatever they mean."""
    address = ipaddress.IPv4Address(number)
    verdicts = {
        refusal(form) is None
        for form in (address, ipaddress.IPv6Address(f"::ffff:{address}"), ipaddress.IPv6Address(f"64:ff9b::{address}"))
    }
    assert len(verdicts) == 1
    for odd in (f"https://{number}/", f"https://{number:#x}/", f"https://0{number:o}/"):
        with pytest.raises(InvalidRequest):
            read_destination(odd, STRICT)


@given(st.ip_addresses())
def test_nothing_that_python_knows_to_be_inner_is_allowed(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    """Ours is the stricter judgement."""
    if (
        address.is_private
        or address.is_loopback
        or address.is_link_local
        or address.is_multicast
        or address.is_reserved
    ):
        mapped = getattr(address, "ipv4_mapped", None)
        translated = address in ipaddress.ip_network("64:ff9b::/96") if address.version == 6 else False
        assert refusal(address) is not None or mapped is not None or translated


@given(st.text(max_size=60))
def test_no_text_breaks_it(text: str) -> None:
    """Whatever comes is read or refused."""
    for url in (text, f"https://{text}", f"https://{text}/", f"https://example.com/{text}"):
        try:
            found = read_destination(url, HTTP)
        except InvalidRequest:
            continue
        assert found.url.isascii()
        assert read_destination(found.url, HTTP) == found
