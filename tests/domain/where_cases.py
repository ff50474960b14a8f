"""What each operator of a search means: the definition, as cases.

A case is one item of a ``where`` and the values of one field, those that fit it and those that do not. ``NULL`` is a field
that is not there, or a free attribute that is null: both are the same to every operator.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

NOW = datetime(2026, 5, 20, 10, 30, tzinfo=UTC)  # half past noon of a Wednesday in Paris
ZONE = "Europe/Paris"  # two hours ahead in May, one in winter
NULL = object()


@dataclass(frozen=True)
class Case:
    """One operator on one field."""

    operator: str
    value: Any
    fits: tuple[Any, ...]
    fits_not: tuple[Any, ...]
    time_zone: str | None = None

    def item(self, attribute: str) -> dict[str, Any]:
        """As it is sent."""
        item = {"type": self.operator, "attribute": attribute}
        if self.value is not NULL:
            item["value"] = self.value
        return {**item, "timeZone": self.time_zone} if self.time_zone else item

    def __str__(self) -> str:
        return f"{self.operator} {self.value if self.value is not NULL else ''}".strip()


TEXTS = (
    Case("equals", "New", ("New", "new", "NEW"), ("News", "", " New", "Old", NULL)),
    Case("equals", "Æsir ß", ("æsir ß", "ÆSIR ẞ"), ("æsir ss", "aesir ß", NULL)),
    Case("equals", "kΣ", ("KΣ", "\u212aς", "k\u03c3"), ("k", "Σk", NULL)),
    Case("equals", "", ("",), (" ", NULL)),
    Case("notEquals", "New", ("Old", "", "News"), ("New", "new", NULL)),
    Case("in", ["New", "In Process"], ("new", "in process"), ("New In Process", "", NULL)),
    Case("in", "New", ("new",), ("Old", NULL)),
    Case("notIn", ["New", "Dead"], ("Old", ""), ("NEW", "dead", NULL)),
    Case("contains", "ann", ("Ann", "Joanna", "hann"), ("An n", "", NULL)),
    Case("contains", "%", ("5 %",), ("5", NULL)),
    Case("contains", "é", ("ÉTÉ", "été"), ("e", "e\u0301", NULL)),
    Case("notContains", "ann", ("An n", "Bo", ""), ("JOANNA", NULL)),
    Case("startsWith", "Mc", ("McKay", "mckay", "MC"), ("Dr McKay", "M", NULL)),
    Case(
        "endsWith", "@example.com", ("a@example.com", "A@EXAMPLE.COM"), ("a@example.com.br", "@example", NULL)
    ),
    Case("like", "a%c", ("ac", "abc", "AbbC"), ("abcd", "zac", "a", NULL)),
    Case("like", "a_c", ("abc", "A%C", "aéc"), ("ac", "abbc", NULL)),
    Case("like", "%a_b%", ("aab", "xxa bx", "aaab"), ("ab", "", NULL)),
    Case("like", "100\\%", ("100%",), ("1000", "100", NULL)),
    Case("like", "%", ("", "anything"), (NULL,)),
    Case("like", "_", ("x",), ("", "xx", NULL)),
    Case("notLike", "a%", ("ba", ""), ("abc", "A", NULL)),
    Case("greaterThan", "m", ("n", "ma", "Z"), ("m", "M", "a", "", NULL)),
    Case("greaterThanOrEquals", "m", ("m", "M", "n"), ("lz", "", NULL)),
    Case("lessThan", "m", ("l", "", "A"), ("m", "n", NULL)),
    Case("lessThanOrEquals", "m", ("M", "l"), ("ma", NULL)),
    Case("between", ["b", "d"], ("b", "C", "d"), ("a", "da", "", NULL)),
    Case("isNull", NULL, (NULL,), ("", "x")),
    Case("isNotNull", NULL, ("", "x"), (NULL,)),
    Case("ever", NULL, ("", "x"), (NULL,)),
)
"""On a field that holds text."""

FREE = (
    Case("equals", 5, (5, 5.0), ("5", 50, True, [5], NULL)),
    Case("equals", 0.1, (0.1,), (0.10000000000000002, "0.1", NULL)),
    Case("equals", True, (True,), (False, "true", 1, NULL)),
    Case("notEquals", 5, (6, "5", [5], False), (5, NULL)),
    Case("in", [1, "b", False], (1, "B", False), (2, "1", 0, True, NULL)),
    Case("notIn", [1, "b"], (2, "a", True), (1, "B", NULL)),
    Case("contains", "a", ("cat",), (["a"], {"a": 1}, 5, NULL)),
    Case("notContains", "a", ("dog", 5, ["a"]), ("cat", NULL)),
    Case("like", "%1%", ("1",), (1, NULL)),
    Case("greaterThan", 5, (6, 5.5, 10**30), (5, "6", True, NULL)),
    Case("greaterThanOrEquals", -0.5, (-0.5, 0, 1), (-1, "0", NULL)),
    Case("lessThan", 5, (4, -1e20), (5, "4", False, NULL)),
    Case("lessThanOrEquals", 5, (5, 4.9), (5.1, NULL)),
    Case("between", [1, 2.5], (1, 2, 2.5), (0.9, 2.6, "2", NULL)),
    Case("isTrue", NULL, (True,), (False, "true", 1, NULL)),
    Case("isFalse", NULL, (False,), (True, "", 0, NULL)),
    Case("isNull", NULL, (NULL,), (False, 0, "", [], {})),
    Case("isNotNull", NULL, (False, 0, "", [], {}), (NULL,)),
    Case("arrayAnyOf", ["a", 2], (["A"], ["x", 2], ["a", 2]), (["b", "2"], [], "a", {"a": 2}, NULL)),
    Case("arrayAnyOf", "a", (["a"],), ([["a"]], NULL)),
    Case("arrayNoneOf", ["a", "b"], (["c"], [], "a", NULL), (["c", "B"], ["a"])),
    Case("arrayAllOf", ["a", 2], (["a", 2], [2, "x", "A"]), (["a"], [], "a", NULL)),
    Case("arrayIsEmpty", NULL, ([], "a", 5, NULL), (["a"], [None])),
    Case("arrayIsNotEmpty", NULL, (["a"], [0]), ([], "a", NULL)),
    Case(
        "on", "2026-05-20", ("2026-05-20", "2026-05-20 23:59"), ("2026-05-21", "20.05.2026", 20260520, NULL)
    ),
    Case("before", "2026-05-20", ("2026-05-19",), ("2026-05-20", "soon", NULL)),
    Case("past", NULL, ("2026-05-19", "2026-05-20 12:29:59"), ("2026-05-20", "2026-05-20 12:30", NULL)),
    Case("future", NULL, ("2026-05-21", "2026-05-20 12:31"), ("2026-05-20", "2026-05-20 12:30", NULL)),
    Case("lastSevenDays", NULL, ("2026-05-13", "2026-05-20"), ("2026-05-12", "2026-05-21", NULL)),
    Case(
        "nextXDays",
        1,
        ("2026-05-20", "2026-05-21", "2026-05-21 23:59"),
        ("2026-05-22", "2026-05-20 12:00", NULL),
    ),
    Case(
        "greaterThan", "2026-05-20", ("2026-05-21", "2026-05-20T22:00:00Z"), ("2026-05-20", "tomorrow", NULL)
    ),
    Case(
        "between",
        ["2026-05-01", "2026-05-02"],
        ("2026-05-01", "2026-05-02 10:00"),
        ("2026-05-03", "2026", NULL),
    ),
)
"""On a free attribute, which holds any JSON; text as above."""

TIMES = (
    Case(
        "on",
        "2026-05-19",
        ("2026-05-18T22:00:00Z", "2026-05-19T21:59:59Z"),
        ("2026-05-18T21:59:59Z", "2026-05-19T22:00:00Z", NULL),
    ),
    Case("on", "2026-05-19T08:00:00Z", ("2026-05-19T08:00:00Z",), ("2026-05-19T08:00:00.000001Z", NULL)),
    Case("on", "2026-05-19", ("2026-05-19T00:00:00Z",), ("2026-05-18T23:59:59Z", NULL), "UTC"),
    Case("equals", "2026-05-19", ("2026-05-19T10:00:00Z",), ("2026-05-20T10:00:00Z", NULL)),
    Case("notOn", "2026-05-19", ("2026-05-20T10:00:00Z",), ("2026-05-19T10:00:00Z", NULL)),
    Case("notEquals", "2026-05-19", ("2026-05-20T10:00:00Z",), ("2026-05-19T10:00:00Z", NULL)),
    Case("before", "2026-05-19", ("2026-05-18T21:59:59.999999Z",), ("2026-05-18T22:00:00Z", NULL)),
    Case("before", "2026-05-19 09:00", ("2026-05-19T06:59:59Z",), ("2026-05-19T07:00:00Z", NULL)),
    Case("after", "2026-05-19", ("2026-05-19T22:00:00Z",), ("2026-05-19T21:59:59.999999Z", NULL)),
    Case(
        "after", "2026-05-19T09:00:00+02:00", ("2026-05-19T07:00:00.000001Z",), ("2026-05-19T07:00:00Z", NULL)
    ),
    Case("greaterThan", "2026-05-19", ("2026-05-19T22:00:00Z",), ("2026-05-19T21:00:00Z", NULL)),
    Case("greaterThanOrEquals", "2026-05-19", ("2026-05-18T22:00:00Z",), ("2026-05-18T21:59:59Z", NULL)),
    Case("lessThan", "2026-05-19", ("2026-05-18T21:59:59Z",), ("2026-05-18T22:00:00Z", NULL)),
    Case("lessThanOrEquals", "2026-05-19", ("2026-05-19T21:59:59Z",), ("2026-05-19T22:00:00Z", NULL)),
    Case(
        "between",
        ["2026-05-18", "2026-05-19"],
        ("2026-05-17T22:00:00Z", "2026-05-19T21:59:59Z"),
        ("2026-05-17T21:00:00Z", "2026-05-19T22:00:00Z", NULL),
    ),
    Case(
        "today",
        NULL,
        ("2026-05-19T22:00:00Z", "2026-05-20T21:59:59Z"),
        ("2026-05-19T21:59:59Z", "2026-05-20T22:00:00Z", NULL),
    ),
    Case(
        "today",
        NULL,
        ("2026-05-20T10:00:00Z",),
        ("2026-05-21T03:00:00Z", "2026-05-19T22:00:00Z", NULL),
        "UTC",
    ),
    Case("past", NULL, ("2026-05-20T10:29:59Z", "1999-01-01T00:00:00Z"), ("2026-05-20T10:30:00Z", NULL)),
    Case("future", NULL, ("2026-05-20T10:30:00.000001Z",), ("2026-05-20T10:30:00Z", NULL)),
    Case(
        "lastSevenDays",
        NULL,
        ("2026-05-12T22:00:00Z", "2026-05-20T10:30:00Z"),
        ("2026-05-12T21:59:59Z", "2026-05-20T10:30:01Z", NULL),
    ),
    Case(
        "lastXDays",
        1,
        ("2026-05-18T22:00:00Z", "2026-05-20T10:30:00Z"),
        ("2026-05-18T21:59:59Z", "2026-05-20T11:00:00Z", NULL),
    ),
    Case("lastXDays", "2", ("2026-05-17T22:00:00Z",), ("2026-05-17T21:59:59Z", NULL)),
    Case(
        "nextXDays",
        1,
        ("2026-05-20T10:30:00Z", "2026-05-21T21:59:59Z"),
        ("2026-05-20T10:29:59Z", "2026-05-21T22:00:00Z", NULL),
    ),
    Case("olderThanXDays", 3, ("2026-05-16T21:59:59Z",), ("2026-05-16T22:00:00Z", NULL)),
    Case("afterXDays", 3, ("2026-05-23T22:00:00Z",), ("2026-05-23T21:59:59Z", NULL)),
    Case(
        "currentMonth",
        NULL,
        ("2026-04-30T22:00:00Z", "2026-05-31T21:59:59Z"),
        ("2026-04-30T21:59:59Z", "2026-05-31T22:00:00Z", NULL),
    ),
    Case(
        "lastMonth",
        NULL,
        ("2026-03-31T22:00:00Z", "2026-04-30T21:59:59Z"),
        ("2026-03-31T21:59:59Z", "2026-04-30T22:00:00Z", NULL),
    ),
    Case(
        "nextMonth", NULL, ("2026-05-31T22:00:00Z",), ("2026-05-31T21:59:59Z", "2026-06-30T22:00:00Z", NULL)
    ),
    Case(
        "currentQuarter",
        NULL,
        ("2026-03-31T22:00:00Z", "2026-06-30T21:59:59Z"),
        ("2026-03-31T21:59:59Z", "2026-06-30T22:00:00Z", NULL),
    ),
    Case(
        "lastQuarter",
        NULL,
        ("2025-12-31T23:00:00Z", "2026-03-31T21:59:59Z"),
        ("2025-12-31T22:59:59Z", "2026-03-31T22:00:00Z", NULL),
    ),
    Case(
        "currentYear",
        NULL,
        ("2025-12-31T23:00:00Z", "2026-12-31T22:59:59Z"),
        ("2025-12-31T22:59:59Z", "2026-12-31T23:00:00Z", NULL),
    ),
    Case("lastYear", NULL, ("2024-12-31T23:00:00Z",), ("2024-12-31T22:59:59Z", "2025-12-31T23:00:00Z", NULL)),
    Case("currentFiscalYear", NULL, ("2026-01-02T00:00:00Z",), ("2025-12-30T00:00:00Z", NULL)),
    Case("lastFiscalYear", NULL, ("2025-06-01T00:00:00Z",), ("2026-06-01T00:00:00Z", NULL)),
    Case("currentFiscalQuarter", NULL, ("2026-04-02T00:00:00Z",), ("2026-07-02T00:00:00Z", NULL)),
    Case("lastFiscalQuarter", NULL, ("2026-02-02T00:00:00Z",), ("2026-04-02T00:00:00Z", NULL)),
    Case("isNull", NULL, (NULL,), ("2026-05-20T10:30:00Z",)),
    Case("isNotNull", NULL, ("2026-05-20T10:30:00Z",), (NULL,)),
)
"""On a field that holds a time; days and months begin in Paris."""
