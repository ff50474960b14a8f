"""The log of a mass email, a campaign and a person: newest first, each line joined with what is known of it today."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from chalicelib.domain.addresses import address_problem, normalised
from chalicelib.domain.ids import base_of
from chalicelib.domain.log import Action, LogEntry, LogRecord
from chalicelib.domain.ports import Page, Records, Targets
from chalicelib.domain.ports_log import LogReader, MassEmailFinder, Segments
from chalicelib.domain.records import Campaign, MassEmail, TargetType
from chalicelib.errors import Invalid
from chalicelib.flows.log_joining import Join

_OF_MASS_EMAILS: tuple[Action, ...] = tuple(action for action in Action if action is not Action.LEAD_CREATED)


@dataclass(frozen=True, kw_only=True)
class LogSearch:
    """What a caller looks for; ``start`` is ``Page.next_key`` of the page before."""

    action: Action | None = None
    mass_email_id: str | None = None
    email_address: str | None = None
    limit: int = 50
    start: str | None = None


@dataclass(frozen=True)
class Log:
    """Reads the log; ``key_of`` is the keyed hash of an address."""

    finder: MassEmailFinder
    campaigns: Records[Campaign]
    segments: Segments
    history: LogReader
    targets: Targets
    key_of: Callable[[str], str]

    def of_campaign(self, campaign_id: str, search: LogSearch) -> Page[LogRecord]:
        """What happened in a campaign, deleted mass emails included.

        Raises:
            NotFound: No such campaign.
            Invalid: ``massEmailId`` is not one of its mass emails; ``emailAddress`` is none.
        """
        self.campaigns.get(campaign_id)
        mass_emails = self.finder.of_campaign(campaign_id)
        if search.mass_email_id is not None:
            mass_emails = [each for each in mass_emails if each.id == search.mass_email_id]
            if not mass_emails:
                raise Invalid.of("massEmailId", "is not a mass email of this campaign")
        leads_of = campaign_id if search.mass_email_id is None else None
        return self._search(mass_emails, leads_of, search)

    def of_mass_email(self, mass_email: MassEmail, search: LogSearch) -> Page[LogRecord]:
        """What happened to one mass email.

        Raises:
            Invalid: ``emailAddress`` is none.
        """
        return self._search([mass_email], None, search)

    def of_person(self, target_type: TargetType, target_id: str, search: LogSearch) -> Page[LogRecord]:
        """What happened between us and one person."""
        places = self.history.places_of(target_type, target_id)
        entries = list(self.history.of_places(places))
        created: dict[str, str] = {}
        if target_type is TargetType.LEAD:
            for campaign_id, entry in self.history.of_lead(target_id):
                created[entry.order] = campaign_id
                entries.append(entry)
        mass_emails = self.finder.by_bases({place.base for place in places})
        if search.mass_email_id is not None:
            entries = [
                each for each in entries if each.place and each.place.base == base_of(search.mass_email_id)
            ]
        return self._page(_sorted(entries, search), Join(self.segments, mass_emails, created), search.limit)

    def _search(
        self, mass_emails: Sequence[MassEmail], leads_of: str | None, search: LogSearch
    ) -> Page[LogRecord]:
        by_base = {base_of(mass_email.id): mass_email for mass_email in mass_emails}
        if search.email_address is not None:
            entries = self._of_address(search.email_address, by_base.keys(), leads_of)
            return self._page(_sorted(entries, search), Join(self.segments, by_base, leads_of), search.limit)
        scopes: list[tuple[str, Action]] = [
            (base, action)
            for base in by_base
            for action in _OF_MASS_EMAILS
            if search.action in (None, action)
        ]
        if leads_of is not None and search.action in (None, Action.LEAD_CREATED):
            scopes.append((leads_of, Action.LEAD_CREATED))
        newest = self.history.newest(scopes, before=search.start, expected=search.limit + 1)
        return self._page(newest, Join(self.segments, by_base, leads_of), search.limit)

    def _of_address(self, address: str, bases: Collection[str], leads_of: str | None) -> list[LogEntry]:
        """Through the people who hold it now; of what they were sent, only what went to this address."""
        problem = address_problem(address)
        if problem is not None:
            raise Invalid.of("emailAddress", problem)
        holders = self.targets.holders(self.key_of(address))
        places = [
            place
            for target_type, target_id in holders
            for place in self.history.places_of(target_type, target_id)
            if place.base in bases
        ]
        known = Join(self.segments, {}, None)
        known.read(places)
        wanted = normalised(address)
        sent_there = [place for place in places if known.address_at(place) == wanted]
        entries = list(self.history.of_places(sent_there))
        for target_type, target_id in holders if leads_of is not None else ():
            if target_type is TargetType.LEAD:
                of_lead = self.history.of_lead(target_id)
                entries += [entry for campaign_id, entry in of_lead if campaign_id == leads_of]
        return entries

    def _page(self, entries: Iterator[LogEntry], join: Join, limit: int) -> Page[LogRecord]:
        """Entries that are not shown make room for others; the next page begins after the last that was looked at."""
        records: list[LogRecord] = []
        last = None
        while len(records) < limit:
            batch = list(islice(entries, limit - len(records)))
            if not batch:
                return Page(records)
            records += join.records(batch)
            last = batch[-1].order
        return Page(records, last if next(entries, None) is not None else None)


def _sorted(entries: Iterable[LogEntry], search: LogSearch) -> Iterator[LogEntry]:
    wanted = (
        entry
        for entry in entries
        if search.action in (None, entry.action) and (search.start is None or entry.order < search.start)
    )
    return iter(sorted(wanted, key=lambda entry: entry.order, reverse=True))
