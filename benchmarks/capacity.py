"""Capacity units, counted from sizes in bytes by the rules that AWS publishes.

Reads and writes: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
Indexes: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html#GSI.ThroughputConsiderations.Writes
Transactions: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html#transaction-capacity-handling
"""

from dataclasses import dataclass

from tests.fakes.dynamodb import IndexWrite, Read, Touched, Write

READ_UNIT = 4 * 1024  # bytes
WRITE_UNIT = 1024  # bytes
EVENTUAL = 0.5  # of a consistent read
TRANSACTIONAL = 2  # each item is prepared, then committed


@dataclass(frozen=True)
class Units:
    """Read and write request units, those of indexes included."""

    read: float = 0.0
    write: float = 0.0

    def __add__(self, other: "Units") -> "Units":
        return Units(self.read + other.read, self.write + other.write)

    def __sub__(self, other: "Units") -> "Units":
        return Units(self.read - other.read, self.write - other.write)


def units_of(touched: Touched) -> Units:
    """What one request costs, whether its conditions held or not."""
    times = TRANSACTIONAL if touched.transactional else 1
    return Units(
        read=times * sum(_read(read) for read in touched.reads),
        write=times * sum(_write(write) for write in touched.writes),
    )


def read_units(size: int, *, consistent: bool) -> float:
    """Of one item, or of all items that a query looked at; what is not there costs as much as the smallest item."""
    return _blocks(size, READ_UNIT) * (1 if consistent else EVENTUAL)


def write_units(*sizes: int | None) -> int:
    """Of one item as it was and as it is: the larger counts; None is no item."""
    return _blocks(max(size or 0 for size in sizes), WRITE_UNIT)


def _read(read: Read) -> float:
    sizes = (sum(read.sizes),) if read.together else read.sizes
    return sum(read_units(size, consistent=read.consistent) for size in sizes)


def _write(write: Write) -> int:
    return write_units(write.before, write.after) + sum(map(_index_write, write.indexes))


def _index_write(write: IndexWrite) -> int:
    """One write, or two where the index's key changes: the old entry is deleted, a new one put.

    In a transaction these double too: no page says that they do not, and DynamoDB Local counts them so.
    """
    if write.moved:
        return write_units(write.before) + write_units(write.after)
    return write_units(write.before, write.after)


def _blocks(size: int, block: int) -> int:
    return max(1, -(-size // block))
