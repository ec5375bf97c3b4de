"""The search with its facets, and the overview of what there is."""

from flask import Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from api import context
from api.console import attention, facets
from api.console.asked import PAGE_LENGTHS, Asked
from api.console.site import sees_retention, signed_in
from archive.access.hits import sought
from archive.access.search_answers import SearchAnswer, SearchRequest
from archive.access.search_reports import HitReport, HitRequest
from archive.errors import InvalidError
from archive.model.roles import Permission, View
from archive.query.parser import parse

SORTS = {"-date": "Newest first", "date": "Oldest first", "relevance": "Best match first"}


def search() -> BaseResponse:
    """Show the search form, and what it finds once there is a query."""
    signed_in()
    asked = Asked.of(request.args)
    pseudonymised = context.purpose().view is View.PSEUDONYMISED
    if not asked.stated and Permission.SEARCH not in context.actor().permissions:
        # The first page for whoever may not search is one that they may see.
        seen = "console.overview" if sees_retention(context.actor()) else "console.status"
        return redirect(url_for(seen), 303)
    answer: SearchAnswer | None = None
    refused: InvalidError | None = None
    if asked.stated:
        try:
            answer = context.archive().access.search(
                context.actor(), context.purpose(), asked.request
            )
        except InvalidError as error:
            refused = error
    page = render_template(
        "search.html",
        asked=asked,
        answer=answer,
        refused=refused,
        # Relevance counts words that this view does not show.
        sorts={sort: SORTS[sort] for sort in SORTS if sort != "relevance" or not pseudonymised},
        page_lengths=PAGE_LENGTHS,
        groups=facets.groups(answer.facets or {}, asked, answer.total) if answer else (),
    )
    return Response(page, 400 if refused else 200)


def hits() -> Response:
    """Count what each term finds: terms of one's own, or those that a query looks for."""
    signed_in()
    written = request.args.get("terms", "")
    query = request.args.get("q", "")
    terms = tuple(line.strip() for line in written.splitlines() if line.strip())
    report: HitReport | None = None
    refused: InvalidError | None = None
    if terms or _looks_for_terms(query):
        asked = HitRequest(terms=terms, query=query)
        try:
            report = context.archive().hit_reports.report(context.actor(), context.purpose(), asked)
        except InvalidError as error:
            refused = error
    page = render_template("hits.html", query=query, terms=written, report=report, refused=refused)
    return Response(page, 400 if refused else 200)


def _looks_for_terms(query: str) -> bool:
    """Say whether a query looks for terms; of one that is wrong, the report says why."""
    try:
        return any(sought(parse(query)))
    except InvalidError:
        return True


def unsearchable() -> str:
    """List what no search finds by all of its words."""
    signed_in()
    after = request.args.get("after")
    page = context.archive().unsearchable.page(
        context.actor(), context.purpose(), limit=PAGE_LENGTHS[1], cursor=after
    )
    return render_template("unsearchable.html", page=page, after=after)


def overview() -> str:
    """Show what needs attention, to whoever governs or audits, and what the archive holds.

    That is counted by each facet, for those who may search; it is a search for everything.
    """
    signed_in()
    actor, purpose = context.actor(), context.purpose()
    points = attention.points() if sees_retention(actor) else None
    searches = Permission.SEARCH in actor.permissions and purpose.kind in actor.kinds
    if points is not None and not searches:
        return render_template("overview.html", points=points)
    everything = SearchRequest(facets=True, count=True)
    answer = context.archive().access.search(actor, purpose, everything)
    asked = Asked(everything.model_copy(update={"count": False, "limit": PAGE_LENGTHS[0]}))
    return render_template(
        "overview.html",
        points=points,
        answer=answer,
        asked=asked,
        groups=facets.overview(answer.facets or {}),
    )
