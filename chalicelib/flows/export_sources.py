"""What can be exported: the rows of a report, the members of a list, the lines of a campaign's log."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.domain.exports import LIST_KIND, LOG_KIND, REPORT_KIND
from chalicelib.domain.log import LogRecord
from chalicelib.domain.ports import Records
from chalicelib.domain.records import Campaign, Report, TargetList
from chalicelib.flows.export_progress import Batch, Batches, BeginAgain
from chalicelib.flows.exporting import Source
from chalicelib.flows.log import Log, LogSearch
from chalicelib.flows.members import Member, Members
from chalicelib.flows.people import People
from chalicelib.flows.reports import Reports, columns_of

AT_ONCE = 500  # members of one page
LINES_AT_ONCE = 5_000  # of the log; each page asks every partition of every mass email anew
MEMBER_COLUMNS = (
    "type",
    "id",
    "name",
    "emailAddress",
    "optedOut",
    "emailAddressIsOptedOut",
    "emailAddressIsInvalid",
)
LOG_COLUMNS = (
    "actionDate",
    "action",
    "massEmailId",
    "recipientId",
    "targetType",
    "targetId",
    "emailAddress",
    "isTest",
    "isMachine",
    "first",
    "bounceType",
    "bounceSubType",
    "diagnosticCode",
    "trackingUrlId",
    "url",
    "userAgent",
)


@dataclass(frozen=True)
class ExportSources:
    """Where the rows come from."""

    reports: Reports
    members: Members
    people: People
    log: Log
    lists: Records[TargetList]
    campaigns: Records[Campaign]

    def by_kind(self) -> Mapping[str, Source]:
        """As ``Exporting`` takes them."""
        return {REPORT_KIND: self.of_report, LIST_KIND: self.of_list, LOG_KIND: self.of_log}

    def of_report(self, report_id: str, now: datetime, start: str | None) -> tuple[list[str], Batches]:
        """The report's own columns, in its order.

        Raises:
            NotFound: There is no such report.
            BeginAgain: The report was edited since ``start`` was told.
        """
        report = self.reports.records.get(report_id)
        rev, _, position = start.partition("|") if start else (str(report.rev), "", "")
        if rev != str(report.rev):
            raise BeginAgain
        return list(columns_of(report)), self._found(report, now, position or None)

    def of_list(self, list_id: str, _now: datetime, start: str | None) -> tuple[list[str], Batches]:
        """Members with their opt-outs, newest first.

        Raises:
            NotFound: There is no such list.
        """
        self.lists.get(list_id)
        return list(MEMBER_COLUMNS), self._members(list_id, start)

    def of_log(self, campaign_id: str, _now: datetime, start: str | None) -> tuple[list[str], Batches]:
        """All lines, newest first, tests and machines marked.

        Raises:
            NotFound: There is no such campaign.
        """
        self.campaigns.get(campaign_id)
        return list(LOG_COLUMNS), self._lines(campaign_id, start)

    def _found(self, report: Report, now: datetime, start: str | None) -> Batches:
        for page in self.reports.pages(report, now, start):
            yield Batch(list(page.items), page.next_key and f"{report.rev}|{page.next_key}")

    def _members(self, list_id: str, start: str | None) -> Batches:
        while True:
            page = self.members.page(list_id, limit=AT_ONCE, start=start)
            yield Batch(self._rows(page.items), page.next_key)
            start = page.next_key
            if start is None:
                return

    def _rows(self, members: Any) -> list[list[Any]]:
        living = [member.target for member in members if member.target is not None]
        flags = {each.target.id: each for each in self.people.seen(living)}
        return [_member_row(member, flags) for member in members]

    def _lines(self, campaign_id: str, start: str | None) -> Batches:
        while True:
            page = self.log.of_campaign(campaign_id, LogSearch(limit=LINES_AT_ONCE, start=start))
            yield Batch([_log_row(each) for each in page.items], page.next_key)
            start = page.next_key
            if start is None:
                return


def _member_row(member: Member, flags: Mapping[str, Any]) -> list[Any]:
    membership, target = member.membership, member.target
    seen = flags.get(membership.target_id)
    return [
        str(membership.target_type),
        membership.target_id,
        target.name if target else None,
        target.email_address if target else None,
        membership.opted_out,
        seen.is_opted_out if seen else None,
        seen.is_invalid if seen else None,
    ]


def _log_row(line: LogRecord) -> list[Any]:
    details = line.details
    return [
        line.action_date,
        line.action,
        line.mass_email_id,
        line.recipient_id,
        line.target_type,
        line.target_id,
        line.email_address,
        line.is_test,
        line.is_machine,
        line.first,
        details.bounce_type,
        details.bounce_sub_type,
        details.diagnostic_code,
        details.tracking_url_id,
        details.url,
        details.user_agent,
    ]
