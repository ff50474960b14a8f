"""All that is known of one person, for whoever asks what we hold of them (GDPR article 15)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.clock import Clock
from chalicelib.domain.ids import Place
from chalicelib.domain.log import LogRecord
from chalicelib.domain.people import Ref
from chalicelib.domain.ports import Membership, Memberships, Records, Targets
from chalicelib.domain.ports_log import LogReader, MassEmailFinder
from chalicelib.domain.records import MassEmail, TargetList, TargetType
from chalicelib.flows.log import Log, LogSearch
from chalicelib.flows.people import People, Seen

MAX_LOG = 5_000  # lines, some 400 bytes each: an answer may have 6 MB, and `GET …/log` tells the older ones


@dataclass(frozen=True)
class Subscription:
    """A list that the person is on; ``target_list`` is None for one that was deleted."""

    membership: Membership
    target_list: TargetList | None


@dataclass(frozen=True)
class Mailing:
    """A mass email that the person is a recipient of; ``mass_email`` is None where nothing of it is left."""

    place: Place
    mass_email: MassEmail | None


@dataclass(frozen=True)
class PersonalData:
    """Everything; ``others`` are further records with the same address. ``log`` is newest first, ``log_is_whole`` or cut."""

    seen: Seen
    others: Sequence[Ref]
    subscriptions: Sequence[Subscription]
    lists_left: Sequence[TargetList]
    mailings: Sequence[Mailing]
    log: Sequence[LogRecord]
    log_is_whole: bool
    as_of: datetime


@dataclass(frozen=True)
class PersonExport:
    """Gathers it."""

    people: People
    targets: Targets
    memberships: Memberships
    lists: Records[TargetList]
    history: LogReader
    finder: MassEmailFinder
    log: Log
    key_of: Callable[[str], str]
    clock: Clock

    def of(self, target_type: TargetType, target_id: str) -> PersonalData:
        """All that is known of this person or company.

        Raises:
            NotFound: There is no such target, or it was deleted or erased.
        """
        seen = self.people.get(target_type, target_id)
        address = seen.target.email_address
        holders = self.targets.holders(self.key_of(address)) if address else []
        memberships = self.memberships.lists_of(target_type, target_id)
        left = seen.flags.lists_left if seen.flags else frozenset()
        lists = self.lists.find_many({*left, *(each.list_id for each in memberships)})
        places = self.history.places_of(target_type, target_id)
        mass_emails = self.finder.by_bases({place.base for place in places})
        log = self.log.of_person(target_type, target_id, LogSearch(limit=MAX_LOG))
        return PersonalData(
            seen=seen,
            others=[ref for ref in holders if ref != (target_type, target_id)],
            subscriptions=[Subscription(each, lists.get(each.list_id)) for each in memberships],
            lists_left=[lists[each] for each in sorted(left) if each in lists],
            mailings=[Mailing(place, mass_emails.get(place.base)) for place in places],
            log=log.items,
            log_is_whole=log.next_key is None,
            as_of=self.clock.now(),
        )
