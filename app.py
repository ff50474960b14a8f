"""Every door of Envoi on one page: HTTP, the clock, the queues and the feedback topic."""

import os
from dataclasses import asdict

from chalice.app import Chalice, CloudWatchEvent, SNSEvent, SQSEvent

from chalicelib.domain.provenance import refuse_foreign
from chalicelib.domain.queue import read
from chalicelib.doors import around_every_event
from chalicelib.routes import (
    campaign_lists,
    campaigns,
    docs,
    email_addresses,
    email_templates,
    estimates,
    health,
    imports,
    jobs,
    log,
    mass_emails,
    members,
    openapi,
    operation,
    people,
    person_export,
    preferences,
    previews,
    public,
    recipients,
    reports,
    settings,
    target_lists,
    tokens,
    tracking_urls,
)
from chalicelib.routes.blueprint import around_every_call
from chalicelib.wiring import current

STAGE = os.environ.get("ENVOI_STAGE", "dev")
# Names, not ARNs: the merged template makes what bears them, and Chalice can only wire what is named at packaging time.
SEND_QUEUE = os.environ.get("ENVOI_SEND_QUEUE_NAME", f"envoi-{STAGE}-send")
JOBS_QUEUE = os.environ.get("ENVOI_JOBS_QUEUE_NAME", f"envoi-{STAGE}-jobs")
FEEDBACK_TOPIC = os.environ.get("ENVOI_FEEDBACK_TOPIC_NAME", f"envoi-{STAGE}-feedback")
SENDERS = 10  # calls of deliver at once: one sends 50 recipients, and SES's rate is the limit
WORKERS = 5  # calls of work at once; SQS's least is 2

app = Chalice(app_name="envoi", configure_logs=False)
app.register_middleware(around_every_event, "all")
app.register_middleware(around_every_call, "http")
for module in (
    health,
    campaigns,
    mass_emails,
    estimates,
    email_templates,
    tracking_urls,
    target_lists,
    members,
    reports,
    campaign_lists,
    people,
    person_export,
    imports,
    email_addresses,
    tokens,
    settings,
    jobs,
    operation,
    previews,
    recipients,
    log,
    public,
    preferences,
    openapi,
    docs,
):
    app.register_blueprint(module.blueprint)


@app.schedule("rate(1 hour)", name="release", description="Freeze what is due and release the hour's portion")
def release(_: CloudWatchEvent) -> dict[str, int]:
    """The administrator's schedule; the expression here is only the first one (``sendSchedule``)."""
    current().guard.watch()
    return asdict(current().release.run())


@app.schedule("rate(5 minutes)", name="sweep", description="Settle and re-queue what was left")
def sweep(_: CloudWatchEvent) -> None:
    """What was left by whoever died."""
    current().guard.run()
    current().sweep.run()


@app.schedule("rate(1 day)", name="sync_lists", description="Sync the lists that follow reports")
def sync_lists(_: CloudWatchEvent) -> None:
    """Each list is a job of its own, so that one that fails leaves the others alone."""
    current().syncing.start_all()


# One message a call: Chalice knows no partial answer, so a failed message would bring back its neighbours.
@app.on_sqs_message(queue=SEND_QUEUE, batch_size=1, name="deliver", maximum_concurrency=SENDERS)
def deliver(event: SQSEvent) -> None:
    """One chunk: one call of ``SendBulkEmail``."""
    for message in event:
        current().deliver.handle(read(message.body))


@app.on_sqs_message(queue=JOBS_QUEUE, batch_size=1, name="work", maximum_concurrency=WORKERS)
def work(event: SQSEvent) -> None:
    """Large freezes, and whatever else takes long."""
    for message in event:
        current().work.handle(read(message.body))


@app.on_sns_message(topic=FEEDBACK_TOPIC, name="feedback")
def feedback(event: SNSEvent) -> None:
    """One SES event."""
    topic = event.to_dict()["Records"][0]["Sns"]["TopicArn"]  # SNS calls with one record
    refuse_foreign(topic, event.message, current().environment.feedback_topic_arn)
    current().feedback.handle(event.message)
