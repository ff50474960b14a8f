"""What the functions log in the local cloud: whole in a file, short on a terminal, never among a program's own output."""

import io
import json
import logging
from pathlib import Path

import pytest

from chalicelib import logs
from devstack.cloud import LocalCloud
from devstack.log_lines import going_to, into_file, onto_terminal
from tests.devstack.envoi_client import Envoi


def test_a_file_gets_every_line_as_cloudwatch_would(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Metrics and events, one JSON object a line; the terminal gets none of them."""
    with going_to(into_file(tmp_path / "functions.log")):
        logs.line({"_aws": {}, "Sent": 3})
        logs.event("touchesFull", recipientId="abc")
    lines = [json.loads(line) for line in (tmp_path / "functions.log").read_text("utf-8").splitlines()]
    assert [line.get("event", line.get("Sent")) for line in lines] == [3, "touchesFull"]
    assert capfd.readouterr() == ("", "")


def test_a_terminal_gets_events_in_short_and_no_metrics() -> None:
    """Level, name, then the fields."""
    terminal = io.StringIO()
    with going_to(onto_terminal(terminal)), logs.correlated("c-1"):
        logs.line({"_aws": {}, "Sent": 3})
        logs.event("touchesFull", recipientId="abc", count=2)
        logs.trouble("routeFailed", status=500)
    assert terminal.getvalue() == (
        "  INFO touchesFull  recipientId=abc  count=2  correlation=c-1\n"
        "  ERROR routeFailed  status=500  correlation=c-1\n"
    )


def test_afterwards_lines_go_where_they_went_before() -> None:
    """Whoever had set a handler has it again, at its level."""
    log = logging.getLogger("envoi")
    before = list(log.handlers), log.level, log.propagate
    with going_to(onto_terminal(io.StringIO())):
        assert log.handlers != before[0]
    assert (list(log.handlers), log.level, log.propagate) == before


def test_the_local_cloud_logs_where_it_is_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """What a send measures is in the file, and nothing of it on the terminal."""
    with LocalCloud(running=False, log=into_file(tmp_path / "functions.log")) as cloud:
        envoi = Envoi(cloud)
        envoi.mass_email("anna@example.org")
        envoi.local("POST", "tick", {"advance": 0})
    assert '"Sent"' in (tmp_path / "functions.log").read_text("utf-8")
    assert capfd.readouterr() == ("", "")
