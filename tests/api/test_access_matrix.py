"""Every endpoint and page by every role, by none, and by everybody who has no way in any more."""

from collections.abc import Iterator

import pytest

from scripts.support import matrix
from scripts.support.matrix import Row, World

ROWS = matrix.rows()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with matrix.world(tmp_path_factory.mktemp("matrix")) as world:
        yield world


def test_every_route_has_a_row(world: World) -> None:
    assert matrix.missing(world.app) == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_everybody_is_answered_as_the_table_says(world: World, row: Row) -> None:
    wrong = [
        f"{caller}: {answered}, not {expected}"
        for caller, expected, answered in world.answers(row)
        if answered != expected
    ]
    assert wrong == [], f"{row.name} (tests/api/access-matrix.txt)"


def test_nothing_but_what_is_open_answers_without_a_token() -> None:
    opened = {row.route for row in ROWS if row.expected[matrix.NOBODY] not in (303, 401)}
    # How pages look is everybody's to choose too; that answers 303, as being sent to sign in does.
    assert opened == {
        "/healthz",
        "/sign-in",
        "/sign-in/openid",
        "/sign-in/openid/return",
        "/static/<path:filename>",
        "/log/checkpoint",
        "/log/checkpoints/<name>",
        "/log/tile/<path:path>",
        "/log/timestamps/<timestamp>",
        "/log/vkey",
    }


def test_nobody_who_administers_reads() -> None:
    pages = ("/overview", "/interactions/", "/conversations/")
    reading = (*pages, "/v1/search", "/v1/interactions/<", "/v1/conversations/")
    of_content = [row for row in ROWS if row.method == "GET" and row.route.startswith(reading)]
    assert {each for each in reading for row in of_content if row.route.startswith(each)} == {
        *reading
    }
    assert {row.name for row in of_content if row.expected["administrator"] != 403} == set()


@pytest.mark.parametrize(
    "row",
    [row for row in ROWS if row.method not in matrix.SAFE and row.expected[matrix.NOBODY] == 401],
    ids=lambda row: row.name,
)
def test_a_session_alone_changes_nothing(world: World, row: Row) -> None:
    """A form without its secret is refused, and so is a session at the API."""
    assert world.ask_without_secret(row, "legal") == (403 if row.route[:4] != "/v1/" else 401)
