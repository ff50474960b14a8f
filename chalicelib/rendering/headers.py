"""The headers of a message beside subject and addresses: reference section 2.4, as changed by the design.

SES: at most 15 headers, name and value together at most 996 printable ASCII characters
(https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_MessageHeader.html).
"""

from collections.abc import Mapping

from chalicelib.domain.addresses import ascii_domain_of
from chalicelib.domain.message import MessageSource
from chalicelib.domain.records import CampaignType
from chalicelib.rendering.mailboxes import phrase
from chalicelib.rendering.scope import Scope

_ANSWERED_BY_MACHINES = frozenset({CampaignType.NEWSLETTER, CampaignType.INFORMATIONAL})
_MAX_LIST_NAME = 80  # characters; encoded they stay far below SES's limit


def common_headers(source: MessageSource) -> Mapping[str, str]:
    """Those that are the same for every reader (rows 54 and 56)."""
    headers = {"Precedence": "bulk", "List-Id": list_id(source)}
    if source.campaign_type in _ANSWERED_BY_MACHINES:
        headers |= {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "AutoReply"}
    return headers


def personal_headers(common: Mapping[str, str], scope: Scope) -> Mapping[str, str]:
    """All headers of one reader; how to unsubscribe unless switched off or informational (rows 53 and 55, RFC 8058)."""
    headers = {"X-Queue-Item-Id": scope.find("queueItemId"), **common}
    source = scope.shared.source
    if source.mandatory_opt_out and not source.is_informational:
        headers["List-Unsubscribe"] = f"<{scope.find('optOutUrl')}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


def list_id(source: MessageSource) -> str:
    """The campaign as a mailing list, ``name <id.domain>`` (RFC 2919 section 3); without one the mass email."""
    named = source.campaign or source.mass_email
    domain = ascii_domain_of(source.from_address.rpartition("@")[2])
    identifier = f"<{named.get('id') or 'mass-email'}.{domain}>"
    words = phrase(str(named.get("name") or "")[:_MAX_LIST_NAME])
    return f"{words} {identifier}" if words else identifier
