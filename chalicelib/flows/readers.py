"""A reader as the unsubscribe page sees them: how they stand to a mailing, and what leaving it would leave."""

from dataclasses import dataclass

from chalicelib.domain.activity import Activity, Mark
from chalicelib.domain.ids import Place
from chalicelib.domain.ledger import Member
from chalicelib.domain.ports import Addresses, Memberships, Records, Targets
from chalicelib.domain.ports_log import MassEmailFinder, Segments
from chalicelib.domain.records import AddressFlags, Campaign, CampaignType, MassEmail
from chalicelib.domain.standing import Standing
from chalicelib.errors import NotFound


@dataclass(frozen=True)
class Reader:
    """A recipient as their own page sees them; ``everything`` and ``list_ids`` are what leaving this mailing leaves."""

    place: Place
    member: Member
    activity: Activity
    flags: AddressFlags
    everything: bool
    list_ids: frozenset[str]

    @property
    def standing(self) -> Standing:
        """How they stand to this mailing."""
        if self.member.email_address is None or self.flags.erased:
            return Standing.GONE
        if self.flags.opt_out:
            return Standing.LEFT if self.everything else Standing.GONE
        left = not self.everything and self.list_ids <= self.flags.lists_left
        return Standing.LEFT if left else Standing.SUBSCRIBED

    def did(self, mark: Mark) -> bool:
        """Whether they bear this mark."""
        return self.place.position in self.activity.having(mark)


@dataclass(frozen=True)
class Readers:
    """Finds readers by their place."""

    finder: MassEmailFinder
    campaigns: Records[Campaign]
    segments: Segments
    memberships: Memberships
    targets: Targets
    addresses: Addresses

    def read(self, place: Place) -> Reader:
        """The reader at this place.

        Raises:
            NotFound: No such recipient, or of an informational mailing, which nobody can leave.
        """
        mass_email = self.finder.by_base(place.base)
        segment = next(iter(self.segments.read(place.base, [place.segment])), None)
        if mass_email is None or segment is None or place.position >= len(segment.members):
            raise NotFound("no such recipient")
        if mass_email.campaign_id is not None:
            campaign = self.campaigns.find(mass_email.campaign_id, deleted=True)
            if campaign is not None and campaign.type is CampaignType.INFORMATIONAL:
                raise NotFound("nobody can leave an informational mailing")
        member = segment.members[place.position]
        flags = self.addresses.flags([member.address_key]).get(member.address_key)
        return Reader(
            place,
            member,
            segment.activity,
            flags or AddressFlags(key=member.address_key),
            everything=mass_email.opt_out_entirely or not mass_email.target_list_ids,
            list_ids=self._lists(mass_email, member),
        )

    def _lists(self, mass_email: MassEmail, member: Member) -> frozenset[str]:
        """The mass email's lists that the address is on, through any record, and those that it was sent to through.

        All of them where it is on none (a test, or a member removed since), so that "unsubscribed" is never empty words.
        """
        lists = mass_email.mailing_list_ids
        came_through = {lists[index] for index in member.lists if index < len(lists)}
        is_on = {
            membership.list_id
            for target_type, target_id in self.targets.holders(member.address_key)
            for membership in self.memberships.find(lists, target_type, target_id)
        }
        return frozenset(came_through | is_on or lists)
