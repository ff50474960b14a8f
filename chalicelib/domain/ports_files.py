"""Files beside the table: what callers upload and download, as Protocols."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class SignedRequest:
    """A request that whoever holds it may make once or more, until it expires; ``headers`` must be sent as they are."""

    url: str
    method: str
    headers: Mapping[str, str]


class ByteStream(Protocol):
    """Bytes that are read once, from the beginning on."""

    def read(self, size: int, /) -> bytes:
        """At most so many bytes; fewer, but never none before the end."""
        ...

    def close(self) -> None:
        """Read no more."""
        ...


class FileStore(Protocol):
    """Files by key, such as ``imports/<id>/upload.csv``."""

    def put(self, key: str, content: bytes | Iterable[bytes], content_type: str) -> None:
        """Store a file, whatever was there; of an iterable only one part at a time is held. Whole or not at all."""
        ...

    def size(self, key: str) -> int | None:
        """How many bytes the file has; None when there is none."""
        ...

    def version(self, key: str) -> str | None:
        """By what the file is known until another takes its place; None when there is none."""
        ...

    def open(self, key: str, start: int = 0) -> ByteStream:
        """The file's bytes from ``start`` on.

        Raises:
            NotFound: There is no such file.
        """
        ...

    def delete(self, key: str) -> None:
        """Remove the file; again changes nothing."""
        ...

    def signed_put(self, key: str, content_type: str, *, expires: int) -> SignedRequest:
        """A request that uploads the file; good for ``expires`` seconds."""
        ...

    def signed_get(self, key: str, filename: str, *, expires: int) -> str:
        """A URL that downloads the file under this name; good for ``expires`` seconds."""
        ...


class UploadLost(Exception):
    """An upload in parts was completed or given up, or a part of it is another's."""


class PartedFiles(FileStore, Protocol):
    """Files that are written in parts, by one process after the other."""

    def begin(self, key: str, content_type: str) -> str:
        """Begin an upload in parts; its id. Until it is complete nothing is to be seen of it."""
        ...

    def put_part(self, key: str, upload: str, number: int, content: bytes) -> str:
        """Store a part, counted from 1; by what it is known when the upload is completed.

        Raises:
            UploadLost: There is no such upload any more.
        """
        ...

    def complete(self, key: str, upload: str, etags: Sequence[str]) -> None:
        """Make the file of its parts, whatever was there.

        Raises:
            UploadLost: There is no such upload any more, or a part is not the one that is known by this.
        """
        ...
