"""Botocore's event hooks on clients that are none of botocore's: they can be registered, and nothing ever happens."""

from typing import Any


class _Events:
    def register(self, *_: Any, **__: Any) -> None:
        """Accept a handler."""

    register_first = register_last = unregister = register


class Meta:
    """What a boto3 client offers as ``client.meta``, as far as code registers handlers there."""

    events = _Events()
