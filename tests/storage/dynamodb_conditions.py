"""Conditions on one item, and what AWS says of each: True, False, or refused.

Most were asked of DynamoDB Local 2.6.1 first, then checked against the developer guide's pages on expressions.
"""

from typing import Any


def S(text: str) -> dict[str, Any]:  # noqa: N802 - as DynamoDB writes its types
    """A string."""
    return {"S": text}


def N(number: float | str) -> dict[str, Any]:  # noqa: N802 - as DynamoDB writes its types
    """A number."""
    return {"N": str(number)}


ITEM: dict[str, Any] = {
    "n": N(5),
    "s": S("abc"),
    "l": {"L": [N(1), S("x"), {"M": {"k": N(1)}}]},
    "m": {"M": {"a": S("1"), "deep": {"M": {}}}},
    "ss": {"SS": ["a", "b"]},
    "ns": {"NS": ["1", "2"]},
    "b": {"B": b"ab"},
    "bs": {"BS": [b"a"]},
    "t": {"BOOL": True},
    "z": {"NULL": True},
}

REFUSED = "refused"

Case = tuple[str, dict[str, Any] | None, bool | str]

COMPARISONS: list[Case] = [
    ("n = :v", {":v": N("5.0")}, True),
    ("n = :v", {":v": S("5")}, False),
    ("n <> :v", {":v": S("5")}, True),
    ("nope = :v", {":v": S("5")}, False),
    ("nope <> :v", {":v": S("5")}, True),
    ("nope = nope2", None, False),
    ("nope <> nope2", None, True),
    ("nope < :v", {":v": N(1)}, False),
    ("n < :v", {":v": S("z")}, False),
    ("n < :v", {":v": N(10)}, True),
    ("n <= :v", {":v": N(5)}, True),
    ("n > :v", {":v": N(4)}, True),
    ("n >= :v", {":v": N(6)}, False),
    ("s < :v", {":v": S("abd")}, True),
    ("s < :v", {":v": S("é")}, True),
    ("b < :v", {":v": {"B": b"b"}}, True),
    ("n < t", None, False),
    ("n < z", None, False),
    (":a < :b", {":a": N(9), ":b": N(10)}, True),
    (":v = :v", {":v": N(5)}, True),
    ("ss = :v", {":v": {"SS": ["b", "a"]}}, True),
    ("ns = :v", {":v": {"NS": ["2.0", "1"]}}, True),
    ("l = :v", {":v": ITEM["l"]}, True),
    ("s <> :v AND z = :n", {":v": S("x"), ":n": {"NULL": True}}, True),
    ("n BETWEEN :a AND :b", {":a": N(1), ":b": N(9)}, True),
    ("n BETWEEN :a AND :a", {":a": N(5)}, True),
    ("s BETWEEN :a AND :b", {":a": N(1), ":b": N(9)}, False),
    (":a BETWEEN n AND :b", {":a": N(7), ":b": N(9)}, True),
    ("n BETWEEN :a AND s", {":a": N(1)}, False),
    ("n BETWEEN :a AND :b AND s = :c", {":a": N(1), ":b": N(9), ":c": S("abc")}, True),
    ("n IN (:a, :b)", {":a": N(5), ":b": S("x")}, True),
    ("n IN (n2, s)", None, False),
    ("nope IN (:a)", {":a": N(5)}, False),
    ("ss IN (:a)", {":a": {"SS": ["a"]}}, False),
    ("m.a = :v", {":v": S("1")}, True),
    ("l[1] = :v", {":v": S("x")}, True),
    ("l[2].k = :v", {":v": N(1)}, True),
    ("n.x = :v", {":v": S("x")}, False),
    ("n[0] = :v", {":v": S("x")}, False),
    ("PK = :v", {":v": S("x")}, False),
]

FUNCTIONS: list[Case] = [
    ("attribute_exists(m.a)", None, True),
    ("attribute_exists(l[1])", None, True),
    ("attribute_exists(l[9])", None, False),
    ("attribute_exists(z)", None, True),
    ("attribute_not_exists(m.q.r)", None, True),
    ("attribute_not_exists(m.a)", None, False),
    ("attribute_type(n, :t)", {":t": S("N")}, True),
    ("attribute_type(m, :t)", {":t": S("M")}, True),
    ("attribute_type(nope, :t)", {":t": S("N")}, False),
    ("begins_with(s, :p)", {":p": S("ab")}, True),
    ("begins_with(b, :p)", {":p": {"B": b"a"}}, True),
    ("begins_with(n, :p)", {":p": S("5")}, False),
    ("begins_with(nope, :p)", {":p": S("a")}, False),
    ("begins_with(s, n)", None, False),
    ("begins_with(:p, s)", {":p": S("abcd")}, True),
    ("contains(s, :p)", {":p": S("bc")}, True),
    ("contains(ss, :p)", {":p": S("a")}, True),
    ("contains(ns, :p)", {":p": N("1.0")}, True),
    ("contains(ss, :p)", {":p": N(1)}, False),
    ("contains(l, :p)", {":p": S("x")}, True),
    ("contains(l, :p)", {":p": {"M": {"k": N(1)}}}, True),
    ("contains(s, :p)", {":p": N(5)}, False),
    ("contains(b, :p)", {":p": {"B": b"b"}}, True),
    ("contains(bs, :p)", {":p": {"B": b"a"}}, True),
    ("contains(m, :p)", {":p": S("a")}, False),
    ("contains(ss, :p)", {":p": {"SS": ["a"]}}, False),
    ("contains(:p, s)", {":p": {"SS": ["abc"]}}, True),
    ("size(s) = :v", {":v": N(3)}, True),
    ("size(b) = :v", {":v": N(2)}, True),
    ("size(ss) = :v", {":v": N(2)}, True),
    ("size(l) > :v", {":v": N(2)}, True),
    ("size(m) = :v", {":v": N(2)}, True),
    ("size(n) = :v", {":v": N(1)}, False),
    ("size(nope) > :v", {":v": N(-1)}, False),
    ("size(s) = size(ss)", None, False),
    ("size(:w) = :v", {":w": S("é"), ":v": N(1)}, True),
    ("size(s) BETWEEN :a AND :b", {":a": N(1), ":b": N(9)}, True),
]

LOGIC: list[Case] = [
    ("NOT n = :v", {":v": N(5)}, False),
    ("NOT (n = :v)", {":v": N(5)}, False),
    ("NOT nope = :v", {":v": N(5)}, True),
    ("NOT NOT n = :v", {":v": N(5)}, True),
    ("NOT n = :w AND s = :x", {":x": S("abc"), ":w": N(1)}, True),
    ("n = :v OR n = :w AND s = :w", {":v": N(5), ":w": N(1)}, True),
    ("(n = :v OR n = :w) AND s = :w", {":v": N(5), ":w": N(1)}, False),
    ("not attribute_exists(nope) and (n = :v or n = s)", {":v": N(5)}, True),
    ("(n) = (:v)", {":v": N(5)}, True),
    ("n=:v", {":v": N(5)}, True),
    ("n\n=\t:v", {":v": N(5)}, True),
]

REFUSALS: list[Case] = [
    ("", None, REFUSED),
    ("n", None, REFUSED),
    ("n = :v AND", {":v": N(5)}, REFUSED),
    ("n == :v", {":v": N(5)}, REFUSED),
    ("n != :v", {":v": N(5)}, REFUSED),
    ("n < > :v", {":v": N(5)}, REFUSED),
    ("n + :v = :v", {":v": N(5)}, REFUSED),
    ("n IN ()", None, REFUSED),
    ("n IN (:v,)", {":v": N(5)}, REFUSED),
    ("n = :v AND s = :w", {":v": N(5)}, REFUSED),
    ("n = :v", {":v": N(5), ":unused": N(5)}, REFUSED),
    ("n = :v", {"v": N(5)}, REFUSED),
    ("attribute_exists(n)", {}, REFUSED),
    ("n = #undefined", None, REFUSED),
    ("status = :v", {":v": S("x")}, REFUSED),
    ("m.status = :v", {":v": S("x")}, REFUSED),
    ("_x = :v", {":v": S("x")}, REFUSED),
    ("1x = :v", {":v": S("x")}, REFUSED),
    ("l[01] = :v", {":v": S("x")}, REFUSED),
    ("l[-1] = :v", {":v": S("x")}, REFUSED),
    (".n = :v", {":v": S("x")}, REFUSED),
    ("((n = :v))", {":v": N(5)}, REFUSED),
    ("n = ((:v))", {":v": N(5)}, REFUSED),
    ("(n = :v) = :v", {":v": N(5)}, REFUSED),
    ("n = n", None, REFUSED),
    ("n IN (n, s)", None, REFUSED),
    ("n BETWEEN n AND n", None, REFUSED),
    ("contains(s, s)", None, REFUSED),
    ("begins_with(s, s)", None, REFUSED),
    ("ss < :v", {":v": {"SS": ["a"]}}, REFUSED),
    ("t < :v", {":v": {"BOOL": True}}, REFUSED),
    ("l < :v", {":v": {"L": []}}, REFUSED),
    ("n BETWEEN :a AND :b", {":a": N(9), ":b": N(1)}, REFUSED),
    ("s BETWEEN :a AND :b", {":a": S("a"), ":b": N(9)}, REFUSED),
    ("attribute_exists(:v)", {":v": S("x")}, REFUSED),
    ("attribute_exists(n, s)", None, REFUSED),
    ("attribute_exist(n)", None, REFUSED),
    ("ATTRIBUTE_EXISTS(n)", None, REFUSED),
    ("attribute_exists(size(n))", None, REFUSED),
    ("attribute_type(n, :t)", {":t": S("Q")}, REFUSED),
    ("attribute_type(n, :t)", {":t": N(1)}, REFUSED),
    ("attribute_type(n, s)", None, REFUSED),
    ("begins_with(s, :p)", {":p": N(5)}, REFUSED),
    ("begins_with(size(s), :p)", {":p": S("a")}, REFUSED),
    ("size(s)", None, REFUSED),
    ("size(:w) > :v", {":w": N(1), ":v": N(0)}, REFUSED),
    ("size(size(s)) = :v", {":v": N(1)}, REFUSED),
    ("begins_with(s, :p) = :p", {":p": S("a")}, REFUSED),
    ("if_not_exists(n, :v) = :v", {":v": N(5)}, REFUSED),
    ("n = attribute_exists(s)", None, REFUSED),
    (" AND ".join(["n = :v"] * 151), {":v": N(5)}, REFUSED),
    (f"n IN ({','.join([':v'] * 101)})", {":v": N(5)}, REFUSED),
    (f"s = :v OR {'x' * 4096} = :v", {":v": S("x")}, REFUSED),
]

CONDITIONS = [*COMPARISONS, *FUNCTIONS, *LOGIC, *REFUSALS]
