"""As much of curl as the manuals use, for machines that have none; ``manual.py`` puts it on the PATH as ``curl``.

https://curl.se/docs/manpage.html is what it follows: ``-K -X -d -H -A -i -I -s -S -G --data-urlencode --data-binary``, and in a configuration file
``silent``, ``show-error``, ``fail-with-body``, ``header`` and ``write-out``.
"""

import argparse
import http.client
import re
import sys
from pathlib import Path
from urllib.parse import quote_plus, urlsplit

FAILED = 22  # curl's exit code for an answer of 400 or more
TIMEOUT = 60  # seconds


def options(arguments: list[str]) -> argparse.Namespace:
    """The command line, with the configuration file's lines read as options."""
    parser = argparse.ArgumentParser(prog="curl", allow_abbrev=False)
    parser.add_argument("-K", "--config")
    parser.add_argument("-X", "--request")
    parser.add_argument("-d", "--data")
    parser.add_argument("--data-binary")
    parser.add_argument("-G", "--get", action="store_true")
    parser.add_argument("--data-urlencode", action="append", default=[])
    parser.add_argument("-H", "--header", action="append", default=[])
    parser.add_argument("-A", "--user-agent", default="curl/8.0")
    parser.add_argument("-i", "--include", action="store_true")
    parser.add_argument("-I", "--head", action="store_true")
    parser.add_argument("-s", "--silent", action="store_true")
    parser.add_argument("-S", "--show-error", action="store_true")
    parser.add_argument("--fail-with-body", action="store_true")
    parser.add_argument("-w", "--write-out", default="")
    parser.add_argument("url")
    config = parser.parse_args(arguments).config
    return parser.parse_args([*_from_file(config), *arguments]) if config else parser.parse_args(arguments)


def _from_file(name: str) -> list[str]:
    r"""Lines ``option`` or ``option = "value"``; within quotes ``\n`` is a line break."""
    found: list[str] = []
    for line in Path(name).read_text(encoding="utf-8").splitlines():
        parts = re.fullmatch(r'\s*([\w-]+)(?:\s*[=:]\s*"(.*)")?\s*', line)
        if parts is None:
            raise SystemExit(f"curl: {name}: {line!r}")
        found.append(f"--{parts[1]}")
        if parts[2] is not None:
            found[-1] += "=" + parts[2].replace("\\n", "\n")
    return found


def main(arguments: list[str]) -> int:
    """One request; its answer on standard output."""
    asked = options(arguments)
    body = _body(asked.data) if asked.data_binary is None else _body(asked.data_binary)
    url = urlsplit(asked.url)
    headers = {"Accept": "*/*", "User-Agent": asked.user_agent}
    if body is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    headers |= {
        name.strip(): value.strip() for name, _, value in (line.partition(":") for line in asked.header)
    }
    method = asked.request or ("HEAD" if asked.head else "GET" if body is None else "POST")
    connection = http.client.HTTPConnection(url.netloc, timeout=TIMEOUT)
    query = "&".join(filter(None, [url.query, *map(_encoded, asked.data_urlencode if asked.get else ())]))
    path = (url.path or "/") + (f"?{query}" if query else "")
    connection.request(method, path, None if body is None else body.encode(), headers)
    answer = connection.getresponse()
    said = answer.read()
    shown = _head(answer) if asked.include or asked.head else b""
    sys.stdout.buffer.write(shown + said + asked.write_out.encode())
    if asked.fail_with_body and answer.status >= http.client.BAD_REQUEST:
        sys.stderr.write(f"curl: ({FAILED}) The requested URL returned error: {answer.status}\n")
        return FAILED
    return 0


def _encoded(parameter: str) -> str:
    """``name=value``, the value made fit for a URL."""
    name, _, value = parameter.partition("=")
    return f"{name}={quote_plus(value)}"


def _body(data: str | None) -> str | None:
    """``@`` names a file, ``-`` being standard input."""
    if data is None or not data.startswith("@"):
        return data
    return sys.stdin.read() if data == "@-" else Path(data[1:]).read_text(encoding="utf-8")


def _head(answer: http.client.HTTPResponse) -> bytes:
    lines = [f"HTTP/{answer.version / 10} {answer.status} {answer.reason}"]
    lines += [f"{name}: {value}" for name, value in answer.getheaders()]
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
