"""Deciding what nobody knows."""

from tests.admin.conftest import Operator
from tests.docs.posting import Post

SEVEN_HOURS = 7 * 3_600


def unknown(post: Post) -> str:
    """A mass email whose answer and events were lost."""
    post.set(resendAfterSilence=False)
    mass_email = post.mass_email("anna@example.org", "ben@example.org")
    with post.trouble(timeout_after_accept=1, drop_send_events=1):
        post.deliver(*post.released())
    post.world.events.clear()
    post.world.clock.advance(SEVEN_HOURS)
    post.settle()
    assert {status for status, _ in post.standing(mass_email).values()} == {"Unknown"}
    return mass_email


def test_all_of_them_are_settled(post: Post, operator: Operator) -> None:
    """After a look that changes nothing; again there is nobody left."""
    mass_email = unknown(post)
    said = operator("settle", mass_email, "--as", "Sent", "--dry-run")
    assert (said.status, said.lines) == (0, ["2 Unknown recipients would be Sent"])
    assert {status for status, _ in post.standing(mass_email).values()} == {"Unknown"}
    said = operator("settle", mass_email, "--as", "Sent")
    assert (said.status, said.lines) == (0, ["2 Unknown recipients are Sent now"])
    assert {status for status, _ in post.standing(mass_email).values()} == {"Sent"}
    assert operator("settle", mass_email, "--as", "Failed").lines == ["0 Unknown recipients are Failed now"]


def test_an_unknown_mass_email_is_refused(operator: Operator) -> None:
    """With exit status 1."""
    said = operator("settle", "f" * 17, "--as", "Sent")
    assert said.status == 1
    assert "no such MassEmail" in said.aside
