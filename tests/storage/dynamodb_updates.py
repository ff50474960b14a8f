"""Updates of one item, and what AWS makes of each: the attributes that differ afterwards (None: gone), or refused."""

from typing import Any

from tests.storage.dynamodb_conditions import ITEM, REFUSED, N, S

Change = dict[str, Any]
Case = tuple[str, dict[str, Any] | None, Change | str]

_L = ITEM["l"]["L"]
_ONE = {":v": N(1)}
_X = {":v": S("x")}

SETS: list[Case] = [
    ("SET q = :v", _X, {"q": S("x")}),
    ("set q = :v", _X, {"q": S("x")}),
    ("SET q = :v", {":v": S("")}, {"q": S("")}),
    ("SET n = s, s = n", None, {"n": S("abc"), "s": N(5)}),
    ("SET m.x = :v", _X, {"m": {"M": {**ITEM["m"]["M"], "x": S("x")}}}),
    ("SET l[0] = :v", _X, {"l": {"L": [S("x"), *_L[1:]]}}),
    ("SET l[9] = :v, l[5] = :w", {":v": N(9), ":w": N(5)}, {"l": {"L": [*_L, N(5), N(9)]}}),
    ("SET l[2].k = :v", _X, {"l": {"L": [_L[0], _L[1], {"M": {"k": S("x")}}]}}),
    ("SET n = n + :v", _ONE, {"n": N(6)}),
    ("SET n = n - :v", {":v": N("0.5")}, {"n": N("4.5")}),
    ("SET n = (n + :v)", _ONE, {"n": N(6)}),
    ("SET q = :v + :v", _ONE, {"q": N(2)}),
    ("SET q = l[0] + n", None, {"q": N(6)}),
    ("SET q = if_not_exists(q, :v)", _X, {"q": S("x")}),
    ("SET q = if_not_exists(s, :v)", _X, {"q": S("abc")}),
    ("SET q = if_not_exists(x, if_not_exists(m.y.z, :v))", _X, {"q": S("x")}),
    ("SET q = if_not_exists(q, :z) + :v", {":z": N(0), ":v": N(1)}, {"q": N(1)}),
    ("SET l = list_append(l, :v)", {":v": {"L": [N(7)]}}, {"l": {"L": [*_L, N(7)]}}),
    ("SET l = list_append(:v, l)", {":v": {"L": [N(7)]}}, {"l": {"L": [N(7), *_L]}}),
    (
        "SET q = list_append(if_not_exists(q, :e), :v)",
        {":e": {"L": []}, ":v": {"L": [N(7)]}},
        {"q": {"L": [N(7)]}},
    ),
]

OTHERS: list[Case] = [
    ("REMOVE s, nope", None, {"s": None}),
    ("REMOVE m.a", None, {"m": {"M": {"deep": {"M": {}}}}}),
    ("REMOVE m.nope", None, {}),
    ("REMOVE l[0], l[1]", None, {"l": {"L": [_L[2]]}}),
    ("REMOVE l[9]", None, {}),
    ("SET l[7] = :v REMOVE l[1]", _ONE, {"l": {"L": [_L[0], _L[2], N(1)]}}),
    ("ADD n :v", _ONE, {"n": N(6)}),
    ("ADD q :v", _ONE, {"q": N(1)}),
    ("ADD q :v", {":v": {"SS": ["z"]}}, {"q": {"SS": ["z"]}}),
    ("ADD ss :v", {":v": {"SS": ["b", "c"]}}, {"ss": {"SS": ["a", "b", "c"]}}),
    ("ADD ns :v", {":v": {"NS": ["2.0", "10"]}}, {"ns": {"NS": ["1", "10", "2"]}}),
    ("ADD m.c :v", _ONE, {"m": {"M": {**ITEM["m"]["M"], "c": N(1)}}}),
    ("ADD n :v, q :v", _ONE, {"n": N(6), "q": N(1)}),
    ("DELETE ss :v", {":v": {"SS": ["a", "q"]}}, {"ss": {"SS": ["b"]}}),
    ("DELETE ss :v", {":v": {"SS": ["a", "b"]}}, {"ss": None}),
    ("DELETE nope :v", {":v": {"SS": ["a"]}}, {}),
    (
        "SET q = :v, r = n + :o REMOVE s ADD c :o DELETE ss :d",
        {":v": S("x"), ":o": N(1), ":d": {"SS": ["a"]}},
        {"q": S("x"), "r": N(6), "s": None, "c": N(1), "ss": {"SS": ["b"]}},
    ),
]

REFUSALS: list[Case] = [
    ("SET", None, REFUSED),
    ("FOO x", None, REFUSED),
    ("SET q = :v,", _X, REFUSED),
    ("SET q = :v SET r = :v", _X, REFUSED),
    ("SET q = :v, REMOVE s", _X, REFUSED),
    ("SET (q) = :v", _X, REFUSED),
    ("SET q = ((:v))", _X, REFUSED),
    ("SET n = n + :v + :v", _ONE, REFUSED),
    ("SET n = (n + :v) + :v", _ONE, REFUSED),
    ("ADD n = :v", _ONE, REFUSED),
    ("ADD n l", None, REFUSED),
    ("SET m.x.y = :v", _X, REFUSED),
    ("SET q.x = :v", _X, REFUSED),
    ("SET q[0] = :v", _X, REFUSED),
    ("SET s[0] = :v", _X, REFUSED),
    ("SET m[0] = :v", _X, REFUSED),
    ("REMOVE nope.x", None, REFUSED),
    ("REMOVE m.nope.x", None, REFUSED),
    ("ADD m.nope.x :v", _ONE, REFUSED),
    ("DELETE m.nope.x :v", {":v": {"SS": ["a"]}}, REFUSED),
    ("REMOVE l[0], l[0]", None, REFUSED),
    ("SET m.a = :v REMOVE m", _X, REFUSED),
    ("SET m.a = :v, m.a.b = :v", _X, REFUSED),
    ("SET l[0] = :v, l.a = :v", _X, REFUSED),
    ("SET PK = :v", _X, REFUSED),
    ("REMOVE SK", None, REFUSED),
    ("SET q = nope", None, REFUSED),
    ("SET q = nope + :v", _ONE, REFUSED),
    ("SET q = s + :v", _ONE, REFUSED),
    ("SET q = n + :v", _X, REFUSED),
    ("SET q = list_append(nope, :v)", {":v": {"L": []}}, REFUSED),
    ("SET q = list_append(l, :v)", _X, REFUSED),
    ("SET q = list_append(s, :v)", {":v": {"L": []}}, REFUSED),
    ("SET q = if_not_exists(:v, :v)", _X, REFUSED),
    ("SET q = size(s)", None, REFUSED),
    ("SET q = attribute_exists(s)", None, REFUSED),
    ("ADD ss :v", {":v": {"NS": ["1"]}}, REFUSED),
    ("ADD s :v", _ONE, REFUSED),
    ("ADD l :v", {":v": {"L": [N(1)]}}, REFUSED),
    ("ADD q :v", _X, REFUSED),
    ("DELETE n :v", _ONE, REFUSED),
    ("DELETE n :v", {":v": {"SS": ["a"]}}, REFUSED),
    ("SET status = :v", _X, REFUSED),
    ("SET q = :v, r = :w", _X, REFUSED),
    ("SET q = :v", {":v": S("x"), ":unused": S("x")}, REFUSED),
    ("SET q = :v", {":v": {"SS": []}}, REFUSED),
    ("SET q = :v", {":v": {"SS": ["a", "a"]}}, REFUSED),
    ("SET q = :v", {":v": N("abc")}, REFUSED),
    ("SET q = :v", {":v": N("1" * 39)}, REFUSED),
    ("SET q = :v", {":v": N("1e126")}, REFUSED),
    ("SET q = :v", {":v": N("1e-131")}, REFUSED),
    ("ADD n :v", {":v": N("1e-38")}, REFUSED),
    ("SET q = :v", {":v": {"S": "x" * 409_600}}, REFUSED),
    ("SET TPK = :v", {":v": S("")}, REFUSED),
    ("SET TPK = :v", _ONE, REFUSED),
]

UPDATES = [*SETS, *OTHERS, *REFUSALS]
