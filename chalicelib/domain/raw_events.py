"""A raw SES event as it may be kept: support reads what SES said, and who was erased is nobody in it.

Addresses stand under their keys, which erasing leaves, too; the message's own headers, with the reader's name in To and
Subject, are left out.
"""

import json
import re
from collections.abc import Callable, Mapping

from chalicelib.domain.addresses import address_problem

# Within JSON text: never across a string's end. Looked for where a word begins alone, or long words take hours.
_ADDRESS = re.compile(r"""(?<![^\s<>,;"\\])[^\s<>,;"\\]*@[^\s<>,;"\\]*""")
_AROUND = ".:()[]'"
_KEPT_HEADERS = frozenset({"x-queue-item-id"})  # whose message it was, where no tag says so
_OF_THE_MESSAGE = frozenset({"headers", "commonHeaders"})


def kept_text(raw: object, key_of: Callable[[str], str]) -> str:
    """The event as JSON, whatever it is; ``key_of`` answers an address's key."""
    text = json.dumps(
        _without_headers(raw), separators=(",", ":"), sort_keys=True, default=str, ensure_ascii=False
    )
    return _ADDRESS.sub(lambda found: _named(found[0], key_of), text)


def _without_headers(raw: object) -> object:
    mail = raw.get("mail") if isinstance(raw, Mapping) else None
    if not isinstance(raw, Mapping) or not isinstance(mail, Mapping):
        return raw
    told: dict[str, object] = {name: value for name, value in mail.items() if name not in _OF_THE_MESSAGE}
    headers = mail.get("headers")
    kept = [each for each in headers if _is_kept(each)] if isinstance(headers, list) else []
    return {**raw, "mail": {**told, **({"headers": kept} if kept else {})}}


def _is_kept(header: object) -> bool:
    return isinstance(header, Mapping) and str(header.get("name")).lower() in _KEPT_HEADERS


def _named(found: str, key_of: Callable[[str], str]) -> str:
    """The key of what is an address; anything else with an @ is left out."""
    address = found.strip(_AROUND)
    return found.replace(address, key_of(address)) if address_problem(address) is None else "(address)"
