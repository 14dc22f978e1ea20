"""Signatures, judged by the independent package that receivers use."""

from __future__ import annotations

import base64
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from workers.store.webhooks import new_material, secret_of
from workers.webhooks.signing import signed_headers

TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=200)


def secret(number: int = 0) -> SecretStr:
    """Make a secret of known bytes."""
    return SecretStr(f"whsec_{base64.b64encode(bytes([number]) * 32).decode()}")


@given(TEXT, st.integers(min_value=1, max_value=10**6))
def test_an_independent_receiver_accepts_every_body(text: str, number: int) -> None:
    """Whatever is in the body, in whatever script."""
    body = json.dumps({"text": text}, ensure_ascii=False).encode()
    headers = signed_headers([secret()], f"msg_{number}", int(time.time()), body)

    assert Webhook(secret().get_secret_value()).verify(body, headers) == {"text": text}


def test_while_rotating_old_and_new_receivers_accept() -> None:
    """Two signatures: whoever knows either secret can verify, and nobody else."""
    headers = signed_headers([secret(1), secret(2)], "msg_1", int(time.time()), b"{}")

    assert len(headers["webhook-signature"].split(" ")) == 2
    for known in (1, 2):
        Webhook(secret(known).get_secret_value()).verify(b"{}", headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret(3).get_secret_value()).verify(b"{}", headers)


@pytest.mark.parametrize("part", ["webhook-id", "webhook-timestamp", "webhook-signature", "body"])
def test_a_changed_part_is_noticed(part: str) -> None:
    """Id, time, signature and body are all covered."""
    now = int(time.time())
    headers, body = signed_headers([secret()], "msg_1", now, b'{"a":1}'), b'{"a":1}'
    changed = {
        "webhook-id": "msg_2",
        "webhook-timestamp": str(now - 1),
        "webhook-signature": f"v1,{base64.b64encode(bytes(32)).decode()}",
    }
    if part == "body":
        body = b'{"a":2}'
    else:
        headers[part] = changed[part]
    with pytest.raises(WebhookVerificationError):
        Webhook(secret().get_secret_value()).verify(body, headers)


def test_secrets_are_32_bytes_in_padded_base64() -> None:
    """Some receivers refuse base64 without its padding."""
    for key in (None, SecretStr("operator")):
        text = secret_of(new_material(), "acme", key).get_secret_value()
        assert text.startswith("whsec_")
        assert text.endswith("=")
        assert len(base64.b64decode(text.removeprefix("whsec_"), validate=True)) == 32


def test_with_a_key_of_the_operator_redis_alone_cannot_sign() -> None:
    """The secret is derived: other than what is stored, of the tenant alone, and the same each time."""
    material, key = new_material(), SecretStr("operator")
    derived = secret_of(material, "acme", key)

    assert derived == secret_of(material, "acme", key)
    others = [
        secret_of(material, "acme", None),
        secret_of(material, "other", key),
        secret_of(material, "acme", SecretStr("another")),
        secret_of(new_material(), "acme", key),
    ]
    assert derived not in others
    assert material not in derived.get_secret_value()
