"""``make deploy``: a package onto the account, the changes shown before they are made."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from infrastructure import deploy_adoption, deploy_changes, deploy_upload
from infrastructure.deploy_changes import ChangeSet
from infrastructure.deploy_needs import Place
from infrastructure.deploy_upload import Uploaded
from infrastructure.packaging import Package
from infrastructure.stages import Stage

DATA = frozenset({"Table", "KeyRing", "Files"})
"""What holds data (``.chalice/template/data.yaml``): replacing one leaves what it holds behind."""


class Declined(Exception):
    """The person said no; nothing was done."""


@dataclass(frozen=True)
class Deployment:
    """One deployment; ``ask`` puts a question to the person, ``say`` tells them something."""

    session: Any
    place: Place
    stage: Stage
    ask: Callable[[str], bool]
    say: Callable[[str], None] = print
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], None] = time.sleep

    def run(self, package: Package, *, yes: bool) -> None:
        """Upload, show, ask, carry out. ``yes`` answers the question, but for one about data.

        Raises:
            Declined: The person said no.
            NotReady: The keys of a removed stack are about to be deleted.
            ChangesFailed: CloudFormation refused or failed.
        """
        s3, cloudformation = self.session.client("s3"), self.session.client("cloudformation")
        if not self.place.bucket_exists:
            deploy_upload.make_bucket(s3, self.place)
            self.say(f"Made the bucket {self.place.bucket} for the code.")
        if self.place.stack_status in (None, "REVIEW_IN_PROGRESS"):
            self._adopt(s3, cloudformation, json.loads(package.template.read_text()), yes=yes)
        uploaded = deploy_upload.upload(s3, self.place, self.stage, package)
        if not self._change(cloudformation, uploaded, yes=yes):
            self.say(f"{self.stage.stack} is just so already: nothing to do.")
            return
        url = deploy_changes.outputs(cloudformation, self.stage.stack).get("PublicUrl", "")
        token = f"A first admin token: make token STAGE={self.stage.name}"
        users = (
            "Its callers are the users in the user pool's groups envoi-viewer, envoi-editor and envoi-admin."
        )
        self.say(f"{self.stage.stack} stands. {url}\n{users if self.stage.user_pool_arn else token}")

    def _adopt(self, s3: Any, cloudformation: Any, template: Mapping[str, Any], *, yes: bool) -> None:
        """Take up the data of a stack that was removed."""
        imports = deploy_adoption.left_behind(self.session, self.place, self.stage, template)
        if not imports:
            return
        self.say(f"A stack before this one has left its data: {', '.join(imports)}. First it is taken up.")
        part = deploy_adoption.adopting(template, imports)
        uploaded = deploy_upload.upload_template(s3, self.place, self.stage, part)
        wanted = deploy_adoption.resources_to_import(template, imports)
        self._change(cloudformation, uploaded, yes=yes, imports=wanted)

    def _change(
        self,
        cloudformation: Any,
        uploaded: Uploaded,
        *,
        yes: bool,
        imports: Sequence[Mapping[str, Any]] = (),
    ) -> bool:
        """Propose, show, ask, carry out; answers whether there was anything to change."""
        changes = deploy_changes.propose(
            cloudformation,
            self.stage.stack,
            uploaded.template_url,
            uploaded.parameters,
            name=f"{'adopt' if imports else 'deploy'}-{self.clock():%Y%m%d-%H%M%S}",
            imports=imports,
            sleep=self.sleep,
        )
        if changes is None:
            return False
        self._agree(cloudformation, changes, yes=yes)
        self.say("Under way; this takes some minutes.")
        deploy_changes.carry_out(cloudformation, changes, sleep=self.sleep)
        return True

    def _agree(self, cloudformation: Any, changes: ChangeSet, *, yes: bool) -> None:
        self.say(f"{self.stage.stack} in {self.place.account}, {self.place.region}:")
        for change in changes.changes:
            self.say(str(change))
        lost = [change.name for change in changes.changes if change.removes and change.name in DATA]
        for name in lost:
            self.say(f"  {name} holds data: what it holds stays behind in the old one.")
        if yes and not lost:
            return
        if not self.ask(f"Make these {len(changes.changes)} changes?"):
            deploy_changes.discard(cloudformation, changes)
            raise Declined
