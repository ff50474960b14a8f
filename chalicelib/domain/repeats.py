"""What is kept of a POST that came with an ``Idempotency-Key``."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Kept:
    """The first call: a digest of its body and, once it is through, its answer; ``status`` None means that it still runs."""

    body_digest: str
    status: int | None = None
    answer: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
