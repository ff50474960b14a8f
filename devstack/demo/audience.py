"""How the demo's people come onto lists, each way that Envoi has: by CSV import, from a search, from a report, by hand."""

import csv
import io
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from json import dumps
from typing import Any
from urllib.parse import urlsplit

from devstack.demo.api import Api
from devstack.demo.people import CUSTOMERS, LEAD, NEWSLETTER, File, Row

COMPETITORS = "Competitors"
TICKS = 5  # at most, until a job has come to its end
_REASONS = {"is missing": "missing address", "stands in line": "line twice"}
_OTHER_REASON = "broken address"


@dataclass(frozen=True)
class Imported:
    """What became of a file; ``refused`` has the reason of each line that was not taken."""

    file: File
    created: int
    refused: Mapping[int, str]

    @property
    def stored(self) -> Sequence[Row]:
        """The rows that were taken."""
        return [row for line, row in enumerate(self.file.rows, start=2) if line not in self.refused]


@dataclass
class Audience:
    """Everybody, and the lists that they are on."""

    imported: list[Imported] = field(default_factory=list)
    lists: dict[str, str] = field(default_factory=dict)
    entries: dict[str, int] = field(default_factory=dict)

    @property
    def stored(self) -> Sequence[Row]:
        """Whom the imports took."""
        return [row for each in self.imported for row in each.stored]

    def refused(self, role: str) -> int:
        """How many lines were refused for what this role has."""
        reasons = [reason for each in self.imported for reason in each.refused.values()]
        return sum(_role_of(reason) == role for reason in reasons)


def bring_in(api: Api, inbox: Api, files: Sequence[File]) -> Audience:
    """All people and all lists."""
    made = Audience()
    for name in (CUSTOMERS, NEWSLETTER, COMPETITORS):
        made.lists[name] = api.call("POST", "/v1/target-lists", {"name": name})["id"]
    for file in files:
        joined = [made.lists[NEWSLETTER]] if file.kind == LEAD else []
        made.imported.append(_imported(api, inbox, file, joined))
    _from_a_search(api, inbox, made.lists[CUSTOMERS])
    _from_a_report(api, inbox, made.lists[NEWSLETTER])
    _by_hand(api, made.lists[COMPETITORS])
    _leave_a_list(api, made)
    for name, list_id in made.lists.items():
        made.entries[name] = api.call("GET", f"/v1/target-lists/{list_id}")["entryCount"]
    return made


def contact_id(api: Api, row: Row) -> str:
    """The contact of a row, by the address."""
    [found] = api.call("GET", "/v1/contacts", emailAddress=row.email)["list"]
    return str(found["id"])


def _imported(api: Api, inbox: Api, file: File, list_ids: Sequence[str]) -> Imported:
    """Ask for an import, upload the file by the signed request, and read what was refused."""
    order = {"entityType": file.kind, "mode": "create", "targetListIds": list_ids, "mapping": file.mapping}
    asked = api.call("POST", "/v1/imports", order)
    _upload(asked["upload"], file.content)
    _ended(api, inbox, asked["jobId"])
    done = api.call("GET", f"/v1/imports/{asked['id']}")
    report = api.text(f"/v1/imports/{asked['id']}/refused").removeprefix("\ufeff")
    lines = csv.DictReader(io.StringIO(report), delimiter=file.delimiter)
    refused = {int(line["Envoi line"]): line["Envoi reason"] for line in lines}
    if len(refused) != done["refused"]:
        raise LookupError(f"{done['refused']} lines were refused, {len(refused)} are in the report")
    return Imported(file, done["created"], refused)


def _upload(request: Mapping[str, Any], content: bytes) -> None:
    url = urlsplit(request["url"])
    with closing(Api(f"{url.scheme}://{url.netloc}")) as bucket:
        target = f"{url.path}?{url.query}"
        status, _, _ = bucket.send(request["method"], target, content, {**request["headers"]})
    if status != 200:  # noqa: PLR2004
        raise LookupError(f"the upload was answered with {status}")


def _ended(api: Api, inbox: Api, job_id: str) -> Mapping[str, Any]:
    """A job's end; nothing goes on between two ticks."""
    for _ in range(TICKS):
        inbox.call("POST", "/_local/tick", {"advance": 0})
        job: Mapping[str, Any] = api.call("GET", f"/v1/jobs/{job_id}")
        if job["status"] == "Done":
            return job
        if job["status"] == "Failed":
            raise LookupError(f"{job['kind']}: {job['error']}")
    raise TimeoutError(f"the job {job_id} does not end")


def _from_a_search(api: Api, inbox: Api, list_id: str) -> None:
    """All results of a search, as a job."""
    where = [{"type": "contains", "attribute": "attributes.lists", "value": CUSTOMERS}]
    path = f"/v1/target-lists/{list_id}/members"
    _ended(api, inbox, api.call("POST", path, {"type": "Contact", "where": where})["id"])


def _from_a_report(api: Api, inbox: Api, list_id: str) -> None:
    """The list follows a report from now on; this is its first sync."""
    where = [{"type": "contains", "attribute": "attributes.lists", "value": NEWSLETTER}]
    report = {"name": "Wants the newsletter", "entityType": "Contact", "where": where, "orderBy": "name"}
    report_id = api.call("POST", "/v1/reports", report)["id"]
    path = f"/v1/target-lists/{list_id}"
    api.call("PATCH", path, {"reportIds": [report_id], "syncEnabled": True})
    _ended(api, inbox, api.call("POST", f"{path}/sync")["id"])


def _by_hand(api: Api, list_id: str) -> None:
    """A person looks them up and picks them."""
    where = dumps([{"type": "equals", "attribute": "attributes.tags", "value": "competitor"}])
    ids = [each["id"] for each in api.pages("/v1/contacts", where=where)]
    api.call("POST", f"/v1/target-lists/{list_id}/members", {"type": "Contact", "ids": ids})


def _leave_a_list(api: Api, made: Audience) -> None:
    """Some opted out of their list before."""
    for row in made.stored:
        if row.role == "left a list":
            [name] = row.lists
            somebody = {"type": "Contact", "id": contact_id(api, row)}
            api.call("POST", f"/v1/target-lists/{made.lists[name]}/opt-out", somebody)


def _role_of(reason: str) -> str:
    return next((role for words, role in _REASONS.items() if words in reason), _OTHER_REASON)
