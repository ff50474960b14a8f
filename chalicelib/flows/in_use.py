"""Which mass emails are under way: what they use cannot be deleted."""

from collections.abc import Collection

from chalicelib.domain.ports_mass_emails import MassEmails
from chalicelib.domain.records import MassEmail


def open_mass_emails(mass_emails: MassEmails) -> Collection[MassEmail]:
    """The records behind the rows of ``open``: few, whatever the number of mass emails ever made."""
    return mass_emails.find_many(mass_emails.open_ids()).values()
