"""Tracking URLs: made, edited and deleted; a link that is out keeps working whatever becomes of its record (row 66)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from chalicelib.domain.campaigns import tracked_campaign_problems
from chalicelib.domain.clock import Clock
from chalicelib.domain.etags import ANY_VERSION, IfMatch
from chalicelib.domain.ids import new_id
from chalicelib.domain.ports import Records
from chalicelib.domain.ports_mass_emails import Turns
from chalicelib.domain.records import Campaign, TrackingUrl
from chalicelib.domain.tracking_urls import tracking_url_problems
from chalicelib.domain.web_addresses import ascii_web_address
from chalicelib.errors import Conflict
from chalicelib.flows.editing import Editor
from chalicelib.flows.references import refuse


@dataclass(frozen=True)
class TrackingUrls:
    """What callers change. ``fields`` have snake_case names and hold what was sent, already read; to read, use ``records``."""

    records: Records[TrackingUrl]
    campaigns: Records[Campaign]
    turns: Turns
    clock: Clock
    make_id: Callable[[datetime], str] = new_id

    def create(self, fields: Mapping[str, Any]) -> TrackingUrl:
        """Store a new tracking URL; its ``url`` is kept as browsers ask for it (ASCII).

        Raises:
            Invalid: See ``domain.tracking_urls``; a campaign that does not exist or is not Email or Newsletter.
        """
        now = self.clock.now()
        made = TrackingUrl(id=self.make_id(now), created_at=now, modified_at=now, **fields)
        campaign_problems = (
            tracked_campaign_problems(self.campaigns.find(made.campaign_id)) if made.campaign_id else []
        )
        refuse([*tracking_url_problems(made), *campaign_problems])
        made = _in_ascii(made)
        self.records.add(made)
        return made

    def edit(
        self, tracking_url_id: str, fields: Mapping[str, Any], *, if_match: IfMatch = ANY_VERSION
    ) -> TrackingUrl:
        """Change the fields that are given.

        Raises:
            NotFound, PreconditionFailed: See ``Editor``.
            Invalid: See ``domain.tracking_urls``.
            Conflict: Another campaign (row 10).
        """

        def change(before: TrackingUrl) -> TrackingUrl:
            after = replace(before, **fields)
            if after.campaign_id != before.campaign_id:
                raise Conflict("campaignId of a tracking URL cannot change")
            refuse(tracking_url_problems(after))
            return _in_ascii(after)

        return self._editor.edit(tracking_url_id, change, if_match=if_match)

    def delete(self, tracking_url_id: str, *, if_match: IfMatch = ANY_VERSION) -> None:
        """Hide it from callers; clicks on it go where they went.

        Raises:
            NotFound, PreconditionFailed: See ``Editor``.
        """
        self._editor.edit(
            tracking_url_id, lambda before: replace(before, deleted_at=self.clock.now()), if_match=if_match
        )

    @property
    def _editor(self) -> Editor[TrackingUrl]:
        return Editor(self.records, self.turns, self.clock)


def _in_ascii(made: TrackingUrl) -> TrackingUrl:
    return replace(made, url=ascii_web_address(made.url)) if made.url else made
