"""The parts of the wiring that search, fill lists and report; :class:`chalicelib.wiring.Wiring` adds the rest."""

# Imports stand where they are used: a cold start pays only for its own function.

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.domain.ports_jobs import Job
from chalicelib.domain.records import Report
from chalicelib.wiring_import import ImportWiring

if TYPE_CHECKING:
    from chalicelib.flows.exporting import Exporting
    from chalicelib.flows.filling import Filling
    from chalicelib.flows.log_lists import LogLists
    from chalicelib.flows.reports import Reports
    from chalicelib.flows.searching import Searching
    from chalicelib.flows.slices import Slices
    from chalicelib.flows.syncing import Syncing
    from chalicelib.storage.list_filling import DynamoListFiller
    from chalicelib.storage.list_syncs import DynamoFollowers
    from chalicelib.storage.records import DynamoRecords
    from chalicelib.storage.search import DynamoSearch


class SearchWiring(ImportWiring):
    """Joins searches, fills and reports."""

    @cached_property
    def people_search(self) -> "DynamoSearch":
        """Finds people in the table."""
        from chalicelib.storage.search import DynamoSearch

        return DynamoSearch(self.table, self.key_of)

    @cached_property
    def list_filler(self) -> "DynamoListFiller":
        """Changes many members of a list."""
        from chalicelib.storage.list_filling import DynamoListFiller

        return DynamoListFiller(self.table, self.key_of, self.clock)

    @cached_property
    def searching(self) -> "Searching":
        """Searches as callers ask for them."""
        from chalicelib.flows.searching import Searching

        return Searching(self.people_search, self.people, self.list_store, self.settings_store, self.clock)

    @cached_property
    def slices(self) -> "Slices":
        """Long jobs, a while at a time."""
        from chalicelib.flows.slices import Slices

        return Slices(self.jobs, self.outbox, self.clock)

    @cached_property
    def filling(self) -> "Filling":
        """Lists from searches."""
        from chalicelib.flows.filling import Filling

        return Filling(
            searching=self.searching,
            people=self.people_search,
            filler=self.list_filler,
            lists=self.list_store,
            jobs=self.jobs,
            slices=self.slices,
            clock=self.clock,
        )

    @cached_property
    def report_store(self) -> "DynamoRecords[Report]":
        """The records of reports."""
        from chalicelib.storage.records import DynamoRecords

        return DynamoRecords(self.table, "Report", Report)

    @cached_property
    def followers(self) -> "DynamoFollowers":
        """Lists that follow reports."""
        from chalicelib.storage.list_syncs import DynamoFollowers

        return DynamoFollowers(self.table)

    @cached_property
    def reports(self) -> "Reports":
        """Saved searches."""
        from chalicelib.flows.reports import Reports
        from chalicelib.flows.tabulating import Tabulating

        return Reports(
            records=self.report_store,
            followers=self.followers,
            searching=self.searching,
            people=self.people_search,
            tabulating=Tabulating(self.people, self.target_store, self.campaign_store),
            turns=self.turns,
            clock=self.clock,
        )

    @cached_property
    def syncing(self) -> "Syncing":
        """Lists that follow reports, made to."""
        from chalicelib import logs
        from chalicelib.flows.syncing import Syncing

        return Syncing(
            reports=self.reports,
            people=self.people_search,
            filler=self.list_filler,
            memberships=self.memberships,
            lists=self.list_store,
            followers=self.followers,
            jobs=self.jobs,
            slices=self.slices,
            clock=self.clock,
            report=logs.trouble,
        )

    @cached_property
    def log_lists(self) -> "LogLists":
        """Lists from campaigns' logs."""
        from chalicelib.flows.log_lists import LogLists

        return LogLists(
            log=self.log,
            people=self.people_search,
            filler=self.list_filler,
            campaigns=self.campaign_store,
            lists=self.list_store,
            jobs=self.jobs,
            outbox=self.outbox,
            slices=self.slices,
            clock=self.clock,
        )

    @cached_property
    def exporting(self) -> "Exporting":
        """CSV files."""
        from chalicelib.flows.export_sources import ExportSources
        from chalicelib.flows.exporting import Exporting

        sources = ExportSources(
            reports=self.reports,
            members=self.members,
            people=self.people,
            log=self.log,
            lists=self.list_store,
            campaigns=self.campaign_store,
        )
        return Exporting(sources.by_kind(), self.files, self.jobs, self.outbox, self.clock)

    @cached_property
    def job_handlers(self) -> Mapping[str, Callable[[Job], object]]:
        """What to do for a job of each kind; each flow is put together when there is a job for it."""
        from chalicelib.domain import exports
        from chalicelib.flows import emptying, filling, log_lists, syncing

        def fill(job: Job) -> object:
            return self.filling.run(job)

        def sync(job: Job) -> object:
            return self.syncing.run(job)

        def empty(job: Job) -> object:
            return self.emptying.run(job)

        def list_from_log(job: Job) -> object:
            return self.log_lists.run(job)

        def export(job: Job) -> object:
            return self.exporting.run(job)

        return {
            **super().job_handlers,
            filling.ADD_KIND: fill,
            filling.REMOVE_KIND: fill,
            syncing.JOB_KIND: sync,
            emptying.JOB_KIND: empty,
            log_lists.JOB_KIND: list_from_log,
            exports.REPORT_KIND: export,
            exports.LIST_KIND: export,
            exports.LOG_KIND: export,
        }
