"""How far a mass email is, and what holds it back, as its answers show it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.clock import Clock
from chalicelib.domain.mass_emails import OPEN
from chalicelib.domain.org_settings import OrgSettings
from chalicelib.domain.portions import portion
from chalicelib.domain.ports import Records, SettingsStore
from chalicelib.domain.ports_account import Account, AccountState
from chalicelib.domain.progress import Progress
from chalicelib.domain.records import Campaign, CampaignStatus, CampaignType, MassEmail, MassEmailStatus
from chalicelib.domain.schedule import ScheduleFault, next_run_at
from chalicelib.flows.tallying import Tallying

_MOVES = frozenset({MassEmailStatus.PENDING, MassEmailStatus.IN_PROCESS})
_UNSENT = OPEN | {MassEmailStatus.DRAFT}


@dataclass(frozen=True)
class ProgressOf:
    """Finds out how far a mass email is."""

    clock: Clock
    tallying: Tallying
    campaigns: Records[Campaign]
    account: Account
    settings: SettingsStore
    public_url: Callable[[], str]
    is_verified: Callable[[str], bool]

    def of(self, mass_email: MassEmail) -> Progress:
        """The progress of this mass email."""
        counts = self.tallying.of(mass_email).counts
        if mass_email.status not in _UNSENT:
            return Progress(counts)
        settings = self.settings.get()
        warnings = self._warnings(mass_email, settings)
        if mass_email.status not in OPEN:
            return Progress(counts, warnings=warnings)
        state = self.account.state()
        return Progress(
            counts,
            self._next_run(mass_email, settings, state),
            self._blocked(mass_email, settings, state),
            warnings,
        )

    def _warnings(self, mass_email: MassEmail, settings: OrgSettings) -> Sequence[str]:
        """A commercial message needs the sender's valid postal address: CAN-SPAM, 15 U.S.C. 7704(a)(5)(A)(iii).

        https://www.ftc.gov/business-guidance/resources/can-spam-act-compliance-guide-business
        """
        if settings.sender_postal_address:
            return ()
        campaign = self.campaigns.find(mass_email.campaign_id) if mass_email.campaign_id else None
        is_informational = campaign is not None and campaign.type is CampaignType.INFORMATIONAL
        return () if is_informational else ("noPostalAddress",)

    def _next_run(self, mass_email: MassEmail, settings: OrgSettings, state: AccountState) -> datetime | None:
        """The first tick at which it can move; a rate counts from the last one, once there was one."""
        if mass_email.status not in _MOVES:
            return None
        now = self.clock.now()
        try:
            since = state.ticked_at if settings.send_schedule.startswith("rate") else None
            due = max(now, mass_email.start_at) if mass_email.status is MassEmailStatus.PENDING else now
            return next_run_at(settings.send_schedule, due, since=since)
        except ScheduleFault:
            return None

    def _blocked(self, mass_email: MassEmail, settings: OrgSettings, state: AccountState) -> Sequence[str]:
        if mass_email.status not in _MOVES:
            return ()
        found = []
        campaign = self.campaigns.find(mass_email.campaign_id) if mass_email.campaign_id else None
        if campaign is not None and campaign.status is CampaignStatus.INACTIVE:
            found.append("inactiveCampaign")
        sender = mass_email.from_address or settings.outbound_email_from_address
        if sender and not self.is_verified(sender):
            found.append("senderNotVerified")
        if not (settings.mass_email_site_url or self.public_url()):
            found.append("noSiteUrl")
        if next_run_at_or_none(settings.send_schedule, self.clock.now()) is None:
            found.append("scheduleOff")
        return [*found, *self._account_blocks(settings, state)]

    def _account_blocks(self, settings: OrgSettings, state: AccountState) -> Sequence[str]:
        account = state.account
        found = []
        allowance = portion(
            hourly_limit=settings.mass_email_max_per_hour_count,
            grants=self.account.allowance().grants,
            now=self.clock.now(),
            max_24_hour_send=-1,
            sent_last_24_hours=0,
            released_unsent=0,
        )
        if allowance == 0:
            found.append("hourlyLimit")
        used_up = account is not None and 0 <= account.max_24_hour_send <= account.sent_last_24_hours
        if used_up or state.hold == "dailyQuota":
            found.append("dailyQuota")
        if account is not None and not account.production_access:
            found.append("sandbox")
        return found


def next_run_at_or_none(expression: str, now: datetime) -> datetime | None:
    """As :func:`next_run_at`; None for what is no schedule."""
    try:
        return next_run_at(expression, now)
    except ScheduleFault:
        return None
