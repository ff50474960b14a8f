"""The bucket: files by key, streamed in and out, and signed requests for those who upload and download themselves."""

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.domain.ports_files import ByteStream, SignedRequest, UploadLost
from chalicelib.errors import NotFound

PART = (
    8 * 1024 * 1024
)  # bytes; at least 5 MiB, and 10,000 parts are 80 GB: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
CLIENT_OPTIONS: Mapping[str, Any] = {
    "signature_version": "s3v4",
    # The regional address: the global one redirects for hours after a bucket was made, and a signature does not survive that
    # (https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html).
    "s3": {"addressing_style": "virtual"},
}
# 403 is what S3 says of a missing object to those who may not list the bucket, as we may not:
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
_MISSING = frozenset({"403", "404", "AccessDenied", "NoSuchKey", "NotFound"})
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
_LOST = frozenset({"NoSuchUpload", "InvalidPart"})
_END = "InvalidRange"


class Files:
    """Fulfils :class:`chalicelib.domain.ports_files.PartedFiles`."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def put(self, key: str, content: bytes | Iterable[bytes], content_type: str) -> None:
        """Store a file, whatever was there; of an iterable only :data:`PART` bytes are held. Whole or not at all."""
        parts = _parts([content] if isinstance(content, bytes) else content)
        first, second = next(parts, b""), next(parts, None)
        where = {"Bucket": self._bucket, "Key": key}
        if second is None:
            self._client.put_object(**where, Body=first, ContentType=content_type)
            return
        upload = self.begin(key, content_type)
        numbered = enumerate(chain([first, second], parts), start=1)
        # Parts of an upload that ends here are dropped by the bucket's lifecycle.
        self.complete(key, upload, [self.put_part(key, upload, number, part) for number, part in numbered])

    def begin(self, key: str, content_type: str) -> str:
        """Begin an upload in parts; its id. What is never completed is dropped by the bucket's lifecycle after a day."""
        made = self._client.create_multipart_upload(Bucket=self._bucket, Key=key, ContentType=content_type)
        upload: str = made["UploadId"]
        return upload

    def put_part(self, key: str, upload: str, number: int, content: bytes) -> str:
        """Store a part, counted from 1; its ETag.

        Raises:
            UploadLost: There is no such upload any more.
        """
        where = {"Bucket": self._bucket, "Key": key, "UploadId": upload}
        with _lost_or_there():
            etag: str = self._client.upload_part(**where, PartNumber=number, Body=content)["ETag"]
        return etag

    def complete(self, key: str, upload: str, etags: Sequence[str]) -> None:
        """Make the file of its parts, whatever was there.

        Raises:
            UploadLost: There is no such upload any more, or a part is another's.
        """
        parts = [{"PartNumber": number, "ETag": etag} for number, etag in enumerate(etags, start=1)]
        where = {"Bucket": self._bucket, "Key": key, "UploadId": upload}
        with _lost_or_there():
            self._client.complete_multipart_upload(**where, MultipartUpload={"Parts": parts})

    def size(self, key: str) -> int | None:
        """How many bytes the file has; None when there is none."""
        head = self._head(key)
        return None if head is None else int(head["ContentLength"])

    def version(self, key: str) -> str | None:
        """By what the file is known until another takes its place; None when there is none."""
        head = self._head(key)
        return None if head is None else str(head["ETag"])

    def _head(self, key: str) -> Mapping[str, Any] | None:
        try:
            head: Mapping[str, Any] = self._client.head_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if _code(error) in _MISSING:
                return None
            raise
        return head

    def open(self, key: str, start: int = 0) -> ByteStream:
        """The file's bytes from ``start`` on; none from its end on.

        Raises:
            NotFound: There is no such file.
        """
        part = {"Range": f"bytes={start}-"} if start else {}
        try:
            body: ByteStream = self._client.get_object(Bucket=self._bucket, Key=key, **part)["Body"]
        except ClientError as error:
            if _code(error) in _MISSING:
                raise NotFound("no such file") from error
            if _code(error) == _END:
                return io.BytesIO()
            raise
        return body

    def delete(self, key: str) -> None:
        """Remove the file; again changes nothing."""
        self._client.delete_object(Bucket=self._bucket, Key=key)

    def signed_put(self, key: str, content_type: str, *, expires: int) -> SignedRequest:
        """A request that uploads the file; good for ``expires`` seconds.

        S3 cannot bound the size of a signed PUT (only that of a POST form:
        https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html): who reads it asks :meth:`size` first.
        """
        url = self._signed("put_object", expires, Key=key, ContentType=content_type)
        return SignedRequest(url, "PUT", {"Content-Type": content_type})

    def signed_get(self, key: str, filename: str, *, expires: int) -> str:
        """A URL that downloads the file under this name (ASCII, no quotes); good for ``expires`` seconds."""
        disposition = f'attachment; filename="{filename}"'
        return self._signed("get_object", expires, Key=key, ResponseContentDisposition=disposition)

    def _signed(self, operation: str, expires: int, **parameters: str) -> str:
        url: str = self._client.generate_presigned_url(
            operation, Params={"Bucket": self._bucket, **parameters}, ExpiresIn=expires
        )
        return url


def _parts(content: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces of :data:`PART`, the last one shorter."""
    held = bytearray()
    for piece in content:
        held += piece
        while len(held) >= PART:
            yield bytes(held[:PART])
            del held[:PART]
    if held:
        yield bytes(held)


@contextmanager
def _lost_or_there() -> Iterator[None]:
    """Tell an upload that is gone from all else that may go wrong."""
    try:
        yield
    except ClientError as error:
        if _code(error) in _LOST:
            raise UploadLost from error
        raise


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code"))
