"""Sending over real sockets and real TLS: to the checked address only, within its time, and nowhere else."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from standardwebhooks import Webhook

from tests.support.processes import free_port
from tests.support.webhooks import Certificates, Receiver, make_certificates, raw, receiving, say
from workers.contracts.webhooks import Parcel, Receipt
from workers.settings.webhooks import WebhookSettings
from workers.webhooks.resolving import Unresolved
from workers.webhooks.sending import Sender

pytestmark = pytest.mark.anyio
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="
NAME = "hooks.example.com"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """An authority, and a server's certificate for the name and this machine."""
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def secure(certificates: Certificates) -> Iterator[Receiver]:
    """A receiver that speaks TLS."""
    with receiving(certificates) as receiver:
        yield receiver


@pytest.fixture
def plain() -> Iterator[Receiver]:
    """A receiver without TLS."""
    with receiving() as receiver:
        yield receiver


class Names:
    """A resolver that says what it is told to, one answer a look-up, the last for ever."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, _port: int) -> Sequence[str]:
        """Answer the next look-up."""
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


LOCAL = {"allow_networks": ["127.0.0.0/8"], "allow_http": True}


async def send(url: str, names: Any = None, **settings: Any) -> Receipt:
    """Send one webhook."""
    parcel = Parcel("msg_1", url, "job.failed", 1_767_603_615_800, "job_1", {"status": "failed"}, (SecretStr(SECRET),))
    sender = Sender(WebhookSettings(**{**LOCAL, "total_s": 5, **settings}), names or Names(["127.0.0.1"]))
    return await sender.send(parcel)


async def test_a_signed_event_arrives_over_tls(secure: Receiver, certificates: Certificates) -> None:
    """Name in Host and in the handshake, the address of the resolver, a signature that a receiver accepts."""
    receipt = await send(f"https://{NAME}:{secure.port}/in?x=1", ca_file=certificates.authority)

    assert receipt.delivered, receipt
    (got,) = secure.got
    assert (got.path, got.headers["host"], got.server_name) == ("/in?x=1", f"{NAME}:{secure.port}", NAME)
    assert got.headers["webhook-id"] == "msg_1"
    assert Webhook(SECRET).verify(got.body, got.headers)["type"] == "job.failed"
    assert not {"cookie", "authorization", "accept-language"} & set(got.headers)


async def test_a_certificate_of_an_unknown_authority_is_refused(secure: Receiver) -> None:
    """The usual authorities do not know ours."""
    receipt = await send(f"https://{NAME}:{secure.port}/")

    assert (receipt.error, secure.got) == ("tls", [])
    assert "issuer" in (receipt.detail or "") or "self" in (receipt.detail or "")


async def test_a_certificate_for_another_name_is_refused(secure: Receiver, certificates: Certificates) -> None:
    """It must name the host of the address, although the connection went to an address."""
    receipt = await send(f"https://other.example.com:{secure.port}/", ca_file=certificates.authority)

    assert (receipt.error, secure.got) == ("tls", [])
    assert "ostname mismatch" in (receipt.detail or "")


async def test_an_address_is_verified_as_an_address(secure: Receiver, certificates: Certificates) -> None:
    """`https://127.0.0.1` needs a certificate for 127.0.0.1, and has one here."""
    assert (await send(f"https://127.0.0.1:{secure.port}/", ca_file=certificates.authority)).delivered


async def test_a_name_that_leads_inside_is_refused(plain: Receiver) -> None:
    """No connection is made, whatever else it leads to."""
    for found in (["127.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["::ffff:127.0.0.1"], ["169.254.169.254"]):
        receipt = await send(f"http://{NAME}:{plain.port}/", Names(found), allow_networks=[])
        assert receipt.error == "address_refused"
    assert plain.connections == 0


async def test_a_name_that_changes_after_the_check_changes_nothing(plain: Receiver) -> None:
    """One look-up a try: the address that was judged is the one connected to (DNS rebinding)."""
    names = Names(["127.0.0.1"], ["169.254.169.254"])
    first = await send(f"http://{NAME}:{plain.port}/", names)
    assert first.delivered
    assert names.asked == [NAME]
    second = await send(f"http://{NAME}:{plain.port}/", names)

    assert second.error == "address_refused", "and each try looks again"
    assert (names.asked, plain.connections) == ([NAME, NAME], 1)


async def test_the_next_address_is_tried_when_one_does_not_answer(plain: Receiver) -> None:
    """A host with several; nobody listens on the first."""
    assert (await send(f"http://{NAME}:{plain.port}/", Names(["127.0.0.2", "127.0.0.1"]))).delivered


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_not_followed(plain: Receiver, status: int) -> None:
    """A public address could otherwise lead inside."""
    with receiving() as inner:
        plain.otherwise = say(status, f"location: http://127.0.0.1:{inner.port}/secret\r\n")
        receipt = await send(f"http://{NAME}:{plain.port}/")

        assert (receipt.status, receipt.delivered, inner.connections) == (status, False, 0)


async def test_a_proxy_of_the_environment_is_not_used(plain: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would look the name up itself."""
    with receiving() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "https_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert (await send(f"http://{NAME}:{plain.port}/")).delivered
        assert proxy.connections == 0


async def test_plain_http_needs_a_setting(plain: Receiver) -> None:
    """Also for what was accepted while the setting was there."""
    receipt = await send(f"http://{NAME}:{plain.port}/", allow_http=False)

    assert (receipt.error, plain.connections) == ("address_refused", 0)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (raw(b"", pause_s=20), "timeout"),
        (raw(b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 200, every_s=0.05), "timeout"),
        (raw(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n" + b"x" * 500, every_s=0.05), "timeout"),
        (raw(b"HTTP/1.1 100 Continue\r\n\r\n", pause_s=20), "timeout"),
        (raw(b""), "not_http"),
        (raw(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nshort"), "not_http"),
        (raw(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab"), "not_http"),
        (raw(b"220 mail.example.com ESMTP\r\n"), "not_http"),
        (raw(b"HTTP/1.1 200 OK\r\n" + b"x" * 300_000), "not_http"),
        (raw(b"\x00\xff" * 100), "not_http"),
        (say(500), "status"),
        (say(410), "status"),
    ],
)
async def test_receivers_that_hang_drip_cut_and_lie(plain: Receiver, answer: Any, error: str) -> None:
    """Each is a failure with a word of its own, within the time of a try."""
    plain.otherwise = answer
    began = time.monotonic()
    receipt = await send(f"http://{NAME}:{plain.port}/", total_s=1.5)

    assert (receipt.error, receipt.delivered) == (error, False)
    assert time.monotonic() - began < 10
    assert "127.0.0.1" not in (receipt.detail or "")


async def test_an_endless_answer_is_read_to_its_limit(plain: Receiver) -> None:
    """Its status counts; the rest is left where it is."""
    plain.otherwise = raw(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n" + b"x" * 3_000_000)
    assert (await send(f"http://{NAME}:{plain.port}/", max_answer_bytes=1000)).delivered


async def test_a_packed_answer_is_not_unpacked(plain: Receiver) -> None:
    """A small body that would unpack to gigabytes stays small."""
    plain.otherwise = say(200, "content-encoding: gzip\r\n", b"\x1f\x8b not gzip at all")
    assert (await send(f"http://{NAME}:{plain.port}/")).delivered


async def test_retry_after_is_read(plain: Receiver) -> None:
    """For the schedule."""
    plain.otherwise = say(429, "retry-after: 17\r\n")
    assert (await send(f"http://{NAME}:{plain.port}/")).retry_after_s == 17


async def test_nobody_listens() -> None:
    """A refused connection is told without its address."""
    receipt = await send(f"http://{NAME}:{free_port()}/")
    assert (receipt.error, receipt.status) == ("unreachable", None)


async def test_a_name_without_an_address() -> None:
    """It may have one at the next try."""

    async def nothing(host: str, port: int) -> Sequence[str]:
        raise Unresolved("the name could not be looked up")

    assert (await send(f"http://{NAME}/", nothing)).error == "unresolved"


async def test_a_look_up_that_hangs_is_given_up() -> None:
    """It is part of the time of the try."""
    import asyncio

    async def hangs(host: str, port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        return []

    began = time.monotonic()
    assert (await send(f"http://{NAME}/", hangs, total_s=0.3)).error == "timeout"
    assert time.monotonic() - began < 5


async def test_ipv6_by_address_and_by_name() -> None:
    """Where this machine has it."""
    try:
        with receiving(host="::1") as receiver:
            for url, names in (
                (f"http://[::1]:{receiver.port}/", None),
                (f"http://{NAME}:{receiver.port}/", Names(["::1"])),
            ):
                receipt = await send(url, names, allow_networks=["::1/128"])
                assert receipt.delivered, receipt
            assert receiver.got[0].headers["host"] == f"[::1]:{receiver.port}"
    except OSError:
        pytest.skip("no IPv6 on this machine")


async def test_the_real_resolver_and_a_name_of_this_machine(plain: Receiver) -> None:
    """`localhost` when its networks are allowed, and not otherwise."""
    parcel = Parcel("msg_1", f"http://localhost:{plain.port}/", "job.failed", 0, "job_1", {}, (SecretStr(SECRET),))
    allowed = Sender(WebhookSettings(allow_http=True, allow_networks=["127.0.0.0/8", "::1/128"]))
    assert (await allowed.send(parcel)).delivered
    await allowed.aclose()
    refused = Sender(WebhookSettings(allow_http=True, allow_networks=["10.0.0.0/8"]))
    assert (await refused.send(parcel)).error == "address_refused"
    await refused.aclose()


def test_certificates_are_where_the_settings_say(tmp_path: Path) -> None:
    """A missing file stops the start."""
    from workers.contracts.errors import SettingsError
    from workers.settings import load_settings

    with pytest.raises(SettingsError, match=r"webhooks\.ca_file"):
        load_settings(webhooks={"ca_file": tmp_path / "none.pem"})
