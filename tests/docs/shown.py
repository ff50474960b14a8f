"""What a page shows against what was printed: exact, but for what nobody can know beforehand.

Ids and public tokens are bound where they are first shown, one to one, and must be the same ever after; times need only be
times; ``…`` in a string stands for anything, and as the last line of an object for more fields.
"""

import json
import re
from datetime import datetime
from typing import Any

MORE = "…"
_BOUND = re.compile(r"\b[0-9a-f]{17}\b|(?<=/[uopc]/)[\w-]{31}(?![\w-])")
"""An id, or the signed token in a link."""
_DAY = r"\d{4}-\d{2}-\d{2}"
_LOOSE = re.compile(rf"{_BOUND.pattern}|{_DAY}|{MORE}")
_GIVEN = frozenset({"startAt", "expiresAt", "startDate", "endDate"})
"""Times that the caller sent: they must come back as the very moment."""


class Shown:
    """One page's bindings, from what it shows to what is here; ``known`` are the first ones (addresses of servers)."""

    def __init__(self, known: dict[str, str]) -> None:
        self._known = dict(known)
        self._bound: dict[str, str] = {}

    def own(self, text: str) -> str:
        """The page's text with our ids and addresses.

        Raises:
            AssertionError: It has an id that no answer has shown.
        """
        unknown = [found[0] for found in _BOUND.finditer(text) if found[0] not in self._bound]
        assert not unknown, f"no answer has shown {unknown}"
        own = _BOUND.sub(lambda found: self._bound[found[0]], text)
        return self._with_addresses(own)

    def check_json(self, shown: str, printed: str) -> None:
        """Hold a shown JSON value against the last line that was printed."""
        lines = printed.strip().splitlines()
        assert lines, "nothing was printed"
        marked = re.sub(rf",?\s*{MORE}\s*}}", f', "{MORE}": 0}}', shown)
        self._same(json.loads(marked), json.loads(lines[-1]), "answer")

    def check_lines(self, shown: str, printed: str) -> None:
        """Each shown line must have been printed, in this order; others may stand between them."""
        lines = iter(printed.splitlines())
        for line in shown.splitlines():
            assert any(self._fits(line, other) for other in lines), f"{line!r} was not printed in:\n{printed}"

    def _same(self, shown: Any, actual: Any, where: str) -> None:
        if isinstance(shown, dict):
            assert isinstance(actual, dict), f"{where} is {actual!r}"
            self._same_fields(dict(shown), actual, where)
        elif isinstance(shown, list):
            assert isinstance(actual, list), f"{where} is {actual!r}"
            assert len(shown) == len(actual), f"{where} has {len(actual)} items: {actual}"
            for place, (one, other) in enumerate(zip(shown, actual, strict=True)):
                self._same(one, other, f"{where}[{place}]")
        elif isinstance(shown, str) and isinstance(actual, str):
            assert self._fits(shown, actual, where), f"{where}: shown {shown!r}, is {actual!r}"
        else:
            assert shown == actual, f"{where}: shown {shown!r}, is {actual!r}"
            assert type(shown) is type(actual), f"{where}: shown {shown!r}, is {actual!r}"

    def _same_fields(self, shown: dict[str, Any], actual: dict[str, Any], where: str) -> None:
        shortened = shown.pop(MORE, None) is not None
        missing = shown.keys() - actual.keys()
        assert not missing, f"{where} has no {sorted(missing)}: {sorted(actual)}"
        hidden = actual.keys() - shown.keys()
        assert shortened or not hidden, f"{where} also has {sorted(hidden)}"
        for name, value in shown.items():
            self._same(value, actual[name], f"{where}.{name}")

    def _fits(self, shown: str, actual: str, where: str = "") -> bool:
        if _is_time(shown):
            exact = where.rpartition(".")[2] in _GIVEN
            return shown == actual if exact else _is_time(actual)
        parts, names, end = [], [], 0
        for found in _LOOSE.finditer(shown):
            parts.append(re.escape(self._with_addresses(shown[end : found.start()])))
            parts.append(_pattern(found[0]))
            names += [found[0]] if _BOUND.fullmatch(found[0]) or len(found[0]) == 31 else []
            end = found.end()
        parts.append(re.escape(self._with_addresses(shown[end:])))
        fits = re.fullmatch("".join(parts), actual, re.DOTALL)
        return fits is not None and all(map(self._bind, names, fits.groups()))

    def _bind(self, shown: str, actual: str) -> bool:
        if shown not in self._bound and actual in self._bound.values():
            return False  # two names for one thing: the page would mislead
        return self._bound.setdefault(shown, actual) == actual

    def _with_addresses(self, text: str) -> str:
        for shown, actual in self._known.items():
            text = text.replace(shown, actual)
        return text


def _pattern(loose: str) -> str:
    if loose == MORE:
        return ".*"
    if re.fullmatch(_DAY, loose):
        return _DAY
    return r"([0-9a-f]{17})" if len(loose) == 17 else r"([\w-]{31})"


def _is_time(text: str) -> bool:
    if "T" not in text:
        return False
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
