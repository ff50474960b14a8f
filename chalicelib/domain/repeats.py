"""What is kept of a POST that came with an ``Idempotency-Key``."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class Kept:
    """The first call: a digest of its body and, once it is through, its answer; ``status`` None means that it still runs."""

    body_digest: str
    status: int | None = None
    answer: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


class Repeats(Protocol):
    """The keys that came; ``digest`` stands for token, method, path and key."""

    def begin(self, digest: str, body_digest: str) -> Kept | None:
        """Take the key, or answer what is kept under it. A first call that never ended loses the key after a minute."""
        ...

    def keep(self, digest: str, kept: Kept) -> None:
        """Keep the answer for 24 hours."""
        ...

    def forget(self, digest: str) -> None:
        """Nothing came of it: the key is free again."""
        ...
