"""The bucket: files by key, streamed in and out, and signed requests for those who upload and download themselves."""

import io
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.domain.ports_files import ByteStream, SignedRequest
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
_END = "InvalidRange"


class Files:
    """Fulfils :class:`chalicelib.domain.ports_files.FileStore`."""

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
        upload = self._client.create_multipart_upload(**where, ContentType=content_type)["UploadId"]
        self._put_parts({**where, "UploadId": upload}, chain([first, second], parts))

    def _put_parts(self, upload: Mapping[str, Any], parts: Iterable[bytes]) -> None:
        """Parts of an upload that ends here are dropped by the bucket's lifecycle."""
        done = [
            {
                "PartNumber": number,
                "ETag": self._client.upload_part(**upload, PartNumber=number, Body=part)["ETag"],
            }
            for number, part in enumerate(parts, start=1)
        ]
        self._client.complete_multipart_upload(**upload, MultipartUpload={"Parts": done})

    def size(self, key: str) -> int | None:
        """How many bytes the file has; None when there is none."""
        try:
            return int(self._client.head_object(Bucket=self._bucket, Key=key)["ContentLength"])
        except ClientError as error:
            if _code(error) in _MISSING:
                return None
            raise

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


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code"))
