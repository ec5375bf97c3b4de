"""The API's own description: the OpenAPI document, and a page made from it on the server."""

import json
from typing import cast

from flask import Blueprint, Response, current_app, render_template
from flask_openapi3.openapi import OpenAPI

from api.described import Described, completed

blueprint = Blueprint("reference", __name__)


@blueprint.get("/openapi.json")
def document() -> Response:
    """Give the OpenAPI 3.1 document."""
    return Response(json.dumps(_document()), mimetype="application/json")


@blueprint.get("/docs")
def docs() -> str:
    """Show the OpenAPI document as a page."""
    described = _document()
    operations = [
        {"path": path, "method": method.upper(), **operation}
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    ]
    return render_template("docs.html", document=described, operations=operations)


def _document() -> Described:
    return completed(cast(OpenAPI, current_app).api_doc)
