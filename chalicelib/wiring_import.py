"""The parts of the wiring that bring people in and their data out; :class:`chalicelib.wiring.Wiring` adds the rest."""

# Imports stand where they are used: a cold start pays only for its own function.

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.domain.ports_jobs import Job
from chalicelib.wiring_readers import ReaderWiring

if TYPE_CHECKING:
    from chalicelib.flows.import_report import ImportReport
    from chalicelib.flows.importing import Importing
    from chalicelib.flows.person_export import PersonExport
    from chalicelib.flows.preferences import Preferences
    from chalicelib.storage.files import Files
    from chalicelib.storage.imports import DynamoImports


class ImportWiring(ReaderWiring):
    """Joins imports, preferences and the export of one person."""

    @cached_property
    def files(self) -> "Files":
        """The bucket."""
        from chalicelib.storage.files import CLIENT_OPTIONS, Files

        return Files(self.client("s3", **CLIENT_OPTIONS), self.environment.bucket)

    @cached_property
    def import_store(self) -> "DynamoImports":
        """What imports read and write."""
        from chalicelib.storage.imports import DynamoImports

        return DynamoImports(self.table, self.jobs)

    @cached_property
    def importing(self) -> "Importing":
        """Imports."""
        from chalicelib.flows.import_steps import ImportSteps
        from chalicelib.flows.importing import Importing

        steps = ImportSteps(
            store=self.import_store,
            targets=self.target_store,
            campaigns=self.campaign_store,
            addresses=self.addresses,
            clock=self.clock,
        )
        return Importing(
            files=self.files,
            store=self.import_store,
            steps=steps,
            lists=self.list_store,
            jobs=self.jobs,
            outbox=self.outbox,
            key_of=self.key_of,
            clock=self.clock,
        )

    @cached_property
    def import_report(self) -> "ImportReport":
        """What imports refused."""
        from chalicelib.flows.import_report import ImportReport

        return ImportReport(self.importing, self.import_store, self.files)

    @cached_property
    def preferences(self) -> "Preferences":
        """The preferences page."""
        from chalicelib.flows.preferences import Preferences
        from chalicelib.storage.plan_notes import DynamoPlanNotes

        return Preferences(
            clock=self.clock,
            readers=self.unsubscribe.readers,
            targets=self.target_store,
            memberships=self.memberships,
            lists=self.list_store,
            opt_outs=self.opt_outs,
            activity=self.activity,
            log=self.log_writer,
            notes=DynamoPlanNotes(self.table),
            outbox=self.outbox,
        )

    @cached_property
    def person_export(self) -> "PersonExport":
        """All that is known of one person."""
        from chalicelib.flows.person_export import PersonExport

        return PersonExport(
            people=self.people,
            targets=self.target_store,
            memberships=self.memberships,
            lists=self.list_store,
            history=self.history,
            finder=self.finder,
            log=self.log,
            key_of=self.key_of,
            clock=self.clock,
        )

    def replay_reader(self, message: Mapping[str, object]) -> None:
        """Do what could not be done while the reader waited: a message of kind ``tracked``."""
        if "preferencesOf" in message:
            self.preferences.replay(message)
        else:
            super().replay_reader(message)

    @cached_property
    def job_handlers(self) -> Mapping[str, Callable[[Job], object]]:
        """What to do for a job of each kind."""
        from chalicelib.domain.imports import JOB_KIND

        def run(job: Job) -> object:
            return self.importing.run(job)  # S3's client is made for an import alone

        return {**super().job_handlers, JOB_KIND: run}
