"""What SES says of the account: quota and rate, identities, the suppression list."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from chalicelib.domain.addresses import ascii_domain_of
from chalicelib.domain.sending import SesAccount

PAGE_SIZE = (
    1000  # identities; https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_ListEmailIdentities.html
)


class SesAccountReader:
    """Fulfils :class:`chalicelib.domain.sending.AccountReader`.

    Most operations of the SES API allow one call a second (https://docs.aws.amazon.com/ses/latest/dg/quotas.html), so
    the client's retries stay on.
    """

    def __init__(self, client: Any) -> None:
        self._client = client

    def read(self) -> SesAccount:
        """``GetAccount``."""
        answer = self._client.get_account()
        quota = answer.get("SendQuota", {})
        return SesAccount(
            max_24_hour_send=quota.get("Max24HourSend", 0.0),
            max_send_rate=quota.get("MaxSendRate", 0.0),
            sent_last_24_hours=quota.get("SentLast24Hours", 0.0),
            production_access=answer.get("ProductionAccessEnabled", False),
            sending_enabled=answer.get("SendingEnabled", False),
            enforcement_status=answer.get("EnforcementStatus", ""),
            pricing=answer.get("PricingAttributes"),
        )

    def identity_verified(self, address: str) -> bool:
        """Whether SES may send from this address: it, its domain or a domain above that is a verified identity.

        https://docs.aws.amazon.com/ses/latest/dg/creating-identities.html: a verified domain covers its subdomains and
        all addresses in them.
        """
        return any(map(self._is_verified, _covering(address)))

    def identities(self) -> Sequence[Mapping[str, object]]:
        """The account's identities: ``name``, ``type``, ``sendingEnabled``."""
        return [
            {
                "name": identity.get("IdentityName", ""),
                "type": identity.get("IdentityType", ""),
                "sendingEnabled": identity.get("SendingEnabled", False),
            }
            for page in self._pages()
            for identity in page.get("EmailIdentities", ())
        ]

    def unsuppress(self, address: str) -> None:
        """Take the address off the account's suppression list; no error when it is not on it, or cannot be."""
        errors = self._client.exceptions
        try:
            self._client.delete_suppressed_destination(EmailAddress=address)
        except (
            errors.NotFoundException,
            errors.BadRequestException,
        ):  # the latter: SES takes it for no address
            return

    def _is_verified(self, identity: str) -> bool:
        try:
            answer = self._client.get_email_identity(EmailIdentity=identity)
        except self._client.exceptions.NotFoundException:
            return False
        return bool(answer.get("VerifiedForSendingStatus"))

    def _pages(self) -> Iterator[Mapping[str, Any]]:
        # An account with none may still page: the token decides, not the page's length.
        page = self._client.list_email_identities(PageSize=PAGE_SIZE)
        yield page
        while page.get("NextToken"):
            page = self._client.list_email_identities(PageSize=PAGE_SIZE, NextToken=page["NextToken"])
            yield page


def _covering(address: str) -> Iterator[str]:
    """The identities that would cover an address: itself, its domain, the domains above that are not a top level."""
    local, _, domain = address.rpartition("@")
    labels = ascii_domain_of(domain).split(".")
    yield f"{local}@{'.'.join(labels)}"
    for start in range(len(labels) - 1):
        yield ".".join(labels[start:])
