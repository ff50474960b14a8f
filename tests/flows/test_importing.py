"""Imports end the same whatever dies, whoever meddles and however often they run; and say what they could not do."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any

import pytest

from chalicelib.domain.csv_dialect import Delimiter, Encoding
from chalicelib.domain.imports import MAX_BYTES, ImportOrder, Mode
from chalicelib.domain.ports_jobs import Job
from chalicelib.domain.records import Campaign, TargetType
from chalicelib.errors import Invalid, NotFound
from chalicelib.flows import import_steps, importing
from tests.fakes.aws import CrashPlan, FakeClock, every_point
from tests.flows.import_stage import CONTACT, ImportStage, Meddled

LEAD, ACCOUNT = TargetType.LEAD, TargetType.ACCOUNT


def result(job: Job) -> tuple[str, int, int, int, int]:
    """Status and counts: created, updated, unchanged, refused."""
    found: Any = job.result
    return job.status, found["created"], found["updated"], found["unchanged"], found["refused"]


def a_mixture() -> tuple[ImportStage, Job]:
    """An import of every sort of row: new, known, unchanged, twice, broken, opted out, on a list already."""
    stage = ImportStage(lists=2)
    known = stage.person("known@x.fr", first_name="Old")
    stage.joins(known, stage.list_ids[0])
    same = stage.person("same@x.fr", first_name="Same")
    stage.wiring.opt_outs.leave(
        stage.wiring.key_of("left@x.fr"),
        everything=False,
        list_ids=[stage.list_ids[1]],
        reason="page",
        at=stage.clock.now(),
    )
    assert same is not None
    lines = ["Email;First Name;Opted out;Town"]
    lines += [f"reader{number}@x.fr;Reader {number};;Lyon" for number in range(30)]
    lines[5:5] = [
        "known@x.fr;New;;",
        "same@x.fr;Same;;",
        "broken;B;;",
        "READER1@x.fr;Twice;;",
        "left@x.fr;Left;;",
    ]
    lines[20:20] = ["out@x.fr;Out;yes;", '"stray;x;;', "late@x.fr;x;maybe;", "more@x.fr;x;;y;z"]
    job = stage.ordered("\r\n".join(lines) + "\r\n")
    return stage, job


def test_a_death_anywhere_changes_nothing_of_the_end() -> None:
    """At each request, before it is sent and after it was answered: people, lists, flags, counts and report are the same."""
    whole, job = a_mixture()
    plan = CrashPlan()
    whole.work_off(plan)
    assert result(whole.wiring.jobs.get(job.id)) == ("Done", 32, 1, 1, 5)
    assert whole.counts_hold()
    expected = whole.stored()
    assert len(plan.requests) > 15
    for point in every_point(plan.requests):
        stage, _ = a_mixture()
        dying = CrashPlan(point)
        stage.work_off(dying)
        assert dying.deaths == [point]
        assert stage.stored() == expected, (point, plan.requests[point.number])


def test_deaths_at_every_turn_do_not_keep_it_from_its_end() -> None:
    """Four processes die one after another; SQS gives up at the fifth."""
    whole, job = a_mixture()
    whole.work_off()
    stage, _ = a_mixture()
    plan = CrashPlan(*(point for point in every_point(60) if point.number in (9, 17, 26, 33)))
    stage.work_off(plan)
    assert len(plan.deaths) == 4
    assert stage.stored() == whole.stored()
    assert stage.wiring.jobs.get(job.id).status == "Done"


@pytest.mark.parametrize("when", range(8))
def test_two_workers_do_each_step_once(when: int) -> None:
    """SQS may bring a message twice: a second worker gets in at any step, and does the rest or finds it done."""
    whole, job = a_mixture()
    whole.work_off()
    stage, _ = a_mixture()
    other, one = stage.process(), stage.process()
    message = {"kind": "job", "jobId": job.id}
    meddlers: list[Callable[[], object]] = [lambda: None] * when
    one.table._client = Meddled(one.table._client, [*meddlers, partial(other.work.handle, message)])
    one.work.handle(message)
    stage.work_off()
    assert stage.stored() == whole.stored()


def test_the_same_file_again_changes_nothing() -> None:
    """Not one item but those of the second import itself."""
    stage, job = a_mixture()
    stage.work_off()
    before = stage.stored()
    content = "Email;First Name\nknown@x.fr;New\nREADER7@X.FR;Reader 7\n"
    stage.clock.advance(3600)
    assert result(stage.imported(content)) == ("Done", 0, 0, 2, 0)
    own = [item for item in stage.stored() if item not in before]
    assert [json.loads(item)["PK"]["S"].partition("#")[0] for item in own] == ["job"]
    assert job.id not in "".join(own)


def test_numbers_in_json_are_unchanged_the_second_time() -> None:
    """DynamoDB gives 1e+23 back as an integer; large ones do not stand in the way of other changes either."""
    stage = ImportStage()
    header = "email,attributes,first name\n"
    row = 'a@x.fr,"{""a"":1e23,""b"":[1e50],""c"":-0.0,""d"":1.5e-7,""e"":1.0}",'
    stage.person("b@x.fr", attributes={"a": 1e23, "b": 1e50})
    content = f'{header}{row}Ann\nb@x.fr,"{{""a"":1e23,""b"":1e50}}",\n'
    assert result(stage.imported(content)) == ("Done", 1, 0, 1, 0)
    before = stage.stored()
    assert result(stage.imported(content)) == ("Done", 0, 0, 2, 0)
    assert [item for item in stage.stored() if item not in before and '"job#' not in item] == []
    assert result(stage.imported(f"{header}{row}Anna\n")) == ("Done", 0, 1, 0, 0)


def test_true_in_json_is_another_value_than_one() -> None:
    """Although Python takes the two for equal."""
    stage = ImportStage()
    stage.imported('email,attributes\na@x.fr,"{""vip"":1}"\n')
    content = 'email,attributes\na@x.fr,"{""vip"":true}"\n'
    assert result(stage.imported(content)) == ("Done", 0, 1, 0, 0)
    assert result(stage.imported(content)) == ("Done", 0, 0, 1, 0)


def test_two_imports_onto_one_list_at_once() -> None:
    """Both end, each person is created once, counts are exact."""
    stage = ImportStage(lists=1)
    rows = "".join(f"reader{number}@x.fr\n" for number in range(60))
    one = stage.ordered(f"Email\n{rows}")
    stage.clock.advance(1)
    more = "".join(f"more{number}@x.fr\n" for number in range(9))
    other = stage.ordered(f"Email\n{rows}{more}")
    first, second = stage.process(), stage.process()

    def goes_on(steps: int) -> Callable[[], object]:
        """The second import, which gives way after so many steps."""
        return lambda: second.work.handle({"kind": "job", "jobId": other.id}) if steps else None

    first.table._client = Meddled(first.table._client, [goes_on(0), goes_on(1)])
    first.work.handle({"kind": "job", "jobId": one.id})
    stage.work_off()
    assert stage.wiring.memberships.counts(stage.list_ids)[stage.list_ids[0]].entries == 69
    assert stage.counts_hold()
    assert len(stage.wiring.target_store.page(CONTACT, limit=200).items) == 69
    both = [result(stage.wiring.jobs.get(each.id)) for each in (one, other)]
    assert [status for status, *_ in both] == ["Done", "Done"]
    assert sum(created for _, created, *_ in both) == 69


MEDDLING: dict[str, Callable[[ImportStage, Any], object]] = {
    "creates somebody with the address": lambda stage, _: stage.person("new@x.fr", first_name="Theirs"),
    "edits the person": lambda stage, known: stage.wiring.people.edit(
        CONTACT, known.id, {"last_name": "Theirs"}
    ),
    "deletes the person": lambda stage, known: stage.wiring.people.delete(CONTACT, known.id),
    "erases the person": lambda stage, known: stage.wiring.erasing.erase(CONTACT, known.id),
    "puts the person on the list": lambda stage, known: stage.joins(known, stage.list_ids[0]),
    "leaves the list": lambda stage, _: stage.wiring.opt_outs.leave(
        stage.wiring.key_of("new@x.fr"),
        everything=False,
        list_ids=stage.list_ids,
        reason="page",
        at=stage.clock.now(),
    ),
}


@pytest.mark.parametrize("what", MEDDLING)
def test_what_others_do_meanwhile_is_seen(what: str) -> None:
    """Between our reading and our writing: nobody is doubled or brought back, no edit and no opt-out is lost."""
    stage = ImportStage(lists=1)
    known = stage.person("known@x.fr", first_name="Ann")
    process = stage.process()
    process.table._client = Meddled(process.table._client, [partial(MEDDLING[what], stage, known)])
    job = stage.ordered("Email,City\nknown@x.fr,Lyon\nnew@x.fr,Oslo\n")
    process.work.handle({"kind": "job", "jobId": job.id})
    stage.work_off()
    assert stage.wiring.jobs.get(job.id).status == "Done"
    assert stage.counts_hold()
    people: Any = stage.wiring.target_store.page(CONTACT, limit=10).items
    by_address = {person.email_address: person for person in people}
    assert sorted(by_address) == ["known@x.fr", "new@x.fr"]
    assert len(people) == 2
    assert all("city" in person.attributes for person in people)
    if what == "edits the person":
        assert by_address["known@x.fr"].last_name == "Theirs"
    if what.startswith(("deletes", "erases")):
        assert by_address["known@x.fr"].id != known.id
    memberships = {
        each.target_id: each.opted_out for each, _ in stage.wiring.memberships.walk(stage.list_ids[0])
    }
    assert memberships[by_address["new@x.fr"].id] is (what == "leaves the list")


def test_the_erased_are_not_mailed_after_an_import() -> None:
    """Their record may come back; their address stays opted out until an administrator says otherwise."""
    stage = ImportStage()
    person = stage.person("gone@x.fr")
    stage.wiring.erasing.erase(CONTACT, person.id)
    assert result(stage.imported("Email\nGone@x.fr\n")) == ("Done", 1, 0, 0, 0)
    key = stage.wiring.key_of("gone@x.fr")
    flags = stage.wiring.addresses.flags([key])[key]
    assert flags.erased
    assert flags.opt_out


def test_an_id_that_somebody_has_is_passed_over() -> None:
    """A record made in the same millisecond may have the id that a row would get."""
    stage = ImportStage(lists=0)
    content = "".join(f"reader{number}@x.fr\n" for number in range(9))
    job = stage.ordered(f"Email\n{content}")
    taken = replace(
        stage.person("taken@x.fr"), id=f"{job.id[:11]}{int(job.id[11:], 16) + 3:06x}", email_address=None
    )
    stage.wiring.target_store.add(taken)
    stage.work_off()
    assert result(stage.wiring.jobs.get(job.id)) == ("Done", 9, 0, 0, 0)
    assert len(stage.wiring.target_store.page(CONTACT, limit=20).items) == 11


def test_of_several_with_an_address_the_oldest_is_updated() -> None:
    """And of the import's own kind alone."""
    stage = ImportStage()
    stage.person("a@x.fr", ACCOUNT)
    oldest, younger = stage.person("A@x.fr", first_name="Old"), stage.person("a@x.fr", first_name="Young")
    assert result(stage.imported("Email,First Name\na@x.fr,New\n", Mode.UPDATE)) == ("Done", 0, 1, 0, 0)
    found = stage.wiring.target_store.find_many([(CONTACT, oldest.id), (CONTACT, younger.id)])
    assert [found[CONTACT, each.id].first_name for each in (oldest, younger)] == ["New", "Young"]  # type: ignore[union-attr] # contacts


def test_leads_of_a_campaign_are_in_its_log() -> None:
    """Lead Created, once each; a campaign or an account that is not there refuses the row."""
    stage = ImportStage()
    now = stage.clock.now()
    campaign = Campaign(id=stage.next_id(), created_at=now, modified_at=now, name="Fair")
    stage.wiring.campaign_store.add(campaign)
    content = f"Email,Campaign ID,Status\na@x.fr,{campaign.id},New\nb@x.fr,{'f' * 17},New\nc@x.fr,,\n"
    job = stage.imported(content, entity_type=LEAD)
    assert result(job) == ("Done", 2, 0, 0, 1)
    assert stage.refused(job) == [("3", f"campaignId: there is no campaign with the id {'f' * 17}")]
    assert stage.wiring.history.leads_created(campaign.id) == 1
    contacts = stage.imported(f"Email,Account ID\na@x.fr,{'f' * 17}\n")
    assert stage.refused(contacts) == [("2", f"accountId: there is no account with the id {'f' * 17}")]


def test_a_link_to_what_is_gone_may_stay() -> None:
    """Who belongs to a deleted account can be updated by a file that says the same."""
    stage = ImportStage()
    stage.person("a@x.fr", account_id="e" * 17)
    content = f"Email,Account ID,First Name\na@x.fr,{'e' * 17},Ann\n"
    assert result(stage.imported(content)) == ("Done", 0, 1, 0, 0)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "the file is empty"),
        (b"\n\n", "the file is empty"),
        (b"Email\n", "the file has no rows under its header"),
        (b"PK\x03\x04", "the file is no CSV but an Excel workbook"),
        (b"Name\nAnn\n", "no column is the emailAddress"),
        (b'"Email\nann@x.fr\n', "the header in line 1 cannot be read: a quotation mark"),
        (b"Email\n\x81\x8d\n", "the file is not in Windows-1252: a byte after line 1"),
        (b"Email\n" + b"x" * 70_000, "the file is no CSV: line 2 is longer than 65536 characters"),
    ],
)
def test_a_file_that_cannot_be_imported_says_so_and_changes_nothing(content: bytes, says: str) -> None:
    """The job is Failed with a sentence; the file is not kept."""
    stage = ImportStage()
    before = stage.stored()
    job = stage.imported(content)
    assert job.status == "Failed"
    assert (job.error or "").startswith(says)
    assert stage.wiring.files.size(importing.upload_key(job.id)) is None
    assert [item for item in stage.stored() if item not in before] == [
        item for item in stage.stored() if f"job#{job.id}" in item
    ]


def test_limits_have_names() -> None:
    """Too many bytes, too many rows."""
    stage = ImportStage()
    job = stage.ordered("Email\n")
    stage.cloud.s3.put_object(
        Bucket=stage.environ["ENVOI_BUCKET"], Key=importing.upload_key(job.id), Body=b" " * (MAX_BYTES + 1)
    )
    stage.work_off()
    assert (
        stage.wiring.jobs.get(job.id).error == f"the file has {MAX_BYTES + 1} bytes; {MAX_BYTES} are allowed"
    )
    rows = b"Email\n" + b"a\n" * 500_001
    assert stage.imported(rows).error == "the file has more than 500000 rows"


@pytest.mark.parametrize(
    ("codec", "encoding"),
    [
        ("utf-8", Encoding.UTF_8),
        ("utf-8-sig", Encoding.UTF_8),
        ("utf-16", Encoding.UTF_16),
        ("cp1252", Encoding.WINDOWS_1252),
    ],
)
@pytest.mark.parametrize("delimiter", Delimiter)
def test_every_dialect_is_imported(codec: str, encoding: Encoding, delimiter: Delimiter) -> None:
    """Guessed or told; what was found is told."""
    content = f'Prénom{delimiter}Courriel\r\n"Zoé\nAnne"{delimiter}a@x.fr\r\nZoé{delimiter}z@x.fr\r\n'.encode(
        codec
    )
    orders: list[dict[str, Any]] = [{}, {"encoding": encoding, "delimiter": delimiter}]
    for told in orders:
        stage = ImportStage()
        job = stage.imported(content, **told)
        assert result(job) == ("Done", 1, 0, 0, 1)
        found: Any = job.result
        assert (found["encoding"], found["delimiter"]) == (encoding.value, delimiter.value)
        assert stage.refused(job) == [("2", "Prénom: holds a line break or a control character")]
        [person] = stage.wiring.target_store.page(CONTACT, limit=2).items
        assert person.name == "Zoé"


def test_what_is_told_of_a_dialect_goes_before_what_would_be_guessed() -> None:
    """Windows-1252 for bytes that are UTF-8, too; commas where there are more semicolons."""
    stage = ImportStage()
    told = {"encoding": Encoding.WINDOWS_1252, "delimiter": Delimiter.COMMA}
    job = stage.imported("Email,First;middle;last\nzoe@x.fr,Zoé;;Petit\n".encode(), **told)
    found: Any = job.result
    assert (found["encoding"], found["delimiter"]) == ("Windows-1252", ",")
    [person] = stage.wiring.target_store.page(CONTACT, limit=2).items
    assert list(person.attributes.values()) == ["ZoÃ©;;Petit"]


def test_an_accent_far_down_is_still_found() -> None:
    """The beginning of a file may be ASCII although the file is Windows-1252."""
    filler = "".join(f"reader{number}@x.fr,Ann\n" for number in range(4_000))
    content = f"Email,First Name\n{filler}zoe@x.fr,Zoé\n".encode("cp1252")
    stage = ImportStage(lists=0)
    job = stage.ordered(content)
    begun: Any = stage.wiring.importing._begun(job, ImportOrder.of(job), len(content))
    assert begun.result["encoding"] == "Windows-1252"
    assert begun.total == 4_001
    with pytest.raises(NotFound):
        stage.wiring.files.open("imports/none")


def test_the_refused_rows_can_be_mended_and_imported_again() -> None:
    """As they are, they are refused again for the same reasons; mended, they come in."""
    stage = ImportStage()
    content = "Email;Name;Note\nbroken;Ann;=1+1\nb@x.fr;Bob;'=2\n;Cy;-5\n"
    job = stage.imported(content)
    assert result(job) == ("Done", 1, 0, 0, 2)
    report = stage.wiring.import_report.of(job.id).text
    again = stage.imported(report)
    assert [reason for _, reason in stage.refused(again)] == [reason for _, reason in stage.refused(job)]
    assert result(stage.imported(report.replace(";broken;", ";ann@x.fr;"))) == ("Done", 1, 0, 0, 1)
    key = stage.wiring.key_of("ann@x.fr")
    [ref] = stage.wiring.target_store.holders(key)
    assert stage.wiring.target_store.get(*ref).attributes == {"note": "=1+1"}


def test_many_refused_rows_are_few_writes() -> None:
    """A file that is wrong throughout is not written row by row."""
    stage = ImportStage()
    rows = "".join(f"broken{number}\n" for number in range(2_500))
    plan = CrashPlan()
    job = stage.ordered(f"Email\n{rows}")
    stage.work_off(plan)
    assert result(stage.wiring.jobs.get(job.id)) == ("Done", 0, 0, 0, 2_500)
    assert len(stage.refused(stage.wiring.jobs.get(job.id))) == 2_500
    assert sum(request.startswith("dynamodb") for request in plan.requests) < 20


def test_long_refused_rows_fit_their_items() -> None:
    """However long the cells, each step's refused rows are one item that DynamoDB takes."""
    stage = ImportStage()
    rows = "".join(f"broken{number},{chr(0x1F600) * 60_000}\n" for number in range(6))
    job = stage.imported(f"Email,Note\n{rows}")
    assert result(job) == ("Done", 0, 0, 0, 6)


def test_it_waits_for_its_file_for_an_hour() -> None:
    """Looking ever less often; then it says that none came."""
    stage = ImportStage()
    late = stage.ordered(None)
    looks = 0
    while stage.wiring.jobs.get(late.id).status == "Queued":
        stage.clock.advance(5)
        for message in stage.messages():
            looks += 1
            stage.wiring.work.handle(message)
    job = stage.wiring.jobs.get(late.id)
    assert (job.status, job.error) == ("Failed", "no file was uploaded within an hour")
    assert job.created_at is not None
    assert 3600 < (stage.clock.now() - job.created_at).total_seconds() < 4200
    assert 60 < looks < 90


class Hasty(FakeClock):
    """A clock by which every look at it takes two minutes."""

    def now(self) -> datetime:
        """Later each time."""
        self.advance(120)
        return super().now()


def test_a_long_import_goes_on_in_further_calls() -> None:
    """A call ends in time; the queue brings the import back where it was."""
    stage = ImportStage()
    process = stage.process()
    steps = replace(process.importing.steps, clock=Hasty())
    process.__dict__["importing"] = replace(process.importing, clock=Hasty(), steps=steps)
    rows = "".join(f"reader{number}@x.fr\n" for number in range(100))
    job = stage.ordered(f"Email\n{rows}")
    stage.clock.advance(10)
    done: list[int] = []
    for message in stage.messages():
        process.work.handle(message)
        done.append(stage.wiring.jobs.get(job.id).done)
    assert done == sorted(set(done))
    assert len(done) > 4
    assert result(stage.wiring.jobs.get(job.id)) == ("Done", 100, 0, 0, 0)


def test_it_gives_way_to_those_who_are_always_faster() -> None:
    """And comes back a little later, instead of failing."""
    stage = ImportStage()
    known = stage.person("known@x.fr")
    process = stage.process()
    edits = [
        partial(stage.wiring.people.edit, CONTACT, known.id, {"last_name": f"Edit {number}"})
        for number in range(import_steps.ATTEMPTS)
    ]
    process.table._client = Meddled(process.table._client, edits)
    job = stage.ordered("Email,First Name\nknown@x.fr,Ann\n")
    process.work.handle({"kind": "job", "jobId": job.id})
    assert stage.wiring.jobs.get(job.id).status == "Running"
    stage.work_off()
    assert result(stage.wiring.jobs.get(job.id)) == ("Done", 0, 1, 0, 0)


def test_a_list_that_is_deleted_meanwhile_fails_the_import() -> None:
    """Nobody is put on a list that is not there."""
    stage = ImportStage()
    job = stage.ordered("Email\na@x.fr\n")
    stage.wiring.target_lists.delete(stage.list_ids[0])
    stage.work_off()
    assert stage.wiring.jobs.get(job.id).error == "a target list that it was to join was deleted"


def test_a_file_that_vanishes_fails_the_import() -> None:
    """The bucket's lifecycle may be quicker than a job that was held up."""
    stage = ImportStage()
    job = stage.ordered("Email\na@x.fr\n")
    begun = stage.wiring.importing._begun(job, ImportOrder.of(job), 13)
    stage.wiring.files.delete(importing.upload_key(job.id))
    stage.work_off()
    assert begun.status == "Running"
    assert stage.wiring.jobs.get(job.id).error == "the uploaded file is gone"


@pytest.mark.parametrize(
    "other",
    ["Email\nb@x.fr\n", "Email\n" + "z@x.fr\n" * 200, "Name,Email\nZed,z@x.fr\n", "Email\nz\u00e9@x.fr\n"],
    ids=["shorter", "longer", "other columns", "other encoding"],
)
def test_a_file_that_is_replaced_meanwhile_fails_the_import(other: str) -> None:
    """The request that uploads is good for an hour; rows of two files are never taken for those of one, and the job ends."""
    stage = ImportStage()
    process = stage.process()
    steps = replace(process.importing.steps, clock=Hasty())
    process.__dict__["importing"] = replace(process.importing, clock=Hasty(), steps=steps)
    job = stage.ordered("Email\n" + "".join(f"reader{number}@x.fr\n" for number in range(100)))
    stage.clock.advance(10)
    messages = iter(stage.messages())
    process.work.handle(next(messages))
    assert 0 < stage.wiring.jobs.get(job.id).done < 100
    stage.wiring.files.put(importing.upload_key(job.id), other.encode("cp1252"), "text/csv")
    for message in islice(messages, 20):
        process.work.handle(message)
    ended = stage.wiring.jobs.get(job.id)
    assert (ended.status, ended.error) == (
        "Failed",
        "the file was replaced while it was read: import it again",
    )
    assert stage.wiring.files.size(importing.upload_key(job.id)) is None


def test_what_cannot_be_meant_is_refused_at_once() -> None:
    """Lists that are not there, columns that go nowhere: each by its field, and no job is made."""
    stage = ImportStage()
    order = ImportOrder(
        entity_type=CONTACT,
        mode=Mode.CREATE,
        target_list_ids=(stage.list_ids[0], "f" * 17),
        mapping={"Mail": "email"},
    )
    before = stage.stored()
    with pytest.raises(Invalid) as refusal:
        stage.wiring.importing.request(order)
    assert [error.field for error in refusal.value.errors] == ["targetListIds.1", "mapping.Mail"]
    assert stage.stored() == before


def test_a_job_of_another_kind_is_no_import() -> None:
    """404."""
    stage = ImportStage()
    other = Job(id=stage.next_id(), kind="erase")
    stage.wiring.jobs.save(other)
    for ask in (stage.wiring.importing.get, stage.wiring.import_report.of):
        with pytest.raises(NotFound):
            ask(other.id)
