"""What is the same for every reader of a mass email, and which texts there are."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from chalicelib.domain.message import MessageSource
from chalicelib.rendering.formatting import Formatting
from chalicelib.rendering.values import Empty, View


class Kind(Enum):
    """The three texts of a message."""

    SUBJECT = "s"
    TEXT = "t"
    HTML = "h"


@dataclass(frozen=True)
class Shared:
    """What is the same for every reader of a mass email; ``label`` is the opt-out link's text."""

    source: MessageSource
    formatting: Formatting
    label: str
    explicit: Mapping[str, int]

    @classmethod
    def of(cls, source: MessageSource, label: str) -> "Shared":
        """Of two links for one tracking URL (it was edited while paused) the later one counts."""
        return cls(
            source,
            Formatting.of(source.date_format, source.time_zone, source.language),
            label,
            {
                link.tracking_url_id: index
                for index, link in enumerate(source.links)
                if link.tracking_url_id is not None
            },
        )

    @property
    def constants(self) -> Mapping[str, Any]:
        """The names that are the same for every reader."""
        address = self.source.sender_postal_address
        return {
            "campaign": View("campaign", self.source.campaign),
            "massEmail": View("massEmail", self.source.mass_email),
            "senderPostalAddress": address or Empty(name="senderPostalAddress"),
        }
