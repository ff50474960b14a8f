"""Accounts, contacts, leads and users: made, edited, deleted and looked up, each with what is known of its address."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from chalicelib.domain.addresses import address_problem
from chalicelib.domain.clock import Clock
from chalicelib.domain.etags import ANY_VERSION, IfMatch
from chalicelib.domain.ids import new_id
from chalicelib.domain.people import is_unchanged, merged, ref_of, target_problems
from chalicelib.domain.ports import Addresses, AnyTarget, Page, Records
from chalicelib.domain.ports_delivery import Overtaken
from chalicelib.domain.ports_people import LeadLog, MembershipStore, TargetStore
from chalicelib.domain.records import (
    TARGET_CLASSES,
    AddressFlags,
    Campaign,
    Contact,
    Lead,
    TargetType,
)
from chalicelib.errors import Conflict, FieldError, Invalid, NotFound, PreconditionFailed
from chalicelib.flows.references import refuse
from chalicelib.flows.repeating import until_first


@dataclass(frozen=True)
class Seen:
    """A target as callers see it: with the flags of its address."""

    target: AnyTarget
    flags: AddressFlags | None = None

    @property
    def is_opted_out(self) -> bool:
        """Whether the address opted out of everything."""
        return self.flags is not None and self.flags.opt_out

    @property
    def is_invalid(self) -> bool:
        """Whether the address bounced for good."""
        return self.flags is not None and self.flags.invalid


@dataclass(frozen=True)
class People:
    """What callers do with people. ``fields`` have snake_case names and hold what was sent, already read."""

    targets: TargetStore
    memberships: MembershipStore
    addresses: Addresses
    campaigns: Records[Campaign]
    log: LeadLog
    key_of: Callable[[str], str]
    clock: Clock
    make_id: Callable[[datetime], str] = new_id

    def get(self, target_type: TargetType, target_id: str) -> Seen:
        """The target.

        Raises:
            NotFound: There is none, or it was deleted.
        """
        return self.seen([self.targets.get(target_type, target_id)])[0]

    def page(self, target_type: TargetType, *, limit: int, start: str | None = None) -> Page[Seen]:
        """Newest first."""
        page = self.targets.page(target_type, limit=limit, start=start)
        return Page(self.seen(page.items), page.next_key, page.read)

    def with_address(
        self, target_type: TargetType, address: str, *, limit: int, start: str | None = None
    ) -> Page[Seen]:
        """Those who hold this address, whatever its case; newest first.

        Raises:
            Invalid: It is not an address.
        """
        problem = address_problem(address)
        if problem:
            raise Invalid.of("emailAddress", problem)
        holders = self.targets.holders(self.key_of(address))
        ids = sorted((ref[1] for ref in holders if ref[0] is target_type), reverse=True)
        rest = [target_id for target_id in ids if start is None or target_id < start]
        found = self.targets.find_many([(target_type, target_id) for target_id in rest[:limit]])
        targets = sorted(found.values(), key=lambda target: target.id, reverse=True)
        return Page(self.seen(targets), rest[limit - 1] if len(rest) > limit else None, len(holders))

    def create(self, target_type: TargetType, fields: Mapping[str, Any]) -> Seen:
        """Store a new target; a lead of a campaign is noted in the campaign's log.

        Raises:
            Invalid: What ``domain.people`` refuses, or an account or campaign that does not exist.
        """

        def attempt() -> AnyTarget:
            now = self.clock.now()
            made = TARGET_CLASSES[target_type](
                id=self.make_id(now),
                created_at=now,
                modified_at=now,
                **{**fields, "attributes": fields.get("attributes") or {}},
            )
            self._check(made, None)
            try:
                self.targets.add(made)
            except Conflict as error:  # the id was taken, one in 2^24 within a millisecond
                raise Overtaken from error
            return made

        made = until_first(attempt)
        if isinstance(made, Lead) and made.campaign_id:
            self.log.lead_created(made.campaign_id, made.id, made.created_at)
        return self.seen([made])[0]

    def edit(
        self,
        target_type: TargetType,
        target_id: str,
        fields: Mapping[str, Any],
        *,
        if_match: IfMatch = ANY_VERSION,
    ) -> Seen:
        """Change the fields that are given; ``attributes`` are merged (RFC 7396), None empties them.

        Raises:
            NotFound: There is no such target.
            PreconditionFailed: It is not the version that the caller means.
            Invalid: As for ``create``; an account or campaign that is gone may stay where it was.
        """

        def attempt() -> tuple[AnyTarget, AnyTarget]:
            before = self.targets.get(target_type, target_id)
            if_match.check(before.rev)
            after = replace(before, **_merged(fields, before))
            if is_unchanged(after, before):
                return before, before
            self._check(after, before)
            try:
                return before, self.targets.replace(replace(after, modified_at=self.clock.now()), before)
            except PreconditionFailed as error:
                raise Overtaken from error

        before, after = until_first(attempt)
        seen = self.seen([after])[0]
        if after.email_address != before.email_address:
            self._mark_as_left(seen)
        return seen

    def delete(self, target_type: TargetType, target_id: str, *, if_match: IfMatch = ANY_VERSION) -> None:
        """The person is gone, from their lists too; ledger, log and the flags of the address stay.

        Raises:
            NotFound: There is no such target (any more); what an earlier try left on lists is removed all the same.
            PreconditionFailed: It is not the version that the caller means.
        """

        def attempt() -> None:
            target = self._living(target_type, target_id)
            if_match.check(target.rev)
            try:
                self.targets.bury(target, at=self.clock.now(), erased=False)
            except PreconditionFailed as error:
                raise Overtaken from error

        until_first(attempt)
        self.memberships.forget(target_type, target_id)

    def _living(self, target_type: TargetType, target_id: str) -> AnyTarget:
        try:
            return self.targets.get(target_type, target_id)
        except NotFound:
            if self.targets.grave(target_type, target_id) is not None:
                self.memberships.forget(target_type, target_id)
            raise

    def _mark_as_left(self, seen: Seen) -> None:
        """Who takes on an address takes on the lists that it left."""
        if seen.flags is None or not seen.flags.lists_left:
            return
        ref = ref_of(seen.target)
        self.memberships.mark(seen.flags.lists_left, [ref], opted_out=True, address_key=seen.flags.key)

    def seen(self, targets: Sequence[AnyTarget]) -> list[Seen]:
        """These targets with what is known of their addresses."""
        keys = {target.id: self.key_of(target.email_address) for target in targets if target.email_address}
        flags = self.addresses.flags(set(keys.values()))
        return [Seen(target, flags.get(keys.get(target.id, ""))) for target in targets]

    def _check(self, after: AnyTarget, before: AnyTarget | None) -> None:
        refuse([*target_problems(after), *self._link_problems(after, before)])

    def _link_problems(self, after: AnyTarget, before: AnyTarget | None) -> list[FieldError]:
        if isinstance(after, Contact) and after.account_id:
            stays = isinstance(before, Contact) and before.account_id == after.account_id
            if not stays and not self.targets.find_many([(TargetType.ACCOUNT, after.account_id)]):
                return [FieldError("accountId", "there is no account with this id")]
        if isinstance(after, Lead) and after.campaign_id:
            stays = isinstance(before, Lead) and before.campaign_id == after.campaign_id
            if not stays and self.campaigns.find(after.campaign_id) is None:
                return [FieldError("campaignId", "there is no campaign with this id")]
        return []


def _merged(fields: Mapping[str, Any], before: AnyTarget) -> Mapping[str, Any]:
    """The fields of a patch as they are to be: free attributes merged into those from before."""
    if "attributes" not in fields:
        return fields
    sent = fields["attributes"]
    return {**fields, "attributes": {} if sent is None else merged(before.attributes, sent)}
