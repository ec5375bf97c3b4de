"""Some hundred hostile lines and requests, against the application itself: none makes an error.

`scripts/shows/05-hostile-inputs` sends thousands, to a real service and by import.
"""

import io
import re
from urllib.parse import unquote_to_bytes

from api.app import create_app
from archive.creating import register_user
from archive.model.roles import Role
from scripts.support import matrix
from scripts.support.hostile import Maker
from scripts.support.hostile_requests import RequestMaker
from tests.archive.house import found

SEED = 11
QUICK = ("bomb", "bomb_line", "deep", "members")


def test_every_line_has_its_result_and_none_that_is_good_is_lost(archive):
    client = create_app(lambda: archive).test_client()
    lines = [thing for thing in Maker(SEED).lines(150) if thing.kind not in QUICK]
    answer = client.post(
        "/v1/interactions/bulk",
        data=b"\n".join(thing.data for thing in lines),
        content_type="application/x-ndjson",
        headers={"Authorization": f"Bearer {register_user(archive, Role.COLLECTOR)}"},
    )
    results = answer.text.splitlines()
    assert len(results) == sum(bool(thing.data.strip()) for thing in lines)
    assert all(re.search(r'"status":"(archived|already)"|"reason":"[^"]', each) for each in results)
    archive.follow()
    words = [thing.good for thing in lines if thing.good]
    assert len(words) == 15
    assert [len(found(archive, word)) for word in words] == [1] * len(words)


def environ(data: bytes) -> dict[str, object]:
    """Read a request as a web server gives it to the application."""
    head, _, body = data.partition(b"\r\n\r\n")
    first, *fields = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ")
    path, _, query = target.partition("?")
    given: dict[str, object] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "wsgi.input": io.BytesIO(body),
    }
    for name, _, value in (field.partition(": ") for field in fields):
        key = name.upper().replace("-", "_")
        given[key if key.startswith("CONTENT_") else f"HTTP_{key}"] = value
    return given


def test_no_request_for_any_route_makes_an_error(archive):
    routes = sorted({(row.method, row.route) for row in matrix.rows()})
    client = create_app(lambda: archive).test_client()
    maker = RequestMaker(SEED, routes, register_user(archive, Role.LEGAL))
    for number in range(3 * len(routes)):
        given = environ(maker.asking(number).data)
        answer = client.open("/", environ_overrides=given)
        assert answer.status_code < 500 or answer.status_code == 503, given


def test_the_same_seed_makes_the_same_inputs():
    for kind in ("mails", "lines"):
        made = [list(getattr(Maker(SEED), kind)(20)) for _ in range(2)]
        assert made[0] == made[1]
        assert sum(thing.good is not None for thing in made[0]) == 2
