"""How a reader stands to a mailing that they got."""

from enum import StrEnum


class Standing(StrEnum):
    """How the reader stands to this mailing."""

    SUBSCRIBED = "subscribed"
    LEFT = "left"  # and can come back here
    GONE = "gone"  # out of everything by other means, or erased: this mailing's page cannot undo that
