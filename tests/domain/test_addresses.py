"""Which texts are addresses that SES can mail, and when two are the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.addresses import (
    MAX_ADDRESS,
    MAX_LOCAL,
    address_key,
    address_problem,
    mailable,
    normalised,
)

KEY = b"k" * 32
LOCALS = st.from_regex(r"[A-Za-z0-9+_'-]{1,20}(\.[A-Za-z0-9+]{1,10})?", fullmatch=True)
DOMAINS = st.sampled_from(
    [
        "example.org",
        "Example.ORG",
        "mail.example.co.uk",
        "bücher.example",
        "BÜCHER.example",
        "xn--bcher-kva.example",
        "例え.jp",
    ]
)
ADDRESSES = st.builds(lambda local, domain: f"{local}@{domain}", LOCALS, DOMAINS)


@pytest.mark.parametrize(
    "address",
    [
        "ada@example.org",
        "Ada.Lovelace+news@Example.org",
        "o'neil@example.org",
        "a@b.co",
        "ada@bücher.example",
        "ada@xn--bcher-kva.example",
        "#!$%&'*+/=?^_`{|}~-@example.org",
        f"{'a' * MAX_LOCAL}@example.org",
    ],
)
def test_addresses(address: str) -> None:
    """What people have, plus-addresses and international domains among them."""
    assert address_problem(address) is None


@pytest.mark.parametrize(
    "address",
    [
        "",
        "@",
        "ada",
        "ada@",
        "@example.org",
        "ada@example",
        "ada@@example.org",
        "ada@exam ple.org",
        "ada @example.org",
        "ada@example.org\n",
        "ada\r\nBcc: eve@example.org@example.org",
        "ada@example..org",
        ".ada@example.org",
        "ada.@example.org",
        "a..da@example.org",
        '"ada lovelace"@example.org',
        "ada@-example.org",
        "ada@example-.org",
        "ada@192.168.0.1",
        "ada@[192.168.0.1]",
        "ada@example.org.",
        "ada@" + "a" * 64 + ".org",
        "zoé@example.org",
        f"{'a' * (MAX_LOCAL + 1)}@example.org",
        "ada@" + ".".join(["a" * 60] * 5) + ".org",
        "Ada <ada@example.org>",
        "ada@example.org,eve@example.org",
        "ada@ex\ud800ample.org",
        "ada@exa\u200bmple",
    ],
)
def test_no_addresses(address: str) -> None:
    """Each is refused by a sentence that does not repeat it."""
    problem = address_problem(address)
    assert problem
    assert not address or address not in problem


@pytest.mark.parametrize("address", ["ada@example", "ada@example..org", "ada@192.168.0.1"])
def test_a_wrong_domain_is_told_with_a_right_one(address: str) -> None:
    """Who left out the end of it sees what an end looks like."""
    assert address_problem(address) == "has no valid domain after the @, such as example.org"


def test_the_longest_address() -> None:
    """254 characters, the domain counted as it goes over the wire."""
    domain = ".".join(["b" * 59] * 3 + ["b" * 10, "org"])
    local = "a" * (MAX_ADDRESS - 1 - len(domain))
    assert len(local) < MAX_LOCAL
    assert address_problem(f"{local}@{domain}") is None
    assert address_problem(f"{local}a@{domain}") == f"is longer than {MAX_ADDRESS} characters"


@given(st.text(max_size=60))
def test_any_text_is_judged(text: str) -> None:
    """It never raises, and what it lets through can be normalised and mailed."""
    if address_problem(text) is None:
        assert normalised(text).isascii()
        assert mailable(text).isascii()


@given(ADDRESSES)
def test_the_same_address(address: str) -> None:
    """Case and the spelling of the domain do not matter; normalising again changes nothing."""
    assert address_problem(address) is None
    same = normalised(address)
    assert normalised(same) == same == normalised(address.upper()) == normalised(mailable(address))
    assert address_key(address, KEY) == address_key(address.swapcase(), KEY)


@given(ADDRESSES, ADDRESSES)
def test_keys_tell_addresses_apart(one: str, other: str) -> None:
    """Equal keys for equal addresses and only for those; another ring's keys are others."""
    assert (address_key(one, KEY) == address_key(other, KEY)) is (normalised(one) == normalised(other))
    assert address_key(one, KEY) != address_key(one, b"other" * 8)
    assert len(address_key(one, KEY)) == 32


@given(LOCALS)
def test_what_is_mailed_keeps_the_case_of_its_owner(local: str) -> None:
    """Only the domain is put in Punycode: a mail server may tell cases apart."""
    assert mailable(f"{local}@bücher.example") == f"{local}@xn--bcher-kva.example"
