"""Work that makes many objects and few cycles, without the collector of cycles looking at them meanwhile.

A chunk makes some hundred thousand small objects, which are freed as they are left; that there is no cycle among them the
collector finds out hundreds of times, for a twentieth of the CPU (https://docs.python.org/3.11/library/gc.html). What cycles there
are, of errors and their frames, wait for the end of the chunk.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Let the collector rest; of several at once whoever stopped it lets it go on."""
    stops = gc.isenabled()
    if stops:
        gc.disable()
    try:
        yield
    finally:
        if stops:
            gc.enable()
