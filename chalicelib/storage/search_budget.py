"""How many items one page of a search may still look at."""


class Boundless:
    """For jobs, which read until they are done."""

    def more(self, wanted: int) -> int:
        """As many as are wanted."""
        return wanted

    def return_items(self, unused: int) -> None:
        """Nothing is short."""


class Budget(Boundless):
    """Counted in people, each of whom costs so many items; ``at_least`` one of each partition, so that every page gets on.

    ``aside`` items are kept for whoever needs more than that: without them a page might stand still before such a person.
    """

    def __init__(self, items: int, cost_of_one: int, *, at_least: int, aside: int = 0) -> None:
        self._cost_of_one = cost_of_one
        self._aside = aside
        self.left = max((items - aside) // cost_of_one, at_least)
        self.read = 0

    def take(self, wanted: int, waiting: int) -> int:
        """How many to read now, so that those who wait for their first read get one too."""
        granted = min(wanted, max(self.left - waiting, 0))
        self.left -= granted
        return granted

    def give_back(self, unused: int) -> None:
        """A query may find fewer than it was granted."""
        self.left += unused

    def more(self, wanted: int) -> int:
        """How many further items may be read for one person: of those set aside, then instead of other people."""
        instead = min(self.left, max(0, -(-(wanted - self._aside) // self._cost_of_one)))
        self.left -= instead
        self._aside += instead * self._cost_of_one
        granted = min(wanted, self._aside)
        self._aside -= granted
        return granted

    def return_items(self, unused: int) -> None:
        """They may be read for somebody else."""
        self._aside += unused
