"""Sends one webhook: to a checked address, within its time, without redirects, proxies or cookies.

Each try has a connection of its own, made to an address that was judged a moment before, with the name in `Host` and in
the TLS handshake; a kept connection could belong to another name or to an address that is not the name's any more.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Sequence

import httpx

from workers.contracts.errors import InvalidRequest
from workers.contracts.retry_after import retry_after_s
from workers.contracts.webhooks import Parcel, Receipt, TryError
from workers.settings.webhooks import WebhookSettings
from workers.submission.addresses import Address
from workers.submission.destination import Destination, read_destination
from workers.webhooks.payload import body_of
from workers.webhooks.resolving import AddressRefused, Resolver, SystemResolver, Unresolved, judged
from workers.webhooks.signing import signed_headers

MOST_ADDRESSES = 3  # of one name that are tried in one try
AGENT = "thinkline-webhooks"


class Sender:
    """Sends webhooks of one process.

    Args:
        settings: limits, and what is allowed beyond public addresses.
        resolver: looks names up; the system's by default.
    """

    def __init__(self, settings: WebhookSettings, resolver: Resolver | None = None) -> None:
        self._settings = settings
        self._networks = settings.networks
        self._resolve: Resolver = resolver or SystemResolver(settings.slots)
        # Made once: reading the authorities takes longer than a request.
        self._tls = (
            ssl.create_default_context(cafile=str(settings.ca_file))
            if settings.ca_file
            else httpx.create_ssl_context(trust_env=False)
        )

    async def send(self, parcel: Parcel) -> Receipt:
        """Try once; every way to fail is a receipt."""
        began = time.monotonic()
        receipt: Receipt | None = None
        error: TryError = "unreachable"
        try:
            async with asyncio.timeout(self._settings.total_s):
                receipt = await self._try(parcel, began)
        except TimeoutError:
            error, detail = "timeout", f"no answer within {self._settings.total_s:g} s"
        except InvalidRequest as refused:  # settings became stricter since it was accepted
            error, detail = "address_refused", refused.detail
        except AddressRefused as refused:
            error, detail = "address_refused", str(refused)
        except Unresolved as unresolved:
            error, detail = "unresolved", str(unresolved)
        except (httpx.TransportError, httpx.InvalidURL) as failed:
            error, detail = _told(failed)
        return receipt or Receipt(_since(began), error=error, detail=detail)

    async def aclose(self) -> None:
        """Give the threads up."""
        if isinstance(self._resolve, SystemResolver):
            self._resolve.close()

    async def _try(self, parcel: Parcel, began: float) -> Receipt:
        destination = read_destination(parcel.url, self._settings)
        if destination.address is not None:
            addresses: Sequence[Address] = [destination.address]
        else:
            addresses = judged(await self._resolve(destination.host, destination.port), self._networks)
        body = body_of(parcel)
        for number, address in enumerate(addresses[:MOST_ADDRESSES], 1):
            try:
                return await self._post(parcel, destination, address, body, began)
            except (httpx.ConnectError, httpx.ConnectTimeout) as failed:
                if number == min(len(addresses), MOST_ADDRESSES) or _is_tls(failed):
                    raise
        raise Unresolved("the name has no address")  # pragma: no cover - `judged` says so before

    async def _post(
        self, parcel: Parcel, destination: Destination, address: Address, body: bytes, began: float
    ) -> Receipt:
        """Post to one address; the answer's body is read, up to a limit, only to let the receiver finish."""
        request = _request(parcel, destination, address, body, self._settings)
        transport = httpx.AsyncHTTPTransport(
            verify=self._tls, trust_env=False, retries=0, limits=httpx.Limits(max_keepalive_connections=0)
        )
        async with transport:
            response = await transport.handle_async_request(request)
            try:
                await _read(response, self._settings.max_answer_bytes)
            finally:
                await response.stream.aclose()  # type: ignore[union-attr]
        status = response.status_code
        after = retry_after_s(response.headers.get("retry-after"))
        if 200 <= status < 300:
            return Receipt(_since(began), status)
        detail = "redirects are not followed" if 300 <= status < 400 else f"the receiver answered {status}"
        return Receipt(_since(began), status, "status", detail, after)


def _request(
    parcel: Parcel, destination: Destination, address: Address, body: bytes, settings: WebhookSettings
) -> httpx.Request:
    host = f"[{address}]" if address.version == 6 else str(address)
    limits = dict.fromkeys(("read", "write", "pool"), settings.total_s)
    extensions = {"timeout": {**limits, "connect": settings.connect_timeout_s}}
    if destination.address is None:
        extensions["sni_hostname"] = destination.host  # type: ignore[assignment] # also what the certificate must name
    headers = {
        "host": destination.authority,
        "content-type": "application/json",
        "accept-encoding": "identity",
        "connection": "close",
        "user-agent": AGENT,
        **signed_headers(parcel.secrets, parcel.delivery_id, int(time.time()), body),
    }
    url = f"{destination.scheme}://{host}:{destination.port}{destination.target}"
    return httpx.Request("POST", url, headers=headers, content=body, extensions=extensions)


async def _read(response: httpx.Response, most: int) -> None:
    """Read an answer's body as it comes, unpacked by nobody, up to a limit."""
    size = 0
    async for chunk in response.stream:  # type: ignore[union-attr]
        size += len(chunk)
        if size > most:
            return


def _told(failed: Exception) -> tuple[TryError, str]:
    """Name a transport error without its text, which may hold addresses; of a certificate, why it is refused."""
    if isinstance(failed, httpx.TimeoutException):
        return "timeout", f"no connection or no answer in time ({type(failed).__name__})"
    if isinstance(failed, httpx.ProtocolError | httpx.InvalidURL):
        return "not_http", f"what answered is not HTTP, or broke off ({type(failed).__name__})"
    if _is_tls(failed):
        return "tls", f"the certificate or the handshake was refused{_tls_reason(failed)}"
    return "unreachable", f"no connection, or one that broke ({type(failed).__name__})"


def _causes(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    at: BaseException | None = error
    while at is not None and at not in found:
        found.append(at)
        at = at.__cause__ or at.__context__
    return found


def _is_tls(failed: BaseException) -> bool:
    return any(isinstance(cause, ssl.SSLError) for cause in _causes(failed))


def _tls_reason(failed: BaseException) -> str:
    for cause in _causes(failed):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f": {cause.verify_message}"
    return ""


def _since(began: float) -> float:
    return round(time.monotonic() - began, 3)
