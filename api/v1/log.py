"""`/v1/log`: what is asked of the log beyond its published files."""

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from pydantic import Field

from api import context
from api.problems import documented
from api.published import LOG
from api.v1.shapes import SECURITY, Parameters, answer
from archive.access.answers import ConsistencyAnswer
from archive.log.checkpoint import encode_hash

LARGEST = 2**63 - 1

blueprint = APIBlueprint(
    "log", __name__, url_prefix="/v1/log", abp_tags=[LOG], abp_security=SECURITY
)


class SizeParameters(Parameters):
    """Two sizes of the log in a URL."""

    first: int = Field(ge=0, le=LARGEST, description="The smaller one, in entries.")
    second: int = Field(ge=0, le=LARGEST, description="The larger one; none over the newest.")


@blueprint.get(
    "/consistency",
    responses={"200": ConsistencyAnswer, **documented(400, 401, 404, 500, 503)},
    description="Both may be any size up to that of the newest checkpoint.",
)
def consistency(query: SizeParameters) -> Response:
    """Prove that the log only grew between two sizes."""
    proof = context.archive().log.consistency(query.first, query.second)
    hashes = tuple(encode_hash(each) for each in proof)
    return answer(ConsistencyAnswer(first=query.first, second=query.second, hashes=hashes))
