"""Which addresses of the web readers are sent to."""

from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.web_addresses import MAX_URL, ascii_web_address, web_address_problem

GOOD = {
    "https://example.com": "https://example.com",
    "http://example.com/a?b=c&d=%20#e": "http://example.com/a?b=c&d=%20#e",
    "HTTPS://Example.COM/Path": "https://example.com/Path",
    "https://exämple.fr:8080/été?q=ö#ü": "https://xn--exmple-cua.fr:8080/%C3%A9t%C3%A9?q=%C3%B6#%C3%BC",
    "http://localhost:8000/x": "http://localhost:8000/x",
    "http://[2001:DB8::1]:81/x": "http://[2001:db8::1]:81/x",
    "https://example.com/?u={id}": "https://example.com/?u=%7Bid%7D",
    "https://user_content.example.com/": "https://user_content.example.com/",
    "https://example.com/a@b": "https://example.com/a@b",
}
BAD = [
    "",
    "example.com",
    "//example.com",
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "java\tscript:alert(1)",
    "\x01javascript:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "file:///etc/passwd",
    "ftp://example.com",
    "mailto:kari@example.com",
    "http:",
    "http://",
    "http:///path",
    "http:example.com",
    "https://exa mple.com",
    " https://example.com",
    "https://example.com\n",
    "https://example.com/\r\nSet-Cookie:a=b",
    "https://example.com\\@evil.example",
    "https:\\\\example.com",
    "https://kari:secret@example.com",
    "https://example.com@evil.example/",
    "https://example.com:99999/",
    "https://example.com:port/",
    "https://a..b/",
    "https://-a.example/",
    "https://exam%70le.com/",
    "https://[::1/",
    "https://example.com/\u202egnp.exe",
    "https://example.com/\u00a0",
    "https://example.com/" + "a" * MAX_URL,
    "https://example.com/" + "é" * (MAX_URL // 5),
]


@pytest.mark.parametrize("text", GOOD)
def test_takes_addresses_of_the_web(text: str) -> None:
    """And writes them as a browser asks for them."""
    assert web_address_problem(text) is None
    assert ascii_web_address(text) == GOOD[text]


@pytest.mark.parametrize("text", BAD)
def test_refuses_everything_else(text: str) -> None:
    """With a reason that does not repeat it."""
    problem = web_address_problem(text)
    assert problem
    assert not text or text not in problem


@given(st.text(max_size=60) | st.from_regex(r"https?://[a-z.@:\\\[\]0-9é ]{0,20}/.{0,20}"))
def test_what_is_taken_is_fit_for_a_header(text: str) -> None:
    """Whatever is taken becomes printable ASCII with http(s) and a host, and stays itself when taken again."""
    if web_address_problem(text) is not None:
        return
    written = ascii_web_address(text)
    assert written.isascii()
    assert written.isprintable()
    assert " " not in written
    assert urlsplit(written).scheme in ("http", "https")
    assert urlsplit(written).hostname
    assert web_address_problem(written) is None
    assert ascii_web_address(written) == written
    assert unquote(urlsplit(written).path) == unquote(urlsplit(text).path)
