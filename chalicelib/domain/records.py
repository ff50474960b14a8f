"""The records that callers make: frozen dataclasses, their allowed values, and what must hold inside one of them.

``rev`` counts the edits of callers and makes the ETag; counters and the sender's own progress do not change it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum


class CampaignType(StrEnum):
    """What a campaign is; only the first three send mass emails."""

    EMAIL = "Email"
    NEWSLETTER = "Newsletter"
    INFORMATIONAL = "Informational Email"
    WEB = "Web"
    TELEVISION = "Television"
    RADIO = "Radio"
    MAIL = "Mail"


EMAIL_TYPES = frozenset({CampaignType.EMAIL, CampaignType.NEWSLETTER, CampaignType.INFORMATIONAL})
TRACKED_TYPES = frozenset({CampaignType.EMAIL, CampaignType.NEWSLETTER})


class CampaignStatus(StrEnum):
    """Planning and Active send alike; Inactive holds everything back."""

    PLANNING = "Planning"
    ACTIVE = "Active"
    INACTIVE = "Inactive"
    COMPLETE = "Complete"


class MassEmailStatus(StrEnum):
    """See ``mass_emails.py`` for the transitions."""

    DRAFT = "Draft"
    PENDING = "Pending"
    IN_PROCESS = "In Process"
    PAUSED = "Paused"
    COMPLETE = "Complete"
    FAILED = "Failed"
    CANCELED = "Canceled"


class TargetType(StrEnum):
    """Who can be on a target list, in the order in which one list is frozen: the first of equals wins."""

    ACCOUNT = "Account"
    CONTACT = "Contact"
    LEAD = "Lead"
    USER = "User"


class TemplateStatus(StrEnum):
    """An inactive template can be kept but not chosen."""

    ACTIVE = "Active"
    INACTIVE = "Inactive"


class TrackLinks(StrEnum):
    """``explicit``: only ``{trackingUrl:ID}``; ``all``: every constant http(s) link too."""

    EXPLICIT = "explicit"
    ALL = "all"


class UrlAction(StrEnum):
    """What a click on a tracked link does."""

    REDIRECT = "Redirect"
    SHOW_MESSAGE = "Show Message"


class Role(StrEnum):
    """Each role may do what the one before it may."""

    VIEWER = "viewer"
    EDITOR = "editor"
    ADMIN = "admin"

    def allows(self, needed: "Role") -> bool:
        """Whether a token of this role may do what needs that role."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True, kw_only=True)
class Record:
    """What every record has."""

    id: str
    created_at: datetime
    modified_at: datetime
    rev: int = 1
    deleted_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Campaign(Record):
    """A campaign; its lists are only defaults for its new mass emails."""

    name: str
    type: CampaignType = CampaignType.EMAIL
    status: CampaignStatus = CampaignStatus.PLANNING
    start_date: date | None = None
    end_date: date | None = None
    description: str | None = None
    target_list_ids: tuple[str, ...] = ()
    excluding_target_list_ids: tuple[str, ...] = ()
    mass_email_count: int = 0  # ever made; while it is zero the type may change


@dataclass(frozen=True, kw_only=True)
class StatusReason:
    """Why a mass email is in its status: who or what put it there."""

    code: str
    message: str
    since: datetime
    by: str  # "user" or "system"


@dataclass(frozen=True, kw_only=True)
class MassEmail(Record):
    """One send of one template to some target lists."""

    name: str
    status: MassEmailStatus = MassEmailStatus.PENDING
    status_reason: StatusReason | None = None
    campaign_id: str | None = None
    start_at: datetime
    email_template_id: str
    target_list_ids: tuple[str, ...] = ()
    excluding_target_list_ids: tuple[str, ...] = ()
    frozen_list_ids: tuple[
        str, ...
    ] = ()  # every list it was ever frozen from; recipients hold indexes into it
    from_address: str | None = None
    from_name: str | None = None
    reply_to_address: str | None = None
    reply_to_name: str | None = None
    opt_out_entirely: bool = False
    store_sent_emails: bool = False
    track_links: TrackLinks = TrackLinks.EXPLICIT
    freezes: int = 0  # how often it was started; the run's own number says which freeze is whole
    frozen: bool = False  # its recipients stand in the ledger
    message_version: int = 0  # which frozen message its chunks use; 0 is none
    retry_pass: int = 0  # how often its failed were put back

    @property
    def mailing_list_ids(self) -> tuple[str, ...]:
        """The lists that a reader leaves who unsubscribes from it."""
        return with_new(self.frozen_list_ids, self.target_list_ids)


def with_new(known: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    """``known``, then those of ``more`` that are not in it: what stood at an index stays there."""
    return (*known, *(each for each in dict.fromkeys(more) if each not in known))


@dataclass(frozen=True, kw_only=True)
class EmailTemplate(Record):
    """Subject and body as their author wrote them."""

    name: str
    subject: str = ""
    body: str = ""
    is_html: bool = True
    body_plain: str | None = None
    status: TemplateStatus = TemplateStatus.ACTIVE


@dataclass(frozen=True, kw_only=True)
class TrackingUrl(Record):
    """A link whose clicks are counted; written ``{trackingUrl:ID}``."""

    name: str
    campaign_id: str | None = None
    action: UrlAction = UrlAction.REDIRECT
    url: str | None = None
    message: str | None = None


MAX_REPORTS = 2_000  # that one list follows: their ids are 40 kB of its item, and of its job's, which is written at every step


@dataclass(frozen=True, kw_only=True)
class TargetList(Record):
    """A list of accounts, contacts, leads and users."""

    name: str
    description: str | None = None
    public_name: str | None = None
    report_ids: tuple[str, ...] = ()
    sync_enabled: bool = False
    sync_unlink: bool = False
    last_sync: Mapping[str, object] | None = None


@dataclass(frozen=True, kw_only=True)
class Report(Record):
    """A saved search."""

    name: str
    entity_type: TargetType
    where: tuple[Mapping[str, object], ...] = ()
    order_by: str | None = None
    order: str | None = None
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Target(Record):
    """Whom a mass email can reach; ``email_address`` as written by its owner."""

    email_address: str | None = None
    attributes: Mapping[str, object] = field(default_factory=dict)
    erased_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Account(Target):
    """A company."""

    name: str


@dataclass(frozen=True, kw_only=True)
class Person(Target):
    """What contacts, leads and users have in common."""

    first_name: str | None = None
    last_name: str | None = None
    salutation_name: str | None = None

    @property
    def name(self) -> str:
        """First and last name."""
        return " ".join(part for part in (self.first_name, self.last_name) if part)


@dataclass(frozen=True, kw_only=True)
class Contact(Person):
    """A person at an account."""

    account_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Lead(Person):
    """A person who is not a customer yet."""

    status: str | None = None
    source: str | None = None
    campaign_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class User(Person):
    """A colleague; an inactive one is never mailed."""

    is_active: bool = True


TARGET_CLASSES: Mapping[TargetType, type[Account | Contact | Lead | User]] = {
    TargetType.ACCOUNT: Account,
    TargetType.CONTACT: Contact,
    TargetType.LEAD: Lead,
    TargetType.USER: User,
}


@dataclass(frozen=True, kw_only=True)
class AddressFlags:
    """What is known of an address, whoever holds it."""

    key: str
    address: str | None = None  # None: never stored, or erased
    opt_out: bool = False
    invalid: bool = False
    reason: str | None = None
    since: datetime | None = None
    soft_bounces: int = 0
    last_soft_bounce_at: datetime | None = None
    lists_left: frozenset[str] = frozenset()
    erased: bool = False
