"""Large bodies go to S3 in parts, several at once, and appear only when all of them are there."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from archive.bucket.s3_errors import answering
from archive.errors import ConfigurationError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

PART_SIZE = 8 * 1024 * 1024
"""Bytes; S3 takes 10,000 parts of at least 5 MiB, so a streamed body may have 80 GiB."""
_PARTS_AT_ONCE = 4


def version_of(answer: Mapping[str, Any]) -> str:
    """Return the version that an answer of the server is about.

    Raises `ConfigurationError` when it names none: the bucket has stopped keeping versions.
    """
    version: str | None = answer.get("VersionId")
    if version is None:
        raise ConfigurationError(
            "The bucket does not keep versions any more: switch them on again."
        )
    return version


def parts_of(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Cut a body into parts of `PART_SIZE`, the last one shorter; an empty body is one part."""
    waiting = bytearray()
    given = False
    for piece in pieces:
        waiting += piece
        while len(waiting) > PART_SIZE:
            yield bytes(waiting[:PART_SIZE])
            del waiting[:PART_SIZE]
            given = True
    if waiting or not given:
        yield bytes(waiting)


def upload(
    client: "S3Client",
    place: Mapping[str, str],
    parts: Iterator[bytes],
    options: Mapping[str, Any],
) -> str:
    """Upload parts as the object at `place` (`Bucket` and `Key`) and return its version.

    Memory holds the parts that are on their way. When anything fails, an error of `parts` too,
    the upload is aborted; if the server does not hear even that, the parts stay there unseen.
    """
    name = place["Key"]
    with answering(f"put of {name}", name):
        made = client.create_multipart_upload(**place, **options)  # type: ignore[arg-type]
    upload_id = made["UploadId"]

    def send(number: int, part: bytes) -> "CompletedPartTypeDef":
        with answering(f"put of {name}, part {number}", name):
            sent = client.upload_part(
                Bucket=place["Bucket"],
                Key=name,
                UploadId=upload_id,
                PartNumber=number,
                Body=part,
            )
        return {"ETag": sent["ETag"], "PartNumber": number}

    pool = ThreadPoolExecutor(_PARTS_AT_ONCE, thread_name_prefix="part")
    waiting: deque[Future[CompletedPartTypeDef]] = deque()
    done: list[CompletedPartTypeDef] = []
    try:
        for number, part in enumerate(parts, 1):
            waiting.append(pool.submit(send, number, part))
            if len(waiting) > _PARTS_AT_ONCE:
                done.append(waiting.popleft().result())
        done += [each.result() for each in waiting]
        with answering(f"put of {name}", name):
            answer = client.complete_multipart_upload(
                Bucket=place["Bucket"],
                Key=name,
                UploadId=upload_id,
                MultipartUpload={"Parts": done},
            )
        return version_of(answer)
    except BaseException:
        pool.shutdown(cancel_futures=True)
        # The error that led here is the one to tell. Parts that stay cost space and nothing else;
        # docs/operations.md names the rule by which a bucket removes them.
        with suppress(ClientError, BotoCoreError):
            client.abort_multipart_upload(Bucket=place["Bucket"], Key=name, UploadId=upload_id)
        raise
    finally:
        pool.shutdown()
