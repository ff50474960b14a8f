"""A small company for random users and random clouds: twelve people on two lists, chunks of four, five recipients an hour."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from chalicelib.domain.ports import AnyTarget
from tests.proof.company import Company, _yesterday, founded, new_stage
from tests.proof.model import Model, Person

RATE = 4.0
PORTION = 5
PEOPLE = 12
LISTS: Mapping[str, slice] = {"Readers": slice(0, 8), "Friends": slice(5, PEOPLE)}


@dataclass(frozen=True)
class Town:
    """The company, its people in their order, and its lists by name."""

    company: Company
    people: list[AnyTarget]
    lists: Mapping[str, str]
    template: str

    def model(self) -> Model:
        """What is true of it in the beginning."""
        return Model(
            [
                Person(
                    str(each.email_address),
                    frozenset(self.lists[name] for name, part in LISTS.items() if each in self.people[part]),
                )
                for each in self.people
            ]
        )


@cache
def town() -> Town:
    """Nothing has been sent yet but yesterday's message to somebody else."""
    stage = new_stage()
    founding = founded(stage)
    founding.settings(mass_email_max_per_hour_count=PORTION)
    template = founding.template()
    heartbeat = _yesterday(founding, template)
    people = founding.people(PEOPLE)
    lists = {name: founding.target_list(name, people[part]) for name, part in LISTS.items()}
    company = Company(stage.cloud, stage.environ, stage.cloud.snapshot(), {}, heartbeat)
    return Town(company, people, lists, template)
