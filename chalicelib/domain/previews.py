"""Send Test: whom a test goes to."""

from dataclasses import dataclass

from chalicelib.domain.records import TargetType

MOST_TARGETS = 20  # of one Send Test


@dataclass(frozen=True)
class Chosen:
    """Whom a test goes to, and as whom it is rendered; ``email_address`` is one's own address, else the target's."""

    target_type: TargetType
    target_id: str
    email_address: str | None = None
