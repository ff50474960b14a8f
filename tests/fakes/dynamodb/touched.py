"""What an operation read and wrote, in bytes: all that capacity is counted from."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Read:
    """Items that were looked at; 0 for one that was not there. ``together``: their sum is rounded, not each of them."""

    sizes: tuple[int, ...]
    consistent: bool = False
    together: bool = False


@dataclass(frozen=True)
class IndexWrite:
    """A change of an index; None where the item was or is not in it. ``moved``: its key changed, so it is two writes."""

    before: int | None
    after: int | None
    moved: bool = False


@dataclass(frozen=True)
class Write:
    """One item written, deleted or checked; ``after`` is also what would have been written, had a condition held."""

    before: int | None
    after: int | None
    indexes: tuple[IndexWrite, ...] = ()


@dataclass(frozen=True)
class Touched:
    """One request; ``operation`` is named as in the API (``PutItem``)."""

    operation: str
    reads: tuple[Read, ...]
    writes: tuple[Write, ...]
    transactional: bool = False


@dataclass
class Trace:
    """What a running operation has touched so far."""

    reads: list[Read] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)

    def read(self, *sizes: int, consistent: bool, together: bool = False) -> None:
        """Note a read."""
        self.reads.append(Read(sizes, consistent=consistent, together=together))

    def read_each(self, *sizes: int) -> None:
        """Note consistent reads of single items."""
        self.reads += [Read((size,), consistent=True) for size in sizes]

    def wrote(self, write: Write) -> None:
        """Note a write, or the attempt."""
        self.writes.append(write)
