"""What the OpenAPI document says of every operation, written in one place.

Views declare what is particular to them. What any request may be answered, with which headers, and
which answers lead on to which operations, is added here, so that a new view cannot leave it out.
"""

from copy import deepcopy
from typing import Any

from api.context import REQUEST_ID
from api.problems import documented

Described = dict[str, Any]

_ANYWHERE = (400, 429, 431, 500, 503)
_SECURED = (401, 403)
_WITH_BODY = (408, 413, 415)
_NAMED = (404,)

_REQUEST_ID: Described = {
    "description": "Ties the answer to the service's log.",
    "required": True,
    "schema": {"type": "string", "format": "uuid"},
}
_HEADERS: dict[str, tuple[str, str, str]] = {
    "401": ("WWW-Authenticate", "How to say who asks.", "string"),
    "429": ("Retry-After", "When to come again, in seconds.", "integer"),
    "503": ("Retry-After", "When to come again, in seconds.", "integer"),
}

_LEADS_ON = (
    ("post", "/v1/interactions", "/id", ("/v1/interactions/{id}", "/v1/conversations/{id}")),
    ("get", "/v1/search", "/results/0/id", ("/v1/interactions/{id}", "/v1/conversations/{id}")),
    ("post", "/v1/users", "/id", ("/v1/users/{id}",)),
    ("post", "/v1/tokens", "/id", ("/v1/tokens/{id}",)),
)
"""Where an id comes from: method, path, its place in the answer, and the paths that take it."""


def completed(document: Described) -> Described:
    """Return an OpenAPI document with what holds for all of its operations."""
    whole = deepcopy(document)
    for path, operations in whole["paths"].items():
        for operation in operations.values():
            _answers(operation, "{" in path)
    for method, path, pointer, takers in _LEADS_ON:
        links = _links(whole["paths"], pointer, takers)
        for status, response in whole["paths"][path][method]["responses"].items():
            if status.startswith("2"):
                response["links"] = links
    return whole


def _answers(operation: Described, named: bool) -> None:
    """Add the refusals that an operation shares with others, and everybody's headers."""
    responses: Described = operation["responses"]
    statuses = (
        *_ANYWHERE,
        *(_SECURED if operation.get("security") else ()),
        *(_WITH_BODY if "requestBody" in operation else ()),
        *(_NAMED if named else ()),
    )
    for status, response in documented(*statuses).items():
        responses.setdefault(str(status), response)
    for status, response in responses.items():
        headers = response.setdefault("headers", {})
        headers[REQUEST_ID] = _REQUEST_ID
        if status in _HEADERS:
            name, description, kind = _HEADERS[status]
            schema = {"type": kind}
            headers[name] = {"description": description, "required": True, "schema": schema}
    operation["responses"] = dict(sorted(responses.items()))


def _links(paths: Described, pointer: str, takers: tuple[str, ...]) -> Described:
    return {
        operation["operationId"]: {
            "operationId": operation["operationId"],
            "parameters": {"id": f"$response.body#{pointer}"},
        }
        for path, operations in paths.items()
        if path.startswith(takers)
        for operation in operations.values()
    }
