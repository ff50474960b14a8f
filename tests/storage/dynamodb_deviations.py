"""Where DynamoDB Local 2.6.1 and moto 5.2.5 differ from AWS in conditions and updates, and why that is known.

Tests assert each of these: one that is mended upstream fails here, and its line goes. Cases are known by
``case_name``. Nothing of Envoi's relies on moto in these places; it is held by the fake and by DynamoDB Local.
"""

from collections.abc import Mapping
from typing import Any


def case_name(expression: str, values: Any) -> str:
    """A case's expression and values, short enough for a test's name."""
    shown = " ".join(f"{name}={value}" for name, value in (values or {}).items())
    return f"{expression[:50]} {shown}"[:80].strip() or "(empty)"


MOTO: Mapping[str, tuple[str, ...]] = {
    "what is missing equals what is missing, and kinds are ordered among each other": (
        "nope = nope2",
        "nope <> nope2",
        "n < :v :v={'S': 'z'}",
        "s BETWEEN :a AND :b :a={'N': '1'} :b={'N': '9'}",
        "n BETWEEN :a AND s :a={'N': '1'}",
    ),
    "begins_with and contains do not look into binaries": (
        "begins_with(b, :p) :p={'B': b'a'}",
        "contains(b, :p) :p={'B': b'b'}",
    ),
    "size counts what has none, and bytes of strings": (
        "size(n) = :v :v={'N': '1'}",
        "size(nope) > :v :v={'N': '-1'}",
        "size(:w) = :v :w={'S': 'é'} :v={'N': '1'}",
    ),
    "its grammar is narrower": (
        "NOT NOT n = :v :v={'N': '5'}",
        "(n) = (:v) :v={'N': '5'}",
        "n\n=\t:v :v={'N': '5'}",
        "SET n = (n + :v) :v={'N': '1'}",
        "SET q = if_not_exists(x, if_not_exists(m.y.z, :v)) :v={'S': 'x'}",
    ),
    "what is no condition is answered True or False, or breaks moto, where AWS refuses": (
        "(empty)",
        "n",
        "n = :v AND :v={'N': '5'}",
        "n == :v :v={'N': '5'}",
        "n != :v :v={'N': '5'}",
        "n < > :v :v={'N': '5'}",
        "n + :v = :v :v={'N': '5'}",
        "n IN ()",
        "n IN (:v,) :v={'N': '5'}",
        "_x = :v :v={'S': 'x'}",
        "1x = :v :v={'S': 'x'}",
        "l[01] = :v :v={'S': 'x'}",
        "l[-1] = :v :v={'S': 'x'}",
        ".n = :v :v={'S': 'x'}",
        "n = ((:v)) :v={'N': '5'}",
        "(n = :v) = :v :v={'N': '5'}",
        "size(s)",
        "begins_with(s, :p) = :p :p={'S': 'a'}",
        "if_not_exists(n, :v) = :v :v={'N': '5'}",
        "n = attribute_exists(s)",
        "attribute_exist(n)",
        "ATTRIBUTE_EXISTS(n)",
        "n = :v AND n = :v AND n = :v AND n = :v AND n = :v :v={'N': '5'}",
        "n IN (:v,:v,:v,:v,:v,:v,:v,:v,:v,:v,:v,:v,:v,:v,:v :v={'N': '5'}",
        "s = :v OR xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx :v={'S': 'x'}",
    ),
    "placeholders of conditions are not held against those that are used": (
        "n = :v AND s = :w :v={'N': '5'}",
        "n = :v :v={'N': '5'} :unused={'N': '5'}",
        "n = #undefined",
    ),
    "operands of conditions are not checked": (
        "n = n",
        "n IN (n, s)",
        "n BETWEEN n AND n",
        "contains(s, s)",
        "begins_with(s, s)",
        "ss < :v :v={'SS': ['a']}",
        "t < :v :v={'BOOL': True}",
        "l < :v :v={'L': []}",
        "n BETWEEN :a AND :b :a={'N': '9'} :b={'N': '1'}",
        "s BETWEEN :a AND :b :a={'S': 'a'} :b={'N': '9'}",
        "attribute_exists(:v) :v={'S': 'x'}",
        "attribute_exists(n, s)",
        "attribute_exists(size(n))",
        "attribute_type(n, :t) :t={'S': 'Q'}",
        "attribute_type(n, :t) :t={'N': '1'}",
        "attribute_type(n, s)",
        "begins_with(s, :p) :p={'N': '5'}",
        "begins_with(size(s), :p) :p={'S': 'a'}",
        "size(:w) > :v :w={'N': '1'} :v={'N': '0'}",
        "size(size(s)) = :v :v={'N': '1'}",
    ),
    "elements put behind a list's end come in the order of the text": (
        "SET l[9] = :v, l[5] = :w :v={'N': '9'} :w={'N': '5'}",
    ),
    "what is no update is done in part, where AWS refuses": (
        "SET q = :v, REMOVE s :v={'S': 'x'}",
        "SET q = ((:v)) :v={'S': 'x'}",
        "SET n = n + :v + :v :v={'N': '1'}",
        "SET n = (n + :v) + :v :v={'N': '1'}",
        "SET l[0] = :v, l.a = :v :v={'S': 'x'}",
    ),
    "numbers and sets are taken as they come": (
        "ADD ns :v :v={'NS': ['2.0', '10']}",
        "SET q = :v :v={'SS': []}",
        "SET q = :v :v={'SS': ['a', 'a']}",
        "SET q = :v :v={'N': 'abc'}",
        "SET q = :v :v={'N': '111111111111111111111111111111111111111'}",
        "SET q = :v :v={'N': '1e126'}",
        "SET q = :v :v={'N': '1e-131'}",
        "ADD n :v :v={'N': '1e-38'}",
    ),
}

DYNAMODB_LOCAL: Mapping[str, tuple[str, ...]] = {
    "an update may give an index's key another type": ("SET TPK = :v :v={'N': '1'}",),
}

_DEVIATIONS = {"moto": MOTO, "dynamodb_local": DYNAMODB_LOCAL}


def differs(store: str, name: str) -> bool:
    """Whether this store is known to differ from AWS in the case of that name."""
    return any(name in names for names in _DEVIATIONS.get(store, {}).values())
