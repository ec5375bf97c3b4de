"""The audit trail as a page: filters in its address, entries below, exports and reports beside."""

from collections.abc import Iterator
from urllib.parse import urlencode

from flask import Response, render_template, request, url_for
from pydantic import ValidationError

from api import context, problems
from api.console.site import signed_in
from archive.errors import InvalidError, NotFoundError
from archive.model.roles import PURPOSES
from archive.trail.answers import TrailPage
from archive.trail.asked import TrailFilter, TrailRequest

PAGE_LENGTH = 50
_DAYS = ("since", "until")
_NAMES = (*TrailFilter.model_fields, "order", "cursor")


def audit() -> Response:
    """Show a page of the trail."""
    signed_in()
    stated = dict(_stated())
    page: TrailPage | None = None
    message, status = None, 200
    try:
        asked = TrailRequest.model_validate(_times(stated) | {"limit": PAGE_LENGTH})
        page = context.archive().trail.page(context.actor(), context.purpose(), asked)
    except (ValidationError, InvalidError, NotFoundError) as error:
        refused = (
            problems.of_validation(error)
            if isinstance(error, ValidationError)
            else problems.of_error(error)
        )
        message, status = refused.detail, refused.status
    filters = {name: value for name, value in stated.items() if name != "cursor"}
    onward = {**filters, "cursor": page.cursor} if page is not None and page.cursor else None
    shown = render_template(
        "audit.html",
        page=page,
        stated=filters,
        message=message,
        kinds=PURPOSES,
        export=urlencode({**_times(filters), "form": "csv"}, doseq=True),
        onward=onward and f"{url_for('console.audit')}?{urlencode(onward, doseq=True)}",
        cursor="cursor" in stated,
    )
    return Response(shown, status)


def _stated() -> Iterator[tuple[str, str | list[str]]]:
    """Yield what the address asks for, without fields that were left empty."""
    for name in _NAMES:
        values = [each.strip() for each in request.args.getlist(name) if each.strip()]
        if values:
            yield name, " ".join(values).split() if name == "action" else values[0]


def _times(stated: dict[str, str | list[str]]) -> dict[str, str | list[str]]:
    """Return days, as a browser sends them, as the time at which they begin in UTC."""
    begun = {
        name: f"{stated[name]}T00:00:00Z"
        for name in _DAYS
        if name in stated and "T" not in stated[name]
    }
    return {**stated, **begun}
