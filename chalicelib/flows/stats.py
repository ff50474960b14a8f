"""Statistics of a mass email and of a campaign: read live where it is quick, at most a minute old where it is not."""

from dataclasses import dataclass, replace
from datetime import timedelta

from chalicelib.domain.clock import Clock
from chalicelib.domain.ids import base_of
from chalicelib.domain.ledger import RecipientStatus, states
from chalicelib.domain.ports import Records
from chalicelib.domain.ports_log import (
    LogReader,
    MassEmailFinder,
    NumbersCache,
    RunReader,
    Segments,
)
from chalicelib.domain.records import Campaign, MassEmail
from chalicelib.domain.runs import Spot, sizes
from chalicelib.domain.stats import Numbers, numbers_of

LIVE_SEGMENTS = 500  # up to so many are summed up anew for every question: some ten requests
FRESH_FOR = timedelta(seconds=60)  # how old the sums of a larger mass email may be


@dataclass(frozen=True)
class Stats:
    """Sums over the ledger and the activity beside it."""

    clock: Clock
    finder: MassEmailFinder
    campaigns: Records[Campaign]
    segments: Segments
    runs: RunReader
    history: LogReader
    cache: NumbersCache
    live_segments: int = LIVE_SEGMENTS

    def of_mass_email(self, mass_email: MassEmail) -> Numbers:
        """The numbers of one mass email."""
        run = self.runs.get(mass_email.id)
        if run.segments <= self.live_segments:
            return self._sum(mass_email, dict(sizes(run.stretches, Spot())))
        known = self.cache.get(mass_email.id)
        if known is not None and self.clock.now() - known[1] < FRESH_FOR:
            return known[0]
        at = self.clock.now()
        numbers = self._sum(mass_email, dict(sizes(run.stretches, Spot())))
        self.cache.put(mass_email.id, numbers, at)
        return numbers

    def of_campaign(self, campaign_id: str) -> Numbers:
        """The sums of all mass emails that the campaign ever had, and its leads.

        Raises:
            NotFound: No such campaign.
        """
        campaign = self.campaigns.get(campaign_id)
        mass_emails = self.finder.of_campaign(campaign.id)
        total = sum(map(self.of_mass_email, mass_emails), Numbers())
        return replace(total, lead_created=self.history.leads_created(campaign.id))

    def _sum(self, mass_email: MassEmail, size_of: dict[int, int]) -> Numbers:
        total = Numbers()
        for segment in self.segments.progress(base_of(mass_email.id), size_of.keys()):
            known = states(segment, mass_email.status, size=size_of[segment.number])
            sent = sum(state.status is RecipientStatus.SENT for state in known)
            total += numbers_of(sent, segment.activity)
        return total
