"""Two thousand people as a company's CSV has them: accents, plus-addresses, doubles, gaps and mistakes."""

import csv
import io
import random
import unicodedata
from collections import Counter
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
COLUMNS = (
    "First Name",
    "Last Name",
    "Email",
    "Company",
    "City",
    "Customer since",
    "Lists",
    "Opted out",
    "Role",
)


@dataclass(frozen=True)
class Row:
    """One line of the CSV; ``role`` says what it is there to show, and what must become of it."""

    first_name: str
    last_name: str
    email: str
    company: str
    city: str
    customer_since: str
    lists: tuple[str, ...]
    opted_out: bool
    role: str


def csv_text(count: int, seed: int) -> str:
    """The file, with a BOM as Excel writes it."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for row in _rows(count, random.Random(seed)):
        since, lists = row.customer_since, "; ".join(row.lists)
        out_flag = "yes" if row.opted_out else ""
        writer.writerow(
            (
                row.first_name,
                row.last_name,
                row.email,
                row.company,
                row.city,
                since,
                lists,
                out_flag,
                row.role,
            )
        )
    return "\ufeff" + out.getvalue()


def read_csv(text: str) -> Sequence[Row]:
    """The lines of the file."""
    return [_row(line) for line in csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))]


def _row(line: Mapping[str, str]) -> Row:
    lists = tuple(line["Lists"].split("; ")) if line["Lists"] else ()
    opted_out = line["Opted out"] == "yes"
    return Row(
        line["First Name"],
        line["Last Name"],
        line["Email"],
        line["Company"],
        line["City"],
        line["Customer since"],
        lists,
        opted_out,
        line["Role"],
    )


def _rows(count: int, dice: random.Random) -> Iterator[Row]:
    """Every role once in so many; the rest are plain readers."""
    roles = _roles(count)
    dice.shuffle(roles)
    taken: list[str] = []
    for number, role in enumerate(roles):
        first, last = dice.choice(_FIRST), dice.choice(_LAST)
        email = _email(role, number, first, last, dice, taken)
        lists = (
            ("Customers", "Newsletter readers")
            if role == "two lists"
            else (dice.choice(("Customers", "Newsletter readers")),)
        )
        since = f"{dice.randint(2009, 2026)}-{dice.randint(1, 12):02}-{dice.randint(1, 28):02}"
        city = dice.choice(("Lyon", "Köln", "Málaga", "Århus", "Łódź", "Galway", ""))
        yield Row(
            first,
            last,
            email,
            f"Maison {dice.choice(_LAST[:12])} & Cie",
            city,
            since,
            lists,
            role == "opted out",
            role,
        )
        if role == "reader":
            taken.append(email)


def _roles(count: int) -> list[str]:
    """So many of each, per two thousand; one at least."""
    per_2000 = {
        "missing address": 12,
        "broken address": 15,
        "same address": 20,
        "two lists": 120,
        "opted out": 30,
        "excluded": 40,
        "plus address": 40,
        "hard bounce": 16,
        "suppressed": 4,
        "complaint": 5,
        "away": 6,
    }
    special = [role for role, share in per_2000.items() for _ in range(max(1, share * count // 2000))]
    return special + ["reader"] * (count - len(special))


def _email(role: str, number: int, first: str, last: str, dice: random.Random, taken: Sequence[str]) -> str:
    if role == "missing address":
        return ""
    if role == "broken address":
        return dice.choice(_BROKEN)
    if role == "same address" and taken:
        local, _, domain = dice.choice(taken).partition("@")
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


def tally(rows: Sequence[Row]) -> Mapping[str, int]:
    """How many lines of each role."""
    return Counter(row.role for row in rows)
