"""The stage's keys: read when needed, kept for a while, derived or explicit."""

import base64
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

from chalicelib.domain.public_tokens import KeyRing
from chalicelib.storage.key_ring import (
    ASK_AGAIN_AFTER,
    FRESH_FOR,
    REFETCH_AFTER,
    StoredKeyRing,
    key_ring,
)
from tests.fakes.clock import FakeClock

SEED = "s" * 40


class Secrets:
    """Secrets Manager with one secret; counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.secret: dict[str, Any] = {"seed": SEED}
        self.fault: Exception | None = None

    def get_secret_value(self, *, SecretId: str) -> dict[str, str]:  # noqa: N803 - boto3's name
        """The secret."""
        self.asked += 1
        if self.fault is not None:
            raise self.fault
        return {"SecretString": json.dumps(self.secret)}


def base64_of(text: str) -> str:
    """A key as the secret holds it."""
    return base64.b64encode(text.encode()).decode()


def test_the_ring_is_read_once_in_five_minutes() -> None:
    """Nothing is asked before it is needed."""
    secrets, clock = Secrets(), FakeClock()
    stored = StoredKeyRing(secrets, "ring", clock)
    assert secrets.asked == 0
    first = stored.ring()
    clock.advance(FRESH_FOR.total_seconds() - 1)
    assert stored.ring() is first
    assert secrets.asked == 1
    clock.advance(1)
    assert stored.ring() == first
    assert secrets.asked == 2


def test_an_unknown_key_refetches_but_not_for_every_forgery() -> None:
    """A new key is found at once; whoever makes key ids up causes one call in ten seconds at most."""
    secrets, clock = Secrets(), FakeClock()
    stored = StoredKeyRing(secrets, "ring", clock)
    assert set(stored.ring().signing) == {1}
    secrets.secret = {"seed": SEED, "signing": {"2": base64_of("k" * 32)}}
    clock.advance(REFETCH_AFTER.total_seconds())
    assert set(stored.refetched().signing) == {1, 2}
    for _ in range(100):
        stored.refetched()
    assert secrets.asked == 2


@pytest.mark.parametrize(
    "fault",
    [
        ConnectTimeoutError(endpoint_url="https://secretsmanager"),
        ClientError({"Error": {"Code": "InternalServiceError", "Message": ""}}, "GetSecretValue"),
    ],
    ids=lambda fault: str(type(fault).__name__),
)
def test_links_outlive_a_fault_of_secrets_manager(fault: Exception) -> None:
    """The keys that were read are good still; it is asked again once a minute, not by every reader, and believed at once."""
    secrets, clock = Secrets(), FakeClock()
    stored = StoredKeyRing(secrets, "ring", clock)
    before = stored.ring()
    secrets.fault = fault
    clock.advance(FRESH_FOR.total_seconds())
    for _ in range(100):
        assert stored.ring() is before
    assert secrets.asked == 2
    secrets.fault = None
    secrets.secret = {"seed": SEED, "signing": {"2": base64_of("k" * 32)}}
    clock.advance(ASK_AGAIN_AFTER.total_seconds())
    assert set(stored.ring().signing) == {1, 2}


def test_what_the_old_keys_cannot_tell_is_not_guessed() -> None:
    """Whoever has no keys yet, or met a key that is newer, has to come again: "forged" might be wrong."""
    secrets, clock = Secrets(), FakeClock()
    stored = StoredKeyRing(secrets, "ring", clock)
    secrets.fault = ConnectTimeoutError(endpoint_url="https://secretsmanager")
    with pytest.raises(ConnectTimeoutError):
        stored.ring()
    secrets.fault = None
    stored.ring()
    secrets.fault = ConnectTimeoutError(endpoint_url="https://secretsmanager")
    clock.advance(REFETCH_AFTER.total_seconds())
    with pytest.raises(ConnectTimeoutError):
        stored.refetched()


def test_the_address_key_never_changes() -> None:
    """Rotation leaves it, and it costs no further call."""
    secrets, clock = Secrets(), FakeClock()
    stored = StoredKeyRing(secrets, "ring", clock)
    address = stored.address_key()
    secrets.secret = {"seed": SEED, "signing": {"2": base64_of("k" * 32)}, "signsWith": 2}
    clock.advance(FRESH_FOR.total_seconds() + 1)
    assert stored.address_key() == address
    assert secrets.asked == 1
    assert stored.ring().address == address
    assert stored.ring().signs_with == 2


def test_a_seed_makes_keys_that_differ() -> None:
    """One per purpose, another for another seed, and always the same ones."""
    ring = key_ring(json.dumps({"seed": SEED}))
    assert ring == key_ring(json.dumps({"seed": SEED}))
    other = key_ring(json.dumps({"seed": SEED + "x"}))
    assert len({ring.address, ring.signing[1], other.address, other.signing[1]}) == 4
    assert all(len(key) == 32 for key in (ring.address, ring.signing[1]))


def test_explicit_keys() -> None:
    """As the local cloud writes them."""
    secret = {
        "signing": {"1": base64_of("a" * 32), "7": base64_of("b" * 32)},
        "signsWith": 7,
        "address": base64_of("c" * 32),
    }
    assert key_ring(json.dumps(secret)) == KeyRing(
        signing={1: b"a" * 32, 7: b"b" * 32}, signs_with=7, address=b"c" * 32
    )


@pytest.mark.parametrize(
    "secret",
    [
        {},
        {"seed": "short"},
        {"seed": SEED, "signsWith": 2},
        {"seed": SEED, "signing": {"2": base64_of("short")}},
        {"signing": {"1": base64_of("a" * 32)}, "signsWith": 1},
        {"signing": {"x": base64_of("a" * 32)}, "address": base64_of("a" * 32)},
    ],
)
def test_a_weak_or_broken_ring_is_refused(secret: dict[str, Any]) -> None:
    """Better no link than one that anybody can forge."""
    with pytest.raises(ValueError):
        key_ring(json.dumps(secret))
