"""Timestamps of a time-stamping authority (RFC 3161): asking for one, and reading what one says.

The authority's signature is not checked here. Whom to trust is a question for whoever relies on the
time, who asks it with the authority's root certificate (docs/evidence.md).
"""

from dataclasses import dataclass
from datetime import datetime

from rfc3161_client import TimestampRequestBuilder, decode_timestamp_response
from rfc3161_client.base import HashAlgorithm
from rfc3161_client.tsp import PKIStatus

from archive.errors import CorruptError

_SHA256 = "2.16.840.1.101.3.4.2.1"
_GRANTED = (PKIStatus.GRANTED, PKIStatus.GRANTED_WITH_MODS)


@dataclass(frozen=True, slots=True)
class Query:
    """A TimeStampReq in DER, and the nonce that an answer to it must repeat."""

    data: bytes
    nonce: int


@dataclass(frozen=True, slots=True)
class Timestamp:
    """What a granted TimeStampResp says: of which SHA-256, when, and in answer to which nonce.

    `certified` says whether it brings a certificate, without which outsiders cannot check it.
    """

    digest: bytes
    time: datetime
    nonce: int | None
    certified: bool


def make_query(document: bytes) -> Query:
    """Return a query for the SHA-256 of a document, with a nonce, that wants a certificate."""
    builder = TimestampRequestBuilder().data(document).hash_algorithm(HashAlgorithm.SHA256)
    request = builder.nonce(nonce=True).cert_request(cert_request=True).build()
    nonce = request.nonce
    assert nonce is not None
    return Query(request.as_bytes(), nonce)


def read_timestamp(data: bytes) -> Timestamp:
    """Read an authority's answer; CorruptError if it is none, or grants no timestamp of a SHA-256.

    The message goes on a sentence: it says what the answer is.
    """
    try:
        answer = decode_timestamp_response(data)
        if answer.status not in _GRANTED:
            raise CorruptError(f"a refusal, with the status {answer.status}")
        info = answer.tst_info
        imprint = info.message_imprint
        found = Timestamp(
            imprint.message, info.gen_time, info.nonce, bool(answer.signed_data.certificates)
        )
        algorithm = imprint.hash_algorithm.dotted_string
    except (ValueError, OverflowError) as error:
        raise CorruptError("not an answer as RFC 3161 has them") from error
    if algorithm != _SHA256:
        raise CorruptError("not of a SHA-256")
    return found
