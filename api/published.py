"""`/log/…`: the published log, in the form of C2SP tlog-tiles, for everybody."""

from collections.abc import Callable
from typing import Any

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from api import context
from api.problems import documented
from archive.bucket.names import (
    LOG_CHECKPOINT,
    LOG_CHECKPOINTS,
    LOG_TILES,
    LOG_TIMESTAMPS,
    LOG_VKEY,
    parse_checkpoint_name,
    parse_timestamp_name,
)
from archive.errors import InvalidError, NotFoundError
from archive.log.tiles import parse_path

TEXT = "text/plain; charset=utf-8"
BYTES = "application/octet-stream"
TIMESTAMP = "application/timestamp-reply"
# The bytes under a name that ends in a size or a width never change; the newest checkpoint does.
FOR_EVER = "public, max-age=31536000, immutable"
FOR_A_MOMENT = "public, max-age=1"
FOR_AN_HOUR = "public, max-age=3600"

LOG = Tag(name="log", description="The log that anybody can check.")

blueprint = APIBlueprint(
    "published",
    __name__,
    url_prefix="/log",
    abp_tags=[LOG],
    abp_responses=documented(400, 404, 503),
)


class NamePath(BaseModel):
    """Which checkpoint is meant."""

    name: str = Field(description="Its size and its root, as `SIZE-HEX`.")


class TimestampPath(BaseModel):
    """Which timestamp is meant."""

    timestamp: str = Field(description="That of its checkpoint with an ending, as `SIZE-HEX.tsr`.")


class TilePath(BaseModel):
    """Which tile or entry bundle is meant."""

    path: str = Field(description="As C2SP tlog-tiles writes it, as in `0/x001/234.p/5`.")


def _gives(
    media_type: str, description: str
) -> dict[int | str, type[BaseModel] | dict[Any, Any] | None]:
    content = {media_type.partition(";")[0]: {"schema": {"type": "string"}}}
    return {"200": {"description": description, "content": content}}


@blueprint.get("/checkpoint", responses=_gives(TEXT, "A signed note."))
def checkpoint() -> Response:
    """Give the newest checkpoint."""
    return _object(LOG_CHECKPOINT, TEXT, FOR_A_MOMENT)


@blueprint.get("/vkey", responses=_gives(TEXT, "NAME+ID+KEY."))
def vkey() -> Response:
    """Give the key that checkpoints are verified with."""
    return _object(LOG_VKEY, TEXT, FOR_AN_HOUR)


@blueprint.get("/checkpoints/<name>", responses=_gives(TEXT, "A signed note."))
def earlier(path: NamePath) -> Response:
    """Give a checkpoint of any time."""
    name = f"{LOG_CHECKPOINTS}{path.name}"
    _require_name(name, parse_checkpoint_name, "checkpoint")
    return _object(name, TEXT, FOR_EVER)


@blueprint.get("/timestamps/<timestamp>", responses=_gives(TIMESTAMP, "A TimeStampResp, RFC 3161."))
def timestamp(path: TimestampPath) -> Response:
    """Give the timestamp of a checkpoint, if it has one."""
    name = f"{LOG_TIMESTAMPS}{path.timestamp}"
    _require_name(name, parse_timestamp_name, "timestamp")
    return _object(name, TIMESTAMP, FOR_AN_HOUR)


@blueprint.get("/tile/<path:path>", responses=_gives(BYTES, "Hashes, or entries."))
def tile(path: TilePath) -> Response:
    """Give a tile, or an entry bundle."""
    parse_path(path.path)
    return _object(f"{LOG_TILES}{path.path}", BYTES, FOR_EVER)


def _require_name(name: str, parse: Callable[[str], object], what: str) -> None:
    try:
        parse(name)
    except InvalidError as error:
        raise NotFoundError(f"There is no such {what}.") from error


def _object(name: str, media_type: str, kept: str) -> Response:
    response = Response(context.archive().log.object(name), content_type=media_type)
    response.headers["Cache-Control"] = kept
    return response
