"""`/v1/interactions/bulk`: lines in, one line out for each, both while the other still runs.

Memory holds four batches: those under way, and one that is gathered. Every line that has been
answered is durable; when the archive fails on the way, the last line says from where on nothing is
promised: nothing is lost in silence.
"""

import json
import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import Response, request, stream_with_context
from flask_openapi3.blueprint import APIBlueprint

from api import context, log, problems
from api.bodies import Arriving, Readable
from api.gathering import Gathering
from api.lines import Line, read_lines
from api.problems import documented
from api.v1.shapes import INTERACTIONS, SECURITY, require_media_type
from archive.capture.answers import CaptureResult
from archive.capture.intake import Archived, Outcome
from archive.errors import MunimentError
from archive.model.roles import Actor

if TYPE_CHECKING:
    from archive.opening import Archive

NDJSON_TYPES = (
    "application/x-ndjson",
    "application/ndjson",
    "application/jsonl",
    "application/json",
)
LINE_LIMIT = 64 * 1024 * 1024
BATCH_LINES = 2_000
BATCH_BYTES = 8 * 1024 * 1024
# One batch is read and checked while the one before is committed. If both come to be committed
# together, a third keeps one of the two halves from standing still.
BATCHES_AT_ONCE = 3

blueprint = APIBlueprint(
    "bulk",
    __name__,
    url_prefix="/v1/interactions",
    abp_tags=[INTERACTIONS],
    abp_security=SECURITY,
)

_NDJSON = {"application/x-ndjson": {"schema": {"type": "string"}}}


@blueprint.post(
    "/bulk",
    responses={
        "200": {
            "description": "NDJSON: for each line of the request `line` (from 1), `status` "
            "(archived, already, erased, rejected), `id`, `seq` and `reason`. A last line of "
            "status `failed` says from which line on nothing is promised.",
            "content": _NDJSON,
        },
        **documented(400, 401, 403, 415, 503),
    },
    description="One interaction a line, as `POST /v1/interactions` takes it. Lines of white "
    "space are passed over. Results come in batches, the last about a second after its lines: do "
    "not wait for each before sending on.",
    openapi_extensions={"requestBody": {"required": False, "content": _NDJSON}},
)
def capture_many() -> Response:
    """Capture many interactions."""
    require_media_type(NDJSON_TYPES)
    # Whoever may not is told before any of the body is waited for, or one of the places is held.
    context.archive().intake.allow(context.actor())
    results = _results(Arriving(request.environ["wsgi.input"], context.clock()))
    first = next(results, "")
    return Response(stream_with_context(_joined(first, results)), mimetype="application/x-ndjson")


def _joined(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _results(stream: Readable) -> Iterator[str]:
    """Yield the answer of one batch at a time, as NDJSON.

    What fails before anything was answered is raised and becomes a problem document.
    """
    archive, limits, look = context.archive(), context.door().limits, context.actor_anew()
    answered = 0
    # Batches that were read at once would be committed at once too, and nothing would overlap.
    reading = Lock()
    with limits.streams.taken(), ThreadPoolExecutor(BATCHES_AT_ONCE) as pool:
        gathering = Gathering(
            read_lines(stream, longest=LINE_LIMIT),
            lambda batch: pool.submit(_captured, archive, look, batch, reading),
            count=BATCH_LINES,
            size=BATCH_BYTES,
            at_once=BATCHES_AT_ONCE,
        )
        with gathering:
            try:
                for last, results in gathering.answers():
                    yield results
                    answered = last
            except Exception as error:
                if not answered:
                    raise
                yield _failed(answered + 1, error)


def _captured(
    archive: "Archive", look: Callable[[], Actor], batch: Sequence[Line], reading: Lock
) -> str:
    lines = [line.data for line in batch if line.data is not None]
    with archive.brake.bulk():
        with reading:
            archive.brake.hold_up()
            # An upload may last for hours, and end in the middle with its user or token.
            read = archive.intake.read(look(), lines)
        results = iter(archive.intake.commit(read))
    return "".join(
        _answered(line.number, _TOO_LONG if line.data is None else next(results)) for line in batch
    )


def _answered(line: int, outcome: Outcome) -> str:
    if isinstance(outcome, Archived):
        # What the model of it would write; nearly every line of a bulk is answered so.
        id = UUID(bytes=outcome.originator)
        return f'{{"line":{line},"status":"archived","id":"{id}","seq":{outcome.seq}}}\n'
    return f'{{"line":{line},{outcome.model_dump_json(exclude_none=True)[1:]}\n'


_TOO_LONG = CaptureResult(
    status="rejected", reason=f"The line is longer than {LINE_LIMIT // 1024 // 1024} MiB."
)


def _failed(line: int, error: Exception) -> str:
    known = isinstance(error, MunimentError)
    problem = (
        problems.of_error(error)
        if isinstance(error, MunimentError)
        else problems.of_kind(problems.INTERNAL, "An error that nobody foresaw.")
    )
    log.write(
        context.clock(),
        logging.WARNING if known else logging.ERROR,
        "bulk-failure",
        request_id=context.request_id(),
        line=line,
        error=type(error).__name__,
        through=log.places(error),
    )
    return _written(
        {
            "line": line,
            "status": "failed",
            "reason": f"{problem.detail} Nothing from this line on is promised; send it again.",
            "type": problem.type,
            "request_id": context.request_id(),
        }
    )


def _written(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"
