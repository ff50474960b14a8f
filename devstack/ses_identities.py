"""Who may send: in the local cloud every domain is verified, but those under ``unverified.``."""

from typing import Any

from devstack.ses_errors import not_found

UNVERIFIED = "unverified."  # a domain that begins so is nobody's, to try the refusal with


class Identities:
    """Verified domains and addresses; an address is covered by itself, its domain or a domain above.

    https://docs.aws.amazon.com/ses/latest/dg/creating-identities.html
    """

    def __init__(self) -> None:
        self._explicit: dict[str, None] = {"example.com": None}

    def add(self, identity: str) -> None:
        """Verify an address or a domain, whatever its name."""
        self._explicit[identity.lower()] = None

    def remove(self, identity: str) -> None:
        """Forget it.

        Raises:
            SesError: It is not there.
        """
        if self._explicit.pop(identity.lower(), 0) == 0:
            raise not_found(f"Email identity {identity} does not exist.")

    def verified_explicitly(self, address: str) -> bool:
        """Whether it was verified by name, itself or its domain: what a recipient in the sandbox needs."""
        return any(one in self._explicit for one in (address.lower(), address.lower().rpartition("@")[2]))

    def covers(self, address: str) -> bool:
        """Whether this address may send."""
        return self.verified_explicitly(address) or _is_open(address.rpartition("@")[2])

    def get(self, identity: str) -> dict[str, Any]:
        """``GetEmailIdentity``.

        Raises:
            SesError: No such identity.
        """
        if identity.lower() not in self._explicit and ("@" in identity or not _is_open(identity)):
            raise not_found(f"Email identity {identity} does not exist.")
        return {
            "IdentityType": _type(identity),
            "VerifiedForSendingStatus": True,
            "VerificationStatus": "SUCCESS",
            "FeedbackForwardingStatus": False,
            "DkimAttributes": {"SigningEnabled": True, "Status": "SUCCESS"},
        }

    def list(self) -> dict[str, Any]:
        """``ListEmailIdentities``, all on one page."""
        return {
            "EmailIdentities": [
                {
                    "IdentityType": _type(name),
                    "IdentityName": name,
                    "SendingEnabled": True,
                    "VerificationStatus": "SUCCESS",
                }
                for name in self._explicit
            ]
        }


def _is_open(domain: str) -> bool:
    return not domain.lower().startswith(UNVERIFIED)


def _type(identity: str) -> str:
    return "EMAIL_ADDRESS" if "@" in identity else "DOMAIN"
