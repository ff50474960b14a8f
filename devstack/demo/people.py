"""Two thousand people as a company's files have them: accents, plus-addresses, doubles, gaps and mistakes."""

import csv
import io
import random
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

SIMULATOR = "simulator.amazonses.com"
"""SES's mailbox simulator: https://docs.aws.amazon.com/ses/latest/dg/send-an-email-from-console.html"""
_FIRST = [
    "Zoé",
    "Łukasz",
    "Noël",
    "Chloé",
    "Jürgen",
    "Søren",
    "Inês",
    "François",
    "Agnès",
    "Björn",
    "Márta",
    "José",
    "Anaïs",
    "Đorđe",
    "Maëlle",
    "Ömer",
    "Renée",
    "Siân",
    "Þóra",
    "Žofia",
    "Emma",
    "Lucas",
    "Louise",
    "Hugo",
    "Alice",
    "Gabriel",
    "Jade",
    "Arthur",
    "Lina",
    "Jules",
    "Rose",
    "Adam",
    "Anna",
    "Raphaël",
    "Mila",
    "Paul",
]
_LAST = [
    "Müller",
    "Nuñez",
    "Lefèvre",
    "Østergård",
    "O'Neil",
    "d'Almeida",
    "Kowalczyk",
    "García",
    "Böhm",
    "Dvořák",
    "Ångström",
    "Sørensen",
    "Ibáñez",
    "Çelik",
    "Šimić",
    "Martin",
    "Bernard",
    "Dubois",
    "Thomas",
    "Robert",
    "Richard",
    "Petit",
    "Durand",
    "Leroy",
    "Moreau",
    "Simon",
    "Laurent",
    "Michel",
    "Garcia",
    "Roux",
]
_DOMAINS = ("example.com", "example.org", "example.net", "post.example", "münchen.example")
_BROKEN = (
    "no-at-sign.example.com",
    "two@@example.com",
    "dot.@example.com",
    "josé@example.com",
    "name@example",
)
CUSTOMERS, NEWSLETTER = "Customers", "Newsletter readers"
LEAD = "Lead"
DOUBLES = frozenset({"same address", "line twice"})
REFUSED = frozenset({"missing address", "broken address", "line twice"})
"""Roles whose lines no import takes."""
FEWEST = 50  # lines that show one of every kind
_LEADS = 0.12  # of the plain readers: they left their address at the fair


@dataclass(frozen=True)
class Row:
    """One line of a file; ``role`` says what it is there to show, and what must become of it."""

    kind: str
    first_name: str
    last_name: str
    email: str
    company: str
    city: str
    customer_since: str
    lists: tuple[str, ...]
    role: str

    @property
    def is_refused(self) -> bool:
        """Whether no import may take it."""
        return self.role in REFUSED


@dataclass(frozen=True)
class File:
    """A file as somebody exported it, and what stands in it; ``mapping`` says what its headers do not."""

    name: str
    kind: str
    rows: Sequence[Row]
    content: bytes
    delimiter: str
    mapping: Mapping[str, str | None]

    def line_of(self, row: Row) -> int:
        """Where the row stands; the header is line 1."""
        return self.rows.index(row) + 2


def made_files(count: int, seed: int) -> tuple[File, File]:
    """So many lines in two files: the customers as the shop exports them, and who came to the fair as Excel saves it."""
    rows = list(_rows(count, random.Random(seed)))
    contacts = [row for row in rows if row.kind != LEAD]
    leads = [row for row in rows if row.kind == LEAD]
    return _customers(contacts), _fair(leads)


def _customers(rows: Sequence[Row]) -> File:
    """UTF-8 with a BOM; a column that is nobody's business is not taken."""
    columns = ["First Name", "Last Name", "Email", "Company", "City", "Customer since", "Lists", "Opted out"]
    lines = [
        [
            row.first_name,
            row.last_name,
            row.email,
            row.company,
            row.city,
            row.customer_since,
            "; ".join(row.lists),
            "yes" if row.role == "opted out" else "",
            "competitor" if row.role == "excluded" else "",
            "do not show",
        ]
        for row in rows
    ]
    content = _table([[*columns, "Tags", "Remark"], *lines], ",").encode("utf-8-sig")
    return File("customers.csv", "Contact", rows, content, ",", {"Remark": None})


def _fair(rows: Sequence[Row]) -> File:
    """UTF-16 with tabs, which Excel calls Unicode text; French headers."""
    columns = ["Prénom", "Nom", "E-mail", "Ville", "Source"]
    lines = [[row.first_name, row.last_name, row.email, row.city, "Trade fair"] for row in rows]
    content = _table([columns, *lines], "\t").encode("utf-16")
    return File("fair.txt", LEAD, rows, content, "\t", {"Ville": "attributes.city"})


def _table(lines: Sequence[Sequence[str]], delimiter: str) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(lines)
    return out.getvalue()


def _rows(count: int, dice: random.Random) -> Iterator[Row]:
    """Every role once in so many; the rest are plain readers."""
    free: list[str] = []  # addresses of contacts that no other line repeats
    for number, role in enumerate(_ordered(_roles(count), dice)):
        first, last = dice.choice(_FIRST), dice.choice(_LAST)
        email = _email(role, number, first, last, dice, free)
        is_lead = role == "same address" or (role == "reader" and dice.random() < _LEADS)
        lists = (CUSTOMERS, NEWSLETTER) if role == "two lists" else (dice.choice((CUSTOMERS, NEWSLETTER)),)
        since = f"{dice.randint(2009, 2026)}-{dice.randint(1, 12):02}-{dice.randint(1, 28):02}"
        city = dice.choice(("Lyon", "Köln", "Málaga", "Århus", "Łódź", "Galway", ""))
        yield Row(
            kind=LEAD if is_lead else "Contact",
            first_name=first,
            last_name=last,
            email=email,
            company=f"Maison {dice.choice(_LAST[:12])} & Cie",
            city=city,
            customer_since=since,
            lists=(NEWSLETTER,) if is_lead else lists,
            role=role,
        )
        if role == "reader" and not is_lead:
            free.append(email)


def _ordered(roles: Sequence[str], dice: random.Random) -> Sequence[str]:
    """In any order, but who repeats an address comes when there are some."""
    others = [role for role in roles if role not in DOUBLES]
    dice.shuffle(others)
    half = len(others) // 2
    later = [*others[half:], *(role for role in roles if role in DOUBLES)]
    dice.shuffle(later)
    return [*others[:half], *later]


def _roles(count: int) -> list[str]:
    """So many of each, per two thousand; one at least."""
    per_2000 = {
        "missing address": 12,
        "broken address": 15,
        "same address": 20,
        "line twice": 10,
        "two lists": 120,
        "opted out": 20,
        "left a list": 10,
        "excluded": 40,
        "plus address": 40,
        "hard bounce": 16,
        "suppressed": 4,
        "complaint": 1,  # SES asks for fewer than one in a thousand
        "away": 6,
    }
    special = [role for role, share in per_2000.items() for _ in range(max(1, share * count // 2000))]
    return special + ["reader"] * (count - len(special))


def _email(role: str, number: int, first: str, last: str, dice: random.Random, free: list[str]) -> str:
    if role == "missing address":
        return ""
    if role == "broken address":
        return dice.choice(_BROKEN)
    if role in DOUBLES:
        local, _, domain = free.pop(dice.randrange(len(free))).partition("@")
        return f"{local.upper()}@{domain.title()}"
    if role in ("hard bounce", "suppressed", "complaint", "away"):
        box = {
            "hard bounce": "bounce",
            "suppressed": "suppressionlist",
            "complaint": "complaint",
            "away": "ooto",
        }[role]
        return f"{box}+{number}@{SIMULATOR}"
    label = f"+news{number}" if role == "plus address" else ""
    return f"{_ascii(first)}.{_ascii(last)}{number}{label}@{dice.choice(_DOMAINS)}"


def _ascii(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return "".join(letter for letter in plain if letter.isalnum()) or "x"
