"""`/v1/interactions`: capture one, and read one with its original and its history."""

import base64
import itertools
import re
import unicodedata
from urllib.parse import quote

from flask import Response, request, url_for
from flask_openapi3.blueprint import APIBlueprint
from werkzeug.http import dump_options_header

from api import context, idempotency
from api.problems import REJECTED, ProblemError, documented
from api.v1.shapes import (
    INTERACTIONS,
    SECURITY,
    AsOfParameters,
    AttachmentParameters,
    IdempotencyHeader,
    InteractionPath,
    PurposeHeader,
    SimilarParameters,
    VersionParameters,
    answer,
    require_media_type,
)
from archive.access.answers import HistoryAnswer, Original, ProofAnswer, RecordAnswer
from archive.access.search_answers import SimilarAnswer
from archive.capture.answers import CaptureResult

JSON_TYPES = ("application/json",)
_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)
_UNQUOTED = "!#$&+-.^_`|~"
"""What RFC 8187 lets stand as it is, beside letters and digits."""

blueprint = APIBlueprint(
    "interactions",
    __name__,
    url_prefix="/v1/interactions",
    abp_tags=[INTERACTIONS],
    abp_security=SECURITY,
)

_INTERACTION_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/IncomingInteraction"}}
        },
    }
}


@blueprint.post(
    "",
    responses={
        "201": CaptureResult,
        "200": CaptureResult,
        **documented(400, 401, 403, 409, 413, 415, 422, 503),
    },
    description="201 when it is archived now, 200 when it was already here or has been erased. "
    "The bytes sent are kept as the original unless the interaction brings one.",
    openapi_extensions=_INTERACTION_BODY,
)
def capture_one(header: IdempotencyHeader) -> Response:
    """Capture one interaction."""
    require_media_type(JSON_TYPES)
    actor, intake = context.actor(), context.archive().intake
    # Whoever may not is told before any of the body is waited for.
    intake.allow(actor)
    body = request.get_data(cache=False)
    with idempotency.claimed(header.idempotency_key, body):
        (result,) = intake.capture(actor, [body])
        if result.status == "rejected":
            raise ProblemError(REJECTED, result.reason or "The interaction was refused.")
    response = answer(result, 201 if result.status == "archived" else 200)
    if result.id is not None:
        response.headers["Location"] = url_for("interactions.show", id=result.id)
    return response


@blueprint.get(
    "/<uuid:id>",
    responses={"200": RecordAnswer, **documented(400, 401, 403, 404, 410, 500, 503)},
    description="The record as it stands now, or as it stood; the read is audited with its "
    "purpose.",
)
def show(path: InteractionPath, query: AsOfParameters, header: PurposeHeader) -> Response:
    """Read one interaction."""
    purpose = context.purpose(header.muniment_purpose)
    shown = context.archive().access.show(context.actor(), purpose, path.id, as_of=query.as_of)
    return answer(shown)


@blueprint.get(
    "/<uuid:id>/original",
    responses={
        "200": {
            "description": "The captured bytes, unchanged, as an attachment; Repr-Digest (RFC "
            "9530) gives their SHA-256.",
            "content": {"*/*": {}},
        },
        **documented(400, 401, 403, 404, 410, 500, 503),
    },
)
def original(path: InteractionPath, query: AsOfParameters, header: PurposeHeader) -> Response:
    """Download the captured bytes of one interaction."""
    purpose = context.purpose(header.muniment_purpose)
    access = context.archive().access
    return download(access.original(context.actor(), purpose, path.id, as_of=query.as_of))


@blueprint.get(
    "/<uuid:id>/attachment",
    responses={
        "200": {
            "description": "The bytes of one attachment, to be saved as a file; Repr-Digest (RFC "
            "9530) gives the SHA-256 that they must have.",
            "content": {"*/*": {}},
        },
        **documented(400, 401, 403, 404, 410, 500, 503),
    },
)
def attachment(
    path: InteractionPath, query: AttachmentParameters, header: PurposeHeader
) -> Response:
    """Download one attachment of one interaction."""
    purpose = context.purpose(header.muniment_purpose)
    access = context.archive().access
    actor, part = context.actor(), query.part
    return download(access.attachment(actor, purpose, path.id, part, as_of=query.as_of))


@blueprint.get(
    "/<uuid:id>/similar",
    responses={"200": SimilarAnswer, **documented(400, 401, 403, 404, 410, 500, 503)},
    description="The likest first, by the rarer words that they share; as of now.",
)
def similar(path: InteractionPath, query: SimilarParameters, header: PurposeHeader) -> Response:
    """Find the records that are likest to one."""
    purpose = context.purpose(header.muniment_purpose)
    found = context.archive().access.similar(context.actor(), purpose, path.id, limit=query.limit)
    return answer(found)


@blueprint.get(
    "/<uuid:id>/history",
    responses={"200": HistoryAnswer, **documented(400, 401, 403, 404, 500, 503)},
    description="Its events, oldest first, without content; an erased record keeps its history.",
)
def history(path: InteractionPath, header: PurposeHeader) -> Response:
    """List the events of one interaction."""
    purpose = context.purpose(header.muniment_purpose)
    return answer(context.archive().access.history(context.actor(), purpose, path.id))


@blueprint.get(
    "/<uuid:id>/proof",
    responses={"200": ProofAnswer, **documented(400, 401, 403, 404, 500, 503)},
    description="That it is in the log, and what opens its evidence: a read of its content, "
    "audited as such. Of an erased record `evidence` is null, and the proof still holds.",
)
def prove(path: InteractionPath, query: VersionParameters, header: PurposeHeader) -> Response:
    """Prove that one interaction is in the log."""
    purpose = context.purpose(header.muniment_purpose)
    access = context.archive().access
    return answer(access.prove(context.actor(), purpose, path.id, version=query.version))


def download(original: Original) -> Response:
    """Answer with captured bytes so that no browser shows or runs them.

    The first bytes are read before the answer begins, so that what fails at once is told as a
    problem; a later failure breaks the connection short of Content-Length.
    """
    chunks = iter(original.chunks)
    first = next(chunks, b"")
    response = Response(itertools.chain((first,), chunks))
    info = original.info
    media_type = info.media_type if _MEDIA_TYPE.fullmatch(info.media_type) else ""
    digest = base64.b64encode(bytes.fromhex(info.sha256)).decode()
    response.headers["Content-Type"] = media_type or "application/octet-stream"
    response.headers["Content-Length"] = str(info.size)
    response.headers["Content-Disposition"] = _saved_as(original.filename)
    response.headers["Repr-Digest"] = f"sha-256=:{digest}:"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    close = getattr(original.chunks, "close", None)
    if close is not None:
        response.call_on_close(close)
    return response


def _saved_as(name: str) -> str:
    """Return the header by which a browser saves under a name (RFC 6266).

    Where that is not ASCII, another stands before it for what does not read RFC 8187.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    names = {"filename": plain}
    if not name.isascii():
        names["filename*"] = f"UTF-8''{quote(name, safe=_UNQUOTED)}"
    return dump_options_header("attachment", names)
