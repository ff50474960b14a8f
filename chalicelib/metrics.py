"""Numbers for CloudWatch, as log lines in its embedded metric format: no request, no permission, no waiting.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from chalicelib import logs
from chalicelib.domain.clock import Clock

NAMESPACE = "Envoi"
UNITS: Mapping[str, str] = {
    "Sent": "Count",
    "Failed": "Count",
    "Skipped": "Count",
    "Unknown": "Count",
    "Delivered": "Count",
    "HardBounced": "Count",
    "SoftBounced": "Count",
    "Complained": "Count",
    "BounceRate": "Percent",
    "ComplaintRate": "Percent",
    "QuotaUsed": "Percent",
    "MaxSendRate": "Count/Second",
    "QueueAge": "Seconds",
}
"""Every metric; alarms and dashboard (``.chalice/template/watch.yaml``) use no others."""


class Measure(Protocol):
    """Notes numbers."""

    def __call__(self, numbers: Mapping[str, float], *, reason: str = "") -> None:
        """Metrics by their names in :data:`UNITS`; a ``reason`` counts them by it, too."""
        ...


class Metrics:
    """Writes them for one stage; fulfils :class:`Measure`."""

    def __init__(self, stage: str, clock: Clock) -> None:
        self._stage = stage
        self._clock = clock

    def __call__(self, numbers: Mapping[str, float], *, reason: str = "") -> None:
        """Write one line; nothing for no numbers."""
        if numbers:
            logs.line(embedded(numbers, stage=self._stage, at=self._clock.now(), reason=reason))


def embedded(
    numbers: Mapping[str, float], *, stage: str, at: datetime, reason: str = ""
) -> Mapping[str, object]:
    """The line's fields.

    Raises:
        KeyError: A metric that :data:`UNITS` does not name.
    """
    dimensions = [["Stage"], ["Stage", "Reason"]] if reason else [["Stage"]]
    return {
        "_aws": {
            "Timestamp": int(at.timestamp() * 1000),
            "CloudWatchMetrics": [
                {
                    "Namespace": NAMESPACE,
                    "Dimensions": dimensions,
                    "Metrics": [{"Name": name, "Unit": UNITS[name]} for name in numbers],
                }
            ],
        },
        "Stage": stage,
        **({"Reason": reason} if reason else {}),
        **numbers,
    }
