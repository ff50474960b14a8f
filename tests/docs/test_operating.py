"""Whatever the operators' pages tell to type or to look at is there."""

import re
from pathlib import Path

import pytest

from chalicelib import admin
from infrastructure.stages import read_stage
from infrastructure.template import merge_template
from tests.docs.aws_commands import Cli, commands
from tests.world import World

ROOT = Path(__file__).resolve().parents[2]
DEPLOY, RUNBOOK, COMPLIANCE = (ROOT / "docs" / f"{name}.md" for name in ("deploy", "runbook", "compliance"))
PAGES = pytest.mark.parametrize("page", [DEPLOY, RUNBOOK, COMPLIANCE], ids=lambda page: page.stem)
SOURCES = "\n".join(
    path.read_text(encoding="utf-8")
    for folder, pattern in (("chalicelib", "*.py"), (".chalice", "*"), ("infrastructure", "*.py"))
    for path in (ROOT / folder).rglob(pattern)
    if path.is_file() and path.suffix in {".py", ".yaml", ".json"}
)


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


@PAGES
def test_every_verb_takes_what_it_is_given(page: Path) -> None:
    """``make verb NAME=value``: the Makefile has the verb, and the verb reads the name."""
    makefile = text_of(ROOT / "Makefile")
    for verb, rest in re.findall(
        r"(?:^ *|`)make ([a-z-]+)((?: [A-Z_]+=[^\s`]*)*)", text_of(page), re.MULTILINE
    ):
        recipe = re.search(rf"^{verb}:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
        assert recipe, verb
        expanded = recipe[1] + ("$(STAGE) $(DRY)" if "$(FOR_STAGE)" in recipe[1] else "")
        for name in re.findall(r"([A-Z_]+)=", rest):
            assert f"$({name})" in expanded or f"$(if $({name})" in expanded, f"make {verb} reads no {name}"


@PAGES
def test_every_command_of_aws_is_one(page: Path) -> None:
    """Service, operation, parameters, and none missing that AWS needs."""
    cli = Cli()
    for words in commands(text_of(page)):
        assert cli.fault(words) is None, f"aws {' '.join(words)}: {cli.fault(words)}"


def test_a_slip_in_a_command_is_seen() -> None:
    """The check above can fail, in each of its ways."""
    cli = Cli()
    page = "`aws sqs purge-queues`\n aws dynamodb delete-table\n aws events enable-rule --nam x\n aws nothing at-all"
    assert [cli.fault(words) for words in commands(page)] == [
        "no operation purge-queues of sqs",
        "unknown [], missing ['table-name']",
        "unknown ['nam'], missing ['name']",
        "no service nothing",
    ]
    assert len(commands(text_of(RUNBOOK))) > 20
    assert len(commands(text_of(DEPLOY))) > 8


@PAGES
def test_every_path_of_the_api_is_a_route(page: Path, world: World) -> None:
    """With the method that the page names before it."""
    routes = {
        (method, re.sub(r"{\w+}", "{}", path))
        for path, methods in world.door._app.routes.items()
        for method in methods
    }
    named = re.findall(r"`(?:(GET|POST|PATCH|DELETE) )?(/[vu]\d?/[^`?\s]*)[^`]*`", text_of(page))
    assert named
    for method, path in named:
        plain = re.sub(r"{\w+}", "{}", path)
        assert any(each == plain and method in ("", verb) for verb, each in routes), f"{method} {path}"


@PAGES
def test_every_name_in_the_text_is_one_of_ours(page: Path) -> None:
    """Fields, settings, parameters and queues that stand between backquotes occur in the sources."""
    prose = re.sub(r"^ *```.*?^ *```", "", text_of(page), flags=re.MULTILINE | re.DOTALL)
    names = set(re.findall(r"`([a-z]+[A-Z]\w+|[A-Z][a-z]+[A-Z]\w+)`", prose))
    foreign = {"AccessDeniedException", "ProvisionedThroughputExceededException", "VerifiedForSendingStatus"}
    assert {name for name in names - foreign if name not in SOURCES} == set()


def test_the_names_of_the_cloud_are_those_of_the_stage() -> None:
    """Queues, rules, table, secret and functions, as they are called in production."""
    resources = str(merge_template(read_stage("prod"))["Resources"]).replace("${Stage}", "prod")
    named = set(re.findall(r"envoi-prod[a-z_-]*", text_of(RUNBOOK) + text_of(DEPLOY)))
    assert len(named) > 5
    made_here = {"envoi-prod-restored"}
    assert {name for name in named - made_here if name not in resources} == set()


def test_the_runbook_has_what_was_asked_for() -> None:
    """The issue's own list, and every verb of the operators."""
    headings = set(re.findall(r"^## (.+)$", text_of(RUNBOOK), re.MULTILINE))
    assert {
        "First deployment",
        "Roll back",
        "Bounce spike",
        "Stuck queue",
        "Restore",
        "Dead letters",
    } <= headings
    assert all(
        word in text_of(DEPLOY) for word in ("DKIM", "SPF", "DMARC", "sandbox", "MX", "put-account-details")
    )


@pytest.mark.parametrize("verb", ["token", "redrive", "settle", "recount", "rotate-keys"])
def test_each_admin_verb_is_told_and_is_there(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    """In the Makefile, on a page, and in the command itself."""
    assert f"make {verb}" in text_of(RUNBOOK) + text_of(DEPLOY)
    assert f"$(ADMIN) {verb}" in text_of(ROOT / "Makefile")
    with pytest.raises(SystemExit) as ended:
        admin.main([verb, "--help"])
    assert ended.value.code == 0
    assert "--dry-run" in capsys.readouterr().out
