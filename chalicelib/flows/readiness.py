"""Whether what a mass email names exists, and whether it could go out as it stands."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chalicelib.domain.addresses import address_problem
from chalicelib.domain.campaigns import mass_email_problems
from chalicelib.domain.message import Renderer
from chalicelib.domain.org_settings import OrgSettings
from chalicelib.domain.ports import Records, SettingsStore
from chalicelib.domain.records import (
    Campaign,
    EmailTemplate,
    MassEmail,
    TargetList,
    TemplateStatus,
    TrackingUrl,
)
from chalicelib.errors import FieldError
from chalicelib.flows.references import list_problems

NO_TEMPLATE = FieldError("emailTemplateId", "there is no email template with this id")


@dataclass(frozen=True)
class Readiness:
    """Looks at everything that a mass email needs; ``public_url`` tells the stage's own, empty when unknown."""

    campaigns: Records[Campaign]
    templates: Records[EmailTemplate]
    lists: Records[TargetList]
    tracking_urls: Records[TrackingUrl]
    settings: SettingsStore
    renderer: Renderer
    public_url: Callable[[], str]

    def problems(self, mass_email: MassEmail) -> Sequence[FieldError]:
        """What is missing or wrong, by field; nothing when it could go out. Whether SES knows the sender is not asked here."""
        settings = self.settings.get()
        return [
            *(
                mass_email_problems(self.campaigns.find(mass_email.campaign_id))
                if mass_email.campaign_id
                else ()
            ),
            *self._text_problems(mass_email),
            *list_problems(self.lists, "targetListIds", mass_email.target_list_ids),
            *list_problems(self.lists, "excludingTargetListIds", mass_email.excluding_target_list_ids),
            *_sender_problems(mass_email, settings),
            *self._site_problems(settings),
        ]

    def naming_problems(self, after: MassEmail, before: MassEmail | None) -> list[FieldError]:
        """What it names anew and does not exist; asked of a Draft too. An inactive template may be kept, but not chosen."""
        lists = before.target_list_ids if before else ()
        excluding = before.excluding_target_list_ids if before else ()
        problems = [] if after.target_list_ids else [FieldError("targetListIds", "is required")]
        problems += list_problems(self.lists, "targetListIds", after.target_list_ids, lists)
        problems += list_problems(
            self.lists, "excludingTargetListIds", after.excluding_target_list_ids, excluding
        )
        if before is None or after.email_template_id != before.email_template_id:
            problems += self._choice_problems(after.email_template_id)
        return problems

    def _choice_problems(self, template_id: str) -> list[FieldError]:
        template = self.templates.find(template_id)
        if template is None:
            return [NO_TEMPLATE]
        if template.status is not TemplateStatus.ACTIVE:
            return [FieldError("emailTemplateId", "this email template is inactive")]
        return []

    def _text_problems(self, mass_email: MassEmail) -> list[FieldError]:
        template = self.templates.find(mass_email.email_template_id)
        if template is None:
            return [NO_TEMPLATE]
        ids = sorted(self.renderer.tracking_url_ids(template.body, template.body_plain))
        known = self.tracking_urls.find_many(ids)
        return [
            FieldError("emailTemplateId", f"its text names the tracking URL {tracking_url_id}, {problem}")
            for tracking_url_id in ids
            if (problem := _use_problem(known.get(tracking_url_id), mass_email.campaign_id))
        ]

    def _site_problems(self, settings: OrgSettings) -> list[FieldError]:
        if settings.mass_email_site_url or self.public_url():
            return []
        return [
            FieldError(
                "massEmailSiteUrl", "links need it: the settings have none, and the stage knows no URL"
            )
        ]


def _use_problem(tracking_url: TrackingUrl | None, campaign_id: str | None) -> str | None:
    """A tracking URL serves the mass emails of its campaign, or without a campaign any."""
    if tracking_url is None:
        return "which does not exist"
    return (
        "which belongs to another campaign" if tracking_url.campaign_id not in (None, campaign_id) else None
    )


def _sender_problems(mass_email: MassEmail, settings: OrgSettings) -> list[FieldError]:
    sender = mass_email.from_address or settings.outbound_email_from_address
    if sender is None:
        return [FieldError("fromAddress", "is required: the settings have no outboundEmailFromAddress")]
    problem = address_problem(sender)
    return [FieldError("fromAddress", problem)] if problem else []
