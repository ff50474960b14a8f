"""The bucket, on the fake and on moto: what is put comes back, whole or from a byte on, and in bounded pieces."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from chalicelib.domain.ports_files import ByteStream, UploadLost
from chalicelib.errors import NotFound
from chalicelib.storage.files import CLIENT_OPTIONS, PART, Files, _parts
from tests.fakes.services import FakeS3

BUCKET = "envoi-dev-files"
KEY = "imports/0123/upload.csv"


@pytest.fixture(params=["memory", "moto"])
def s3(request: pytest.FixtureRequest) -> Iterator[Any]:
    if request.param == "memory":
        fake = FakeS3()
        fake.create_bucket(Bucket=BUCKET)
        yield fake
        return
    with mock_aws():
        client = boto3.client(
            "s3", region_name="us-east-1", config=Config(parameter_validation=False, **CLIENT_OPTIONS)
        )
        client.create_bucket(Bucket=BUCKET)
        yield client


def whole(stream: ByteStream) -> bytes:
    found = b""
    while piece := stream.read(65_536):
        found += piece
    stream.close()
    return found


def test_what_was_put_comes_back_whole_and_from_any_byte_on(s3: Any) -> None:
    """A file is read from its beginning, from its middle and from its end on; its size is known."""
    files = Files(s3, BUCKET)
    files.put(KEY, "é;ü\r\n".encode(), "text/csv")
    assert whole(files.open(KEY)) == "é;ü\r\n".encode()
    assert whole(files.open(KEY, 3)) == "ü\r\n".encode()
    assert whole(files.open(KEY, 7)) == b""
    assert files.size(KEY) == 7


def test_a_later_file_takes_the_place_of_the_earlier(s3: Any) -> None:
    """Putting again replaces."""
    files = Files(s3, BUCKET)
    files.put(KEY, b"a", "text/csv")
    before = files.version(KEY)
    assert files.version(KEY) == before
    files.put(KEY, iter([]), "text/csv")
    assert files.size(KEY) == 0
    assert files.version(KEY) not in (before, None)


def test_a_file_that_is_not_there_is_said_to_be_missing(s3: Any) -> None:
    """No file: no size, no version, and nothing to open."""
    files = Files(s3, BUCKET)
    assert (files.size(KEY), files.version(KEY)) == (None, None)
    with pytest.raises(NotFound):
        files.open(KEY)


def test_a_large_file_goes_up_in_parts(s3: Any) -> None:
    """More than one part's bytes arrive in order."""
    files = Files(s3, BUCKET)
    pieces = [bytes([number]) * (1024 * 1024) for number in range(17)]
    files.put(KEY, iter(pieces), "text/csv")
    assert whole(files.open(KEY)) == b"".join(pieces)


def test_a_large_file_whose_source_breaks_is_not_there() -> None:
    """A file is whole or it is not: what was there before stays."""
    s3 = FakeS3()
    s3.create_bucket(Bucket=BUCKET)

    def breaking() -> Iterator[bytes]:
        yield bytes(2 * PART)
        raise RuntimeError("the source broke")

    files = Files(s3, BUCKET)
    files.put(KEY, b"before", "text/csv")
    with pytest.raises(RuntimeError):
        files.put(KEY, breaking(), "text/csv")
    assert whole(files.open(KEY)) == b"before"


def test_a_file_is_written_part_by_part(s3: Any) -> None:
    """By whoever has the upload's id; nothing is to be seen of it before it is complete."""
    upload = Files(s3, BUCKET).begin(KEY, "text/csv")
    etags = [Files(s3, BUCKET).put_part(KEY, upload, number, bytes(PART)) for number in (1, 2)]
    assert Files(s3, BUCKET).size(KEY) is None
    Files(s3, BUCKET).complete(KEY, upload, etags)
    assert Files(s3, BUCKET).size(KEY) == 2 * PART


def test_a_late_part_is_noticed() -> None:
    """Its upload was given up; S3 says so, moto breaks."""
    s3 = FakeS3()
    s3.create_bucket(Bucket=BUCKET)
    files = Files(s3, BUCKET)
    upload = files.begin(KEY, "text/csv")
    s3.abandon_uploads()
    with pytest.raises(UploadLost):
        files.put_part(KEY, upload, 1, b"late")
    with pytest.raises(UploadLost):
        files.complete(KEY, upload, [])


def test_a_part_that_another_has_replaced_is_noticed(s3: Any) -> None:
    """The file would hold what its writer does not know."""
    files = Files(s3, BUCKET)
    upload = files.begin(KEY, "text/csv")
    etag = files.put_part(KEY, upload, 1, b"mine")
    files.put_part(KEY, upload, 1, b"another's")
    with pytest.raises(UploadLost):
        files.complete(KEY, upload, [etag])


def test_other_refusals_are_what_they_are(s3: Any) -> None:
    """A part that is too small is a fault of ours."""
    files = Files(s3, BUCKET)
    upload = files.begin(KEY, "text/csv")
    etags = [files.put_part(KEY, upload, number, b"small") for number in (1, 2)]
    with pytest.raises(ClientError, match="EntityTooSmall"):
        files.complete(KEY, upload, etags)


class WithoutListing(FakeS3):
    """S3 as it answers those who may not list the bucket."""

    def head_object(self, *, Bucket: str, Key: str) -> Any:  # noqa: N803 - boto3's names
        """403, whether a missing object is missing or forbidden."""
        raise ClientError({"Error": {"Code": "403", "Message": "Forbidden"}}, "HeadObject")

    def get_object(self, *, Bucket: str, Key: str, **_: Any) -> Any:  # noqa: N803 - as above
        """The same."""
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "Access Denied"}}, "GetObject")


def test_what_may_not_be_listed_is_missing() -> None:
    """The functions may not list the bucket, so S3 answers 403 where there is no object."""
    files = Files(WithoutListing(), BUCKET)
    assert files.size(KEY) is None
    with pytest.raises(NotFound):
        files.open(KEY)


def test_a_removed_file_is_gone(s3: Any) -> None:
    """Removing what is not there is no fault."""
    files = Files(s3, BUCKET)
    files.put(KEY, b"a", "text/csv")
    files.delete(KEY)
    files.delete(KEY)
    assert files.size(KEY) is None


@given(st.lists(st.integers(0, 3 * PART // 2), max_size=6))
def test_parts_hold_every_byte_and_are_full_but_the_last(sizes: list[int]) -> None:
    """Whatever the pieces, parts are of one size, none is empty, and nothing is lost."""
    parts = [len(part) for part in _parts(bytes(size) for size in sizes)]
    assert sum(parts) == sum(sizes)
    assert all(size == PART for size in parts[:-1])
    assert 0 not in parts


def test_signed_requests_are_for_the_regional_address_and_say_how_long_they_are_good() -> None:
    """A bucket made a minute ago can be uploaded to: the global address would redirect, which no signature survives."""
    client = boto3.client(
        "s3",
        region_name="eu-west-1",
        aws_access_key_id="a",
        aws_secret_access_key="b",
        config=Config(**CLIENT_OPTIONS),
    )
    files = Files(client, BUCKET)
    signed = files.signed_put(KEY, "text/csv", expires=900)
    url = urlsplit(signed.url)
    assert (signed.method, signed.headers) == ("PUT", {"Content-Type": "text/csv"})
    assert (url.hostname, url.path) == (f"{BUCKET}.s3.eu-west-1.amazonaws.com", f"/{KEY}")
    assert parse_qs(url.query)["X-Amz-Expires"] == ["900"]
    assert parse_qs(url.query)["X-Amz-SignedHeaders"] == ["content-type;host"]
    download = parse_qs(urlsplit(files.signed_get(KEY, "refused.csv", expires=60)).query)
    assert download["response-content-disposition"] == ['attachment; filename="refused.csv"']
