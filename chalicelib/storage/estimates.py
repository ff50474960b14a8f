"""The last estimate of each mass email: one item beside its run."""

from chalicelib.domain.estimates import Estimate
from chalicelib.errors import NotFound
from chalicelib.storage import keys
from chalicelib.storage.codec import from_item, to_item
from chalicelib.storage.table import Table

PART = "estimate"


class DynamoEstimates:
    """Fulfils :class:`chalicelib.domain.estimates.Estimates`: ``run#<id>``, ``estimate``."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def last(self, mass_email_id: str) -> Estimate:
        """The last one.

        Raises:
            NotFound: None was ever made.
        """
        item = self._table.get(keys.run(mass_email_id, PART))
        if item is None:
            raise NotFound("no estimate of this mass email was ever made")
        return from_item(Estimate, item)

    def put(self, mass_email_id: str, estimate: Estimate) -> None:
        """Keep it in place of the one before."""
        self._table.put({**keys.run(mass_email_id, PART), **to_item(estimate)})
