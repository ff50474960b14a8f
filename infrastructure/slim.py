"""Chalice's zip without what no function reads, and with what every cold start would have to compile.

Two thirds of the zip are botocore's descriptions of services that Envoi never calls. And Lambda's ``/var/task`` is
read-only, so Python could never keep what it compiled there: the compiled modules go along, unchecked, for nothing can
change in a package (https://docs.python.org/3/reference/import.html#cached-bytecode-invalidation).
"""

import compileall
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from py_compile import PycInvalidationMode
from tempfile import TemporaryDirectory

SERVICES = frozenset({"dynamodb", "events", "s3", "secretsmanager", "sesv2", "sns", "sqs"})
"""Of these boto3 clients are made (``wiring.py``, ``mail/clients.py``); a test compares."""

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the oldest time of a zip: the same code makes the same zip
_MODE = (
    0o644 << 16
)  # readable by Lambda's user; https://docs.aws.amazon.com/lambda/latest/dg/python-package.html


def slim(source: Path, target: Path) -> None:
    """Write ``source`` anew as ``target``, slim and compiled; they may be the same file.

    Raises:
        SyntaxError: A module of ours does not compile.
    """
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        with zipfile.ZipFile(source) as archive:
            archive.extractall(folder, [name for name in archive.namelist() if kept(name)])
        _compile(folder)
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            for path in _files(folder):
                entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _EPOCH)
                entry.external_attr = _MODE
                archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)


def kept(name: str) -> bool:
    """Whether a file of Chalice's zip is needed at run time."""
    match PurePosixPath(name).parts:
        case ("botocore", "data", service, _, file, *_):
            return service in SERVICES and not file.startswith("examples-")
        case ("boto3", "data" | "examples", *_):
            return False  # boto3's resources: Envoi uses clients alone
        case parts:
            return "__pycache__" not in parts


def _compile(folder: Path) -> None:
    good = compileall.compile_dir(
        folder,
        quiet=1,
        stripdir=str(folder),  # tracebacks say /chalicelib/…, not the place where it was packed
        prependdir="/var/task",
        invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
    )
    if not good:
        raise SyntaxError("a module of the package does not compile")


def _files(folder: Path) -> Iterator[Path]:
    return iter(sorted(path for path in folder.rglob("*") if path.is_file()))
