"""Random users and random clouds: whatever they do, in any order, the model says what may come of it."""

from collections import Counter
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chalicelib.domain.addresses import normalised
from chalicelib.domain.events import TAG_MASS_EMAIL
from devstack.ses_faults import Faults
from devstack.ses_mailbox import Message
from tests.proof.audit import lines, listed
from tests.proof.incidents import Fate, Incident, Kind
from tests.proof.model import ACTS, BY_ITSELF, DRAFT, ENDED, OVER, PAUSED, PENDING, RUNNING, Mailing
from tests.proof.outcomes import list_counts
from tests.proof.scenes import link_of
from tests.proof.stage import HOUR, SWEEP_EVERY, Stage
from tests.proof.town import RATE, town
from tests.proof.weathers import COSTLY, HARMLESS

CALM = timedelta(hours=30)  # in which everything that was left open is settled, sent again and told
MOST_MAILINGS = 3
STEPS = 40
BAD_CALLS = 9  # enough for three attempts of everybody who is released in an hour
REQUESTS = {"release": 15, "sweep": 30, "deliver": 10, "work": 5, "feedback": 5}
"""An incident lies within so many requests of its function."""


class Users(RuleBasedStateMachine):
    """One play; the model runs beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.town = town()
        self.model = self.town.model()
        self.stage: Stage = self.town.company.stage(
            plan=Fate(), faults=Faults(max_send_rate=RATE, max_24_hour_send=-1), shuffled=True
        )
        self.seen: list[tuple[str, Any]] = []
        self.read = len(self.stage.ses.mailbox)
        self.is_costly = False
        self.addresses = 0
        self._call, self.stage.call = self.stage.call, self._remembered  # type: ignore[method-assign]

    def _remembered(self, function: str, argument: Any = None) -> bool:
        if function in ("deliver", "work"):
            self.seen.append((function, argument))
        return self._call(function, argument)

    # Users

    @initialize(data=st.data())
    def somebody_begins(self, data: st.DataObject) -> None:
        """There is a mass email."""
        self.create(data)

    @precondition(lambda self: len(self.model.mailings) < MOST_MAILINGS)
    @rule(data=st.data())
    def create(self, data: st.DataObject) -> None:
        """A mass email to one list or both."""
        lists = data.draw(
            st.lists(st.sampled_from(sorted(self.town.lists.values())), min_size=1, unique=True)
        )
        body = {
            "name": "March",
            "startAt": self.stage.clock.now().isoformat(),
            "emailTemplateId": self.town.template,
            "targetListIds": lists,
        }
        status, answer = self.stage.http("POST", "/v1/mass-emails", body)
        assert status == 201, answer
        self.model.mailings[answer["id"]] = Mailing(frozenset(lists))

    @rule(data=st.data(), act=st.sampled_from(sorted(ACTS)))
    def steer(self, data: st.DataObject, act: str) -> None:
        """Pause, resume, cancel, retry, back to Pending or Draft: what is not allowed is refused and changes nothing."""
        self._steer(*self._mailing(data), act)

    @precondition(lambda self: self._ended())
    @rule(data=st.data(), act=st.sampled_from([PENDING, "retry-failed"]))
    def go_on(self, data: st.DataObject, act: str) -> None:
        """What has ended begins again: those who joined or failed, and nobody else."""
        self._steer(*data.draw(st.sampled_from(self._ended())), act)

    def _ended(self) -> list[tuple[str, Mailing]]:
        return [each for each in self.model.mailings.items() if each[1].status in ENDED]

    def _steer(self, mass_email_id: str, mailing: Mailing, act: str) -> None:
        path = f"/v1/mass-emails/{mass_email_id}"
        if act in (PENDING, DRAFT):
            status, answer = self.stage.http("PATCH", path, {"status": act})
        else:
            status, answer = self.stage.http("POST", f"{path}/{act}")
        note(f"{act} of a mass email that is {mailing.status}: {status}")
        allowed = self.model.act(mailing, act)
        nobody_failed = act == "retry-failed" and "none of its recipients" in str(answer)
        if nobody_failed:
            assert (status, bool(allowed)) == (409, True), answer
            return
        assert status == (200 if allowed else 409), answer
        if allowed:
            assert answer["status"] in allowed
            mailing.status = answer["status"]

    @rule(data=st.data(), again=st.booleans())
    def read_mail(self, data: st.DataObject, *, again: bool) -> None:
        """A reader leaves by their message's link, or comes back by it."""
        mail = self._mail()
        if not mail:
            return
        message = mail[data.draw(st.integers(0, len(mail) - 1))]
        mailing = self.model.mailings[message.entry.tags[TAG_MASS_EMAIL]]
        address = normalised(message.entry.recipients[0])
        self.stage.visit("POST", link_of(message, "/u/") + ("/undo" if again else ""))
        (self.model.come_back if again else self.model.leave)(mailing, address)
        self.stage.clock.advance(1)

    @rule(data=st.data(), out=st.booleans())
    def note_of_an_address(self, data: st.DataObject, *, out: bool) -> None:
        """The administrator notes that an address wants nothing, or takes that back."""
        person = data.draw(st.integers(0, len(self.model.people) - 1))
        address = self.model.people[person].address
        if address is None:
            return
        path = f"/v1/email-addresses?address={address.replace('@', '%40')}"
        assert self.stage.http("PATCH", path, {"optOut": out})[0] == 200
        self.model.opt_out(address, out=out)
        self.stage.clock.advance(1)

    @rule(data=st.data(), erased=st.booleans())
    def change(self, data: st.DataObject, *, erased: bool) -> None:
        """Somebody gets another address, or is erased."""
        number = data.draw(st.integers(0, len(self.model.people) - 1))
        person, path = self.model.people[number], f"/v1/contacts/{self.town.people[number].id}"
        if person.address is None:
            return
        if erased:
            assert self.stage.http("POST", f"{path}/erase")[0] in (200, 202)
            self.model.change(person, None)
            return
        self.addresses += 1
        address = f"new{self.addresses}@example.org"
        assert self.stage.http("PATCH", path, {"emailAddress": address})[0] == 200
        self.model.change(person, address)

    # The cloud

    @rule(
        span=st.sampled_from([SWEEP_EVERY, HOUR, HOUR, 7 * HOUR]),
        kind=st.none() | st.sampled_from(Kind),
        data=st.data(),
    )
    def time_passes(self, span: timedelta, kind: Kind | None, data: st.DataObject) -> None:
        """Ticks, queues and events; somebody may die, or a message come twice at once."""
        if kind is not None:
            function = data.draw(st.sampled_from(sorted(REQUESTS)))
            self.stage.endanger(function)  # of all requests those of the sweep are by far the most
            number = len(self.stage.plan.requests) + data.draw(st.integers(0, REQUESTS[function]))
            self.stage.plan.fix(Incident(number, kind))
        self.stage.live(span)

    @rule(function=st.sampled_from(["release", "sweep"]))
    def tick(self, function: str) -> None:
        """The schedule calls, and what it puts on the queues lies there for now."""
        self.stage.call(function)

    @rule(of_jobs=st.booleans())
    def one_message(self, *, of_jobs: bool) -> None:
        """One message of a queue comes."""
        where = self.stage.environment
        url, function = (where.jobs_queue_url, "work") if of_jobs else (where.send_queue_url, "deliver")
        self.stage.receive(url, function)

    @rule(name=st.sampled_from(sorted(HARMLESS)))
    def weather(self, name: str) -> None:
        """The next call fares so."""
        self.stage.network.forecast.append(HARMLESS[name])

    @rule(name=st.sampled_from(sorted(COSTLY)))
    def bad_weather(self, name: str) -> None:
        """The same, and somebody may have to pay for it."""
        self.stage.network.forecast.append(COSTLY[name])
        self.is_costly = True

    @precondition(
        lambda self: any(each.status in (PENDING, RUNNING) for each in self.model.mailings.values())
    )
    @rule()
    def bad_day(self) -> None:
        """SES takes nobody's message for hours, with one status for all: who had the most attempts has failed."""
        self.stage.network.forecast += [COSTLY["all transient"]] * BAD_CALLS
        self.is_costly = True
        self.stage.live(7 * HOUR)
        self.stage.network.forecast.clear()

    @precondition(lambda self: self.seen)
    @rule(data=st.data())
    def redeliver(self, data: st.DataObject) -> None:
        """A message that was worked off comes once more."""
        self._call(*self.seen[data.draw(st.integers(0, len(self.seen) - 1))])

    # What must hold

    @invariant()
    def nobody_got_what_they_should_not(self) -> None:
        """Of all that SES has accepted since the last look, nothing is to object to; no status came from nowhere."""
        mailbox = list(self.stage.ses.mailbox)
        statuses = {}
        for mass_email_id, mailing in self.model.mailings.items():
            status = self.stage.eye.mass_email_store.get(mass_email_id).status.value
            assert status == mailing.status or status in BY_ITSELF.get(mailing.status, ())
            statuses[mass_email_id] = status
        for message in mailbox[self.read :]:
            mailing = self.model.mailings.get(message.entry.tags[TAG_MASS_EMAIL])
            if mailing is None:
                continue
            address = normalised(message.entry.recipients[0])
            objection = self.model.objection(mailing, address)
            assert objection is None, f"{address}: {objection}"
            mailing.sent.add(address)
        self.read = len(mailbox)
        for mass_email_id, status in statuses.items():
            self.model.mailings[mass_email_id].status = status
        assert not self.stage.troubles, self.stage.troubles

    def teardown(self) -> None:
        """The sky clears, and everything comes to its end: all counts fit, and nobody who should have got it is missing."""
        self.stage.network.forecast.clear()
        self.stage.plan.fix()
        self._calm()
        for mass_email_id, mailing in self.model.mailings.items():
            if mailing.status != DRAFT:
                assert mailing.status in OVER, mailing.status
                self._recount(mass_email_id, mailing)
        assert not self.stage.dead_letters
        for name, list_id in self.town.lists.items():
            self._recount_list(name, list_id)

    def _calm(self) -> None:
        for _ in range(2):  # what SES refused of the account may stop it once more
            for mass_email_id, mailing in self.model.mailings.items():
                if mailing.status == PAUSED:
                    status, answer = self.stage.http("POST", f"/v1/mass-emails/{mass_email_id}/resume")
                    assert status == 200, answer
                    mailing.status = answer["status"]
            self.stage.live(SWEEP_EVERY)
            self.nobody_got_what_they_should_not()
            self.stage.settle(CALM)
            self.nobody_got_what_they_should_not()

    def _recount(self, mass_email_id: str, mailing: Mailing) -> None:
        record = self.stage.eye.mass_email_store.get(mass_email_id)
        ledger = lines(self.stage, record)
        recounted = Counter(line.state.status.value for line in ledger)
        assert recounted.keys() <= {"Sent", "Failed", "Skipped", "Unknown"}, recounted
        assert recounted["Sent"] == len(mailing.sent)
        if not self.is_costly:
            assert recounted.keys() <= {"Sent", "Skipped"}, recounted
            assert mailing.was_canceled or self.model.due(mailing) <= mailing.sent
        path = f"/v1/mass-emails/{mass_email_id}"
        run = self.stage.eye.runs.get(mass_email_id)
        recounted["Skipped"] += sum(run.left_out.values())
        counts = self.stage.http("GET", path)[1]["counts"]
        assert {name: count for name, count in counts.items() if count} == dict(+recounted)
        sent = recounted["Sent"]
        assert self.stage.http("GET", f"{path}/stats")[1]["sentCount"] == sent
        assert sum(1 for _ in listed(self.stage, f"{path}/log?action=Sent&limit=200")) == sent

    def _recount_list(self, name: str, list_id: str) -> None:
        on = [each for each in self.model.people if list_id in each.lists and each.address]
        members, out = list_counts(self.stage, list_id)
        assert members == (len(on), len(on)), name
        assert out[0] == out[1], name

    def _mailing(self, data: st.DataObject) -> tuple[str, Mailing]:
        number = data.draw(st.integers(0, len(self.model.mailings) - 1))
        return list(self.model.mailings.items())[number]

    def _mail(self) -> list[Message]:
        return [
            each for each in self.stage.ses.mailbox if each.entry.tags[TAG_MASS_EMAIL] in self.model.mailings
        ]


def random_settings(plays: int) -> settings:
    """So many plays of up to ``STEPS`` steps."""
    return settings(
        max_examples=plays,
        stateful_step_count=STEPS,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
