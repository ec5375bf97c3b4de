"""`/v1/purges`: what is due and goes; `/v1/certificates`: the proof of what has gone."""

from typing import Literal
from uuid import UUID

from flask import Response, url_for
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field, StrictBool

from api import context
from api.problems import documented
from api.v1.policies import FOR_COMPLIANCE
from api.v1.shapes import SECURITY, Parameters, answer, body_of, json_body
from archive.model.interaction import Frozen
from archive.model.moment import Moment
from policies.purging.answers import (
    CertificateAnswer,
    CertificatesAnswer,
    PurgeAnswer,
    PurgeRunAnswer,
    PurgesAnswer,
)
from policies.purging.desk import PurgeDesk
from policies.purging.opening import purge_desk

PDF = "application/pdf"
NOTE = "text/plain"

blueprint = APIBlueprint(
    "purges",
    __name__,
    url_prefix="/v1/purges",
    abp_tags=[Tag(name="purges", description="The destruction of what is due.")],
    abp_security=SECURITY,
)
certificates = APIBlueprint(
    "certificates",
    __name__,
    url_prefix="/v1/certificates",
    abp_tags=[Tag(name="certificates", description="What was destroyed, signed.")],
    abp_security=SECURITY,
)


class NewPurge(Frozen):
    """What is to be purged: what is due as of a time, or as of now.

    A time to come is for a dry run, or for a sandbox.
    """

    dry_run: StrictBool = False
    at: Moment | None = None


BODIES: tuple[type[BaseModel], ...] = (NewPurge, CertificateAnswer)


class PurgePath(BaseModel):
    """Which purge or certificate is meant."""

    id: UUID = Field(description="Its id.")


class PageParameters(Parameters):
    """A page of a list, the newest first."""

    limit: int = Field(default=50, ge=1, le=1000, description="How many a page holds.")
    cursor: int | None = Field(
        default=None, ge=1, le=2**63 - 1, description="What the last page gave."
    )


class FormParameters(Parameters):
    """How a certificate is written."""

    form: Literal["json", "pdf", "document", "note"] = Field(
        default="json",
        description="As JSON with its signature; as a page; or as a file of its own what was "
        "signed, to the byte, and the signed note.",
    )


@blueprint.get(
    "",
    responses={"200": PurgesAnswer, **documented(400, 401, 403, 500, 503)},
)
def everything(query: PageParameters) -> Response:
    """List purges."""
    return answer(_desk().purges(context.actor(), query.limit, query.cursor))


@blueprint.post(
    "",
    responses={
        "200": PurgeRunAnswer,
        "202": PurgeRunAnswer,
        **documented(400, 401, 403, 409, 413, 415, 500, 503),
    },
    description="200 for a dry run, which alters nothing, and where nothing is to go. 202 when the "
    "purge is planned: the leading worker begins it within a minute, and its address tells how far "
    "it is. 409 while another is under way. `trail` is the purge of the audit trail that follows; "
    "where no record is to go, the address is its own.",
    openapi_extensions=json_body(NewPurge),
)
def purge() -> Response:
    """Purge what is due, or say what would be purged."""
    wanted, actor = body_of(NewPurge), context.actor()
    if wanted.dry_run:
        return answer(_desk().dry_run(actor, FOR_COMPLIANCE, wanted.at))
    planned = _desk().request(actor, wanted.at)
    begun = planned.id or planned.trail.id
    if begun is None:
        return answer(planned)
    response = answer(planned, 202)
    response.headers["Location"] = url_for("purges.show", id=begun)
    return response


@blueprint.get(
    "/<uuid:id>",
    responses={"200": PurgeAnswer, **documented(400, 401, 403, 404, 500, 503)},
)
def show(path: PurgePath) -> Response:
    """Say what a purge did, and how far it is."""
    return answer(_desk().purge(context.actor(), path.id))


@certificates.get(
    "",
    responses={"200": CertificatesAnswer, **documented(400, 401, 403, 500, 503)},
)
def every_certificate(query: PageParameters) -> Response:
    """List certificates of destruction."""
    return answer(_desk().certificates(context.actor(), query.limit, query.cursor))


@certificates.get(
    "/<uuid:id>",
    responses={
        "200": {
            "description": "The certificate with its signature; with `form=pdf` as a page, with "
            "`form=document` its canonical JSON alone, with `form=note` the signed note alone.",
            "content": {
                "application/json": {
                    "schema": {
                        "anyOf": [
                            {"$ref": "#/components/schemas/CertificateAnswer"},
                            {"$ref": "#/components/schemas/Certificate"},
                        ]
                    }
                },
                PDF: {"schema": {"type": "string", "format": "binary"}},
                NOTE: {"schema": {"type": "string"}},
            },
        },
        **documented(400, 401, 403, 404, 500, 503),
    },
)
def certificate(path: PurgePath, query: FormParameters) -> Response:
    """Read a certificate of destruction."""
    found = _desk().certificate(context.actor(), path.id)
    if query.form == "json":
        return answer(found)
    if query.form == "document":
        response, ending = Response(found.document, mimetype="application/json"), "json"
    elif query.form == "note":
        response, ending = Response(found.note, mimetype=NOTE), "note.txt"
    else:
        # What lays out pages is loaded where one is asked for.
        from policies.purging.page import pdf_of

        response, ending = Response(pdf_of(found), mimetype=PDF), "pdf"
    name = f"certificate-{path.id}.{ending}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _desk() -> PurgeDesk:
    return purge_desk(context.archive())
