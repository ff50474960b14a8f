"""The parts of the wiring that bring people in and their data out; :class:`chalicelib.wiring.Wiring` adds the rest."""

# Imports stand where they are used: a cold start pays only for its own function.

from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.wiring_readers import ReaderWiring

if TYPE_CHECKING:
    from chalicelib.storage.files import Files


class ImportWiring(ReaderWiring):
    """Joins imports, preferences and the export of one person."""

    @cached_property
    def files(self) -> "Files":
        """The bucket."""
        from chalicelib.storage.files import CLIENT_OPTIONS, Files

        return Files(self.client("s3", **CLIENT_OPTIONS), self.environment.bucket)
