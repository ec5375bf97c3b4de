"""Who gets what answer at which door: every route asked by everybody, held against a table.

The table is `tests/api/access-matrix.txt`: a row for each route, and further ones where a route
answers differently for what is the caller's own, or for other purposes; a column for each caller.
`invalid` stands for everybody whose token or session is not good any more, or never was, who are
all asked and must all be answered alike.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from scripts.support.show import REPOSITORY

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.routing import Rule

    from api.sessions import SessionSealer
    from archive.opening import Archive

TABLE = REPOSITORY / "tests" / "api" / "access-matrix.txt"
ROLES = ("administrator", "compliance-officer", "legal", "trainer", "auditor", "collector")
NOBODY, INVALID = "nobody", "invalid"
COLUMNS = (NOBODY, INVALID, *ROLES)
INVALIDS = ("malformed", "foreign", "expired", "revoked", "disabled", "signed out")
"""Who has no way in: each is a caller, and all are the column `invalid`."""
ANY, OWN = "-", "own"
USUAL = "compliance"
PURPOSES = ("training", "compensation", "data-subject-request")
"""The cases that are purposes other than the usual one."""
SAFE = ("GET", "HEAD", "OPTIONS")
_PASSWORD = "correct horse battery"
_SESSION = "muniment_session"


@dataclass(frozen=True)
class Row:
    """What a route answers: a status for each column.

    `case` says whose things are asked for, or for which purpose what is read is read.
    """

    method: str
    route: str
    case: str
    expected: Mapping[str, int]

    @property
    def name(self) -> str:
        """The row as people call it."""
        return f"{self.method} {self.route}" + ("" if self.case == ANY else f" ({self.case})")

    @property
    def purpose(self) -> str:
        """Why the row's content is read."""
        return self.case if self.case in PURPOSES else USUAL


def rows(table: Path = TABLE) -> list[Row]:
    """Return the rows of the table; ValueError for a line that is none."""
    found = []
    for line in table.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        method, route, case, *statuses = line.split()
        if case not in (ANY, OWN, *PURPOSES) or len(statuses) != len(COLUMNS):
            raise ValueError(f"not a row of {table.name}: {line}")
        expected = dict(zip(COLUMNS, map(int, statuses), strict=True))
        found.append(Row(method, route, case, expected))
    return found


def routes(app: "Flask") -> set[tuple[str, str]]:
    """Return every method and route of an application."""
    return {
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def missing(app: "Flask") -> list[str]:
    """Say which routes have no row, and which rows no route; and what to do about it."""
    there, told = routes(app), {(row.method, row.route) for row in rows()}
    new = [
        f"{method} {route} has no row in {TABLE.name}. Add: {method} {route} - and the status for "
        f"each of {', '.join(COLUMNS)}. If it takes a body or a form, write that into BODIES in "
        "scripts/support/matrix.py."
        for method, route in sorted(there - told)
    ]
    gone = [
        f"{method} {route} is in {TABLE.name} and nowhere else" for method, route in told - there
    ]
    return new + sorted(gone)


@dataclass
class World:
    """An archive with a user for each role and each reason not to come in, and its doors."""

    archive: "Archive"
    app: "Flask"
    record: UUID
    checkpoint: str
    users: dict[str, UUID] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=count)
    alias: str = ""
    policy: str = ""
    old: UUID | None = None

    def answers(self, row: Row) -> Iterator[tuple[str, int, int]]:
        """Ask as everybody; yield each caller with the status expected and the one answered."""
        # Whoever has no way in changes nothing, so that what was made for one of them serves all.
        for_strangers = self._prepared(row, NOBODY)
        for caller in (NOBODY, *INVALIDS):
            column = NOBODY if caller == NOBODY else INVALID
            yield caller, row.expected[column], self._asked(row, caller, *for_strangers)
        for role in ROLES:
            yield role, row.expected[role], self.ask(row, role)

    def ask(self, row: Row, caller: str) -> int:
        """Ask once, as somebody would by this route, and return the status."""
        return self._asked(row, caller, *self._prepared(row, caller))

    def _prepared(self, row: Row, caller: str) -> tuple[str, dict[str, Any]]:
        """Make what is asked for; return its path, and the body to send."""
        owner = caller if row.case == OWN and caller in ROLES else "target"
        path = self._path(self._rule(row), owner)
        return path, BODIES.get((row.method, row.route), _json(None))(self, owner)

    def _asked(self, row: Row, caller: str, path: str, body: dict[str, Any]) -> int:
        client = self.app.test_client()
        if self._rule(row).endpoint.startswith("console."):
            return self._by_session(client, caller, row, path, body)
        headers = {"Muniment-Purpose": row.purpose}
        if caller in self.tokens:
            headers["Authorization"] = f"Bearer {self.tokens[caller]}"
        return client.open(path, method=row.method, headers=headers, **body).status_code

    def ask_without_secret(self, row: Row, caller: str) -> int:
        """Ask as a foreign page would: with the session's cookie, and with nothing else."""
        client = self.app.test_client()
        self._enter(client, caller)
        path = self._path(self._rule(row), "target")
        return client.open(path, method=row.method).status_code

    def _by_session(
        self, client: "FlaskClient", caller: str, row: Row, path: str, body: dict[str, Any]
    ) -> int:
        secret = ""
        if caller in ROLES:
            secret = self._enter(client, caller, row.purpose)
        elif caller in self.cookies:
            client.set_cookie(_SESSION, self.cookies[caller])
        if row.method not in SAFE:
            body = {"data": {"form_secret": secret, **body.get("data", {})}}
        headers = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
        return client.open(path, method=row.method, headers=headers, **body).status_code

    def _enter(self, client: "FlaskClient", caller: str, purpose: str = USUAL) -> str:
        """Give a client a session of its own, and return the secret of its forms."""
        session = self._sealer().begin(
            self.archive.entrance.sign_in_by_token(self.tokens[caller]), purpose
        )
        client.set_cookie(_SESSION, self._sealer().seal(session))
        return session.form_secret

    def _sealer(self) -> "SessionSealer":
        from api.sessions import SessionSealer

        return SessionSealer(self.archive.session_key(), self.archive.clock)

    def _rule(self, row: Row) -> "Rule":
        return next(
            rule
            for rule in self.app.url_map.iter_rules()
            if rule.rule == row.route and row.method in (rule.methods or ())
        )

    def _path(self, rule: "Rule", owner: str) -> str:
        about_users = "users" in rule.rule
        values: dict[str, object] = {
            "id": self.users[owner] if about_users else self.record,
            "name": self.checkpoint,
            "timestamp": f"{self.checkpoint}.tsr",
            "path": f"0/000.p/{self.checkpoint.partition('-')[0]}",
            "filename": "console.css",
        }
        if "token_id" in rule.arguments:
            values["token_id"] = self.token_of(owner)
        elif rule.rule.startswith("/v1/tokens/"):
            values["id"] = self.token_of(owner)
        elif rule.rule.startswith(("/v1/searches/", "/searches/")):
            values["id"] = self.saved_search(owner)
        elif "/people/" in rule.rule:
            values["id"] = self.person()
        elif "/policies/" in rule.rule:
            values["id"] = self.policy_for(rule.rule.rpartition("/")[2])
        elif "/audit/retention" in rule.rule:
            self.settle_trail(pending=rule.rule.endswith(("/approve", "/withdraw")))
        elif "/retention-events/" in rule.rule:
            values["id"] = self.retention_event_for(rule.rule.rpartition("/")[2])
        elif "/dispositions/" in rule.rule:
            values["id"] = 1
        elif "/holds/" in rule.rule:
            values["id"] = self.new_hold()
        elif "/erasures/" in rule.rule:
            values["id"] = self.new_case()
        elif "/access-requests/" in rule.rule:
            values["id"] = self.new_access_request()
        elif "/matters/" in rule.rule:
            values["id"] = self.new_matter(closed=rule.rule.endswith("/reopen"))
        adapter = self.app.url_map.bind("localhost")
        return adapter.build(rule.endpoint, {name: values[name] for name in rule.arguments})

    def saved_search(self, owner: str) -> UUID:
        """Return the id of a new search that somebody saved and shares."""
        from dataclasses import replace

        from archive.access.saved import NewSearch
        from archive.events.audit import FOR_OPERATIONS
        from archive.model.roles import LOCAL_ACTOR

        saver = replace(LOCAL_ACTOR, id=str(self.users[owner]))
        new = NewSearch(name="Fees", query="channel:chat", shared=True)
        return self.archive.saved_searches.save(saver, FOR_OPERATIONS, new).id

    def person(self) -> UUID:
        """Return the id of a new person, whose one alias is then in `alias`."""
        from archive.events.audit import FOR_OPERATIONS
        from archive.model.roles import LOCAL_ACTOR

        self.alias = f"someone{next(self.numbers)}@example.com"
        desk = self.archive.people_desk
        return desk.record(LOCAL_ACTOR, FOR_OPERATIONS, "Someone", [self.alias]).id

    def policy_for(self, act: str) -> str:
        """Return the name of a new policy that an act can be done to, which is then in `policy`."""
        from archive.events.policy_events import Terms
        from archive.model.roles import LOCAL_ACTOR
        from policies.desk import governance_of

        name = self.policy = f"policy-{next(self.numbers)}"
        period = "maximum" if act == "approve" else "minimum"
        pending = act in ("withdraw", "simulate")
        fields = {**_policy(name), "delay": "7d" if pending else "0d"}
        del fields["minimum"]
        governance_of(self.archive).propose(
            LOCAL_ACTOR, Terms.model_validate({**fields, period: "3y"})
        )
        return name

    def settle_trail(self, *, pending: bool) -> None:
        """Let a change of how long the trail is kept be pending, or none."""
        from archive.model.period import Period
        from archive.model.roles import LOCAL_ACTOR
        from policies.trail.desk import trail_governance

        governance = trail_governance(self.archive)
        if governance.book(LOCAL_ACTOR).pending(self.archive.clock.now()):
            governance.withdraw(LOCAL_ACTOR)
        if pending:
            governance.propose(LOCAL_ACTOR, Period(7, "y"))

    def retention_event_for(self, act: str) -> UUID:
        """Return the id of a new retention event that an act can be done to."""
        from dataclasses import replace

        from archive.model.roles import LOCAL_ACTOR
        from policies.retention_events.answers import NewRetentionEvent
        from policies.retention_events.desk import retention_event_desk

        wanted = NewRetentionEvent.model_validate(_retention_event(f"case-{next(self.numbers)}"))
        desk = retention_event_desk(self.archive)
        event = desk.record(LOCAL_ACTOR, wanted)
        if act in ("correct", "cancel"):
            desk.approve(replace(LOCAL_ACTOR, id=str(self.users["compliance-officer"])), event.id)
        return event.id

    def new_hold(self) -> str:
        """Return the name of a new hold."""
        from archive.model.roles import LOCAL_ACTOR
        from policies.holds.answers import HoldRequest
        from policies.holds.desk import hold_desk

        wanted = HoldRequest.model_validate(_hold(f"hold-{next(self.numbers)}"))
        return hold_desk(self.archive).place(LOCAL_ACTOR, wanted).name

    def new_case(self) -> UUID:
        """Return the id of a new case of erasure; `old` is decided to be erased by it."""
        from archive.model.roles import LOCAL_ACTOR
        from policies.erasures.answers import CaseDecision
        from policies.erasures.opening import erasure_desk
        from policies.requests.answers import CaseRequest

        # One that no policy, no hold and no case of another row reaches.
        person = f"asker{next(self.numbers)}"
        line = _line(person, "Please forget me.", person)
        (captured,) = self.archive.intake.capture(LOCAL_ACTOR, [line])
        self.old = captured.id or self.record
        self.archive.follow()
        desk = erasure_desk(self.archive)
        case = desk.open(LOCAL_ACTOR, CaseRequest.read(_case(self, person)))
        desk.decide(LOCAL_ACTOR, case.id, CaseDecision.read({}))
        return case.id

    def new_access_request(self) -> UUID:
        """Return the id of a new request for access, decided by `local`; `old` is in it."""
        from archive.model.roles import LOCAL_ACTOR
        from policies.access_requests.answers import AccessDecision
        from policies.access_requests.opening import access_request_desk
        from policies.requests.answers import CaseRequest

        person = f"asker{next(self.numbers)}"
        line = _line(person, "What do you know of me?", person)
        (captured,) = self.archive.intake.capture(LOCAL_ACTOR, [line])
        self.old = captured.id or self.record
        self.archive.follow()
        desk = access_request_desk(self.archive)
        case = desk.open(LOCAL_ACTOR, CaseRequest.read(_case(self, person)))
        desk.decide(LOCAL_ACTOR, case.id, AccessDecision.read({}))
        return case.id

    def new_matter(self, *, closed: bool) -> str:
        """Return the code of a new matter."""
        from archive.matters.answers import MatterRequest
        from archive.model.roles import LOCAL_ACTOR

        desk, code = self.archive.matter_desk, f"matter-{next(self.numbers)}"
        desk.create(LOCAL_ACTOR, MatterRequest.model_validate(_matter(code)))
        if closed:
            desk.close(LOCAL_ACTOR, code, "it is over")
        return code

    def token_of(self, owner: str) -> str:
        """Return the id of a new token of somebody's."""
        from archive.model.roles import LOCAL_ACTOR

        return self.archive.administration.issue_token(LOCAL_ACTOR, str(self.users[owner]))[1].id


Body = Callable[[World, str], dict[str, Any]]


def _json(value: object) -> Body:
    return lambda *_: {} if value is None else {"json": value}


def _form(**fields: object) -> Body:
    return lambda *_: {"data": fields}


def _line(
    native_id: str = "1",
    text: str = "The guarantee is in the side letter.",
    author: str = "ann",
    **changes: Any,
) -> bytes:
    return json.dumps(
        changes
        | {
            "source": "desk",
            "native_id": native_id,
            "channel": "chat",
            "occurred_at": "2024-05-06T07:08:09Z",
            "participants": [{"role": "author", "address": f"{author}@example.com"}],
            "text": text,
            "html": f"<p><b>{text}</b></p>",
        }
    ).encode()


def _record() -> bytes:
    return _line(attachments=[{"filename": "a.bin", "data": "AAEC"}])


def _policy(name: str) -> dict[str, str]:
    # No record of these is a ticket, so that no purge of one row gets in the way of another.
    return {"name": name, "scope": "channel:ticket", "minimum": "3y"}


def _retention_event(name: str) -> dict[str, str]:
    happened = {"name": name, "date": "2024-05-06T07:08:09Z", "reason": "a letter"}
    return {**happened, "query": "fee", "delay": "0d"}


def _case(world: World, person: str = "ann") -> dict[str, Any]:
    today = world.archive.clock.now().date()
    return {"received_on": str(today), "name": person, "aliases": [f"{person}@example.com"]}


def _hold(name: str) -> dict[str, str]:
    return {"name": name, "reason": "a case", "query": "fee"}


def _matter(code: str) -> dict[str, object]:
    return {"code": code, "name": "A case", "queries": ["fee"]}


_ATTACHED = {"part": "attachments/0"}
BODIES: dict[tuple[str, str], Body] = {
    ("GET", "/v1/audit/reports/who-saw"): lambda world, _: {
        "query_string": {"about": str(world.record)}
    },
    ("GET", "/interactions/<uuid:id>/attachment"): lambda *_: {"query_string": _ATTACHED},
    ("GET", "/v1/interactions/<uuid:id>/attachment"): lambda *_: {"query_string": _ATTACHED},
    ("GET", "/hits"): lambda *_: {"query_string": {"terms": "channel:chat"}},
    ("GET", "/v1/searches/hits"): lambda *_: {"query_string": {"term": "channel:chat"}},
    ("GET", "/v1/log/consistency"): lambda *_: {"query_string": {"first": 1, "second": 1}},
    ("GET", "/v1/tokens"): lambda world, owner: {"query_string": {"user": str(world.users[owner])}},
    ("POST", "/v1/tokens"): lambda world, owner: {"json": {"user": str(world.users[owner])}},
    ("POST", "/v1/interactions"): lambda *_: {
        "data": _record(),
        "content_type": "application/json",
    },
    ("POST", "/v1/interactions/bulk"): lambda *_: {
        "data": _record(),
        "content_type": "application/x-ndjson",
    },
    ("POST", "/v1/people"): _json({"name": "Someone"}),
    ("POST", "/v1/people/<uuid:id>/aliases"): _json({"aliases": []}),
    ("POST", "/v1/people/<uuid:id>/merge"): lambda world, _: {
        "json": {"other": str(world.person())}
    },
    ("POST", "/v1/people/<uuid:id>/split"): lambda world, _: {
        "json": {"name": "Somebody else", "aliases": [world.alias]}
    },
    ("POST", "/v1/searches"): _json({"name": "Fees"}),
    ("PUT", "/v1/searches/<uuid:id>"): _json({"name": "Fees", "shared": True}),
    ("POST", "/searches"): _form(name="Fees", q="fee"),
    ("POST", "/v1/policies"): lambda world, _: {"json": _policy(f"new-{next(world.numbers)}")},
    ("POST", "/v1/policies/simulate"): _json(_policy("simulated")),
    ("POST", "/v1/retention-events"): _json(_retention_event("case-closed")),
    ("POST", "/v1/retention-events/simulate"): _json(_retention_event("case-closed")),
    ("POST", "/v1/retention-events/<uuid:id>/correct"): _json(
        {"date": "2025-05-06T07:08:09Z", "reason": "another letter"}
    ),
    ("POST", "/v1/retention-events/<uuid:id>/cancel"): _json({"reason": "it went on"}),
    ("POST", "/v1/dispositions/<int:id>/approve"): _json({"stage": "a", "comment": "seen"}),
    ("POST", "/v1/dispositions/<int:id>/extend"): _json(
        {"stage": "a", "comment": "seen", "until": "2090-01-01T00:00:00Z"}
    ),
    ("POST", "/v1/dispositions/<int:id>/relabel"): _json(
        {"stage": "a", "comment": "seen", "policy": "b"}
    ),
    ("POST", "/v1/holds"): lambda world, _: {"json": _hold(f"new-{next(world.numbers)}")},
    ("POST", "/v1/holds/reach"): _json({"query": "fee"}),
    ("POST", "/v1/holds/<string:id>/change"): _json({"query": "letter", "reason": "a view"}),
    ("POST", "/v1/holds/<string:id>/release"): _json({"reason": "it is over"}),
    ("POST", "/v1/erasures"): lambda world, _: {"json": _case(world)},
    ("POST", "/v1/erasures/<uuid:id>/extend"): _json({"reason": "many records"}),
    ("POST", "/v1/erasures/<uuid:id>/decide"): lambda world, _: {
        "json": {"decision": "erase", "records": [str(world.old)]}
    },
    ("POST", "/v1/erasures/<uuid:id>/lift"): lambda world, _: {
        "json": {"records": [str(world.record)], "reason": "a letter"}
    },
    ("POST", "/v1/erasures/<uuid:id>/close"): _json({"outcome": "withdrawn", "reason": "a call"}),
    ("POST", "/v1/access-requests"): lambda world, _: {"json": _case(world)},
    ("POST", "/v1/access-requests/<uuid:id>/extend"): _json({"reason": "many records"}),
    ("POST", "/v1/access-requests/<uuid:id>/state"): _json({"statement": "We keep mail."}),
    ("POST", "/v1/access-requests/<uuid:id>/name-others"): _json({"others": ["Somebody Else"]}),
    ("POST", "/v1/access-requests/<uuid:id>/decide"): lambda world, _: {
        "json": {"decision": "include", "records": [str(world.old)]}
    },
    ("POST", "/v1/access-requests/<uuid:id>/close"): _json(
        {"outcome": "withdrawn", "reason": "a call"}
    ),
    ("POST", "/v1/matters"): lambda world, _: {"json": _matter(f"new-{next(world.numbers)}")},
    ("POST", "/v1/matters/<string:id>/describe"): _json({"name": "Another"}),
    ("POST", "/v1/matters/<string:id>/add"): _json({"custodians": ["Ann"]}),
    ("POST", "/v1/matters/<string:id>/remove"): _json({"queries": ["fee"]}),
    ("POST", "/v1/matters/<string:id>/close"): _json({"reason": "it is over"}),
    ("POST", "/v1/matters/<string:id>/reopen"): _json({"reason": "it goes on"}),
    ("POST", "/v1/audit/retention"): _json({"keep": "7y"}),
    ("POST", "/v1/purges"): _json({"dry_run": True}),
    ("POST", "/v1/users"): lambda world, _: {
        "json": {"name": f"new {next(world.numbers)}", "roles": ["legal"]}
    },
    ("PATCH", "/v1/users/<uuid:id>"): _json({"custodians": None}),
    ("PUT", "/v1/users/<uuid:id>/password"): _json({"password": _PASSWORD, "current": _PASSWORD}),
    ("POST", "/audit/retention"): _form(keep="7y"),
    ("POST", "/new-policy"): _form(yaml="name: simulated\nscope: '*'\nminimum: 3y\n"),
    ("POST", "/policies/<string:id>/lock"): lambda world, _: {"data": {"name": world.policy}},
    ("POST", "/purges"): _form(meant="yes"),
    ("POST", "/erasures/<uuid:id>/order"): _form(meant="yes"),
    ("POST", "/people"): _form(name="Someone"),
    ("POST", "/people/<uuid:id>/aliases"): _form(),
    ("POST", "/people/<uuid:id>/merge"): lambda world, _: {"data": {"other": str(world.person())}},
    ("POST", "/people/<uuid:id>/split"): lambda world, _: {
        "data": {"name": "Somebody else", "alias": world.alias}
    },
    ("POST", "/dispositions/<int:id>"): _form(
        stage="a", comment="seen", all="yes", decision="approve"
    ),
    ("POST", "/retention-events"): _form(
        name="case-closed", date="2024-05-06", query="fee", reason="a letter"
    ),
    ("POST", "/retention-events/<uuid:id>/correct"): _form(
        date="2025-05-06", query="fee", reason="another letter"
    ),
    ("POST", "/retention-events/<uuid:id>/cancel"): _form(reason="it went on"),
    ("POST", "/erasures"): lambda world, _: {"data": _case(world)},
    ("POST", "/erasures/<uuid:id>/extend"): _form(reason="many records"),
    ("POST", "/erasures/<uuid:id>/decide"): lambda world, _: {
        "data": {"decision": "erase", "record": str(world.old)}
    },
    ("POST", "/erasures/<uuid:id>/lift"): lambda world, _: {
        "data": {"record": str(world.record), "reason": "a letter"}
    },
    ("POST", "/erasures/<uuid:id>/close"): _form(outcome="withdrawn", reason="a call"),
    ("POST", "/access-requests"): lambda world, _: {"data": _case(world)},
    ("POST", "/access-requests/<uuid:id>/extend"): _form(reason="many records"),
    ("POST", "/access-requests/<uuid:id>/decide"): lambda world, _: {
        "data": {"decision": "include", "record": str(world.old)}
    },
    ("POST", "/access-requests/<uuid:id>/state"): _form(statement="We keep mail."),
    ("POST", "/access-requests/<uuid:id>/name-others"): _form(others="Somebody Else"),
    ("POST", "/access-requests/<uuid:id>/close"): _form(outcome="withdrawn", reason="a call"),
    ("POST", "/holds"): lambda world, _: {"data": _hold(f"new-{next(world.numbers)}")},
    ("POST", "/holds/<string:id>/scope"): _form(query="letter", reason="a view"),
    ("POST", "/holds/<string:id>/release"): _form(reason="it is over"),
    ("POST", "/matters"): lambda world, _: {
        "data": {"code": f"new-{next(world.numbers)}", "name": "A case"}
    },
    ("POST", "/matters/<string:id>/describe"): _form(name="Another"),
    ("POST", "/matters/<string:id>/add"): _form(custodians="Ann"),
    ("POST", "/matters/<string:id>/remove"): _form(queries="fee"),
    ("POST", "/matters/<string:id>/close"): _form(reason="it is over"),
    ("POST", "/matters/<string:id>/reopen"): _form(reason="it goes on"),
    ("POST", "/users"): lambda world, _: {
        "data": {"name": f"new {next(world.numbers)}", "role": "legal"}
    },
    ("POST", "/users/<uuid:id>/roles"): _form(role="legal"),
    ("POST", "/users/<uuid:id>/enabled"): _form(enabled="yes"),
    ("POST", "/users/<uuid:id>/password"): _form(
        password=_PASSWORD, again=_PASSWORD, current=_PASSWORD
    ),
    ("POST", "/users/<uuid:id>/codes"): _form(stop="yes"),
    ("POST", "/users/<uuid:id>/tokens"): _form(days="30"),
    ("POST", "/purpose"): _form(purpose="matter"),
    ("POST", "/appearance"): _form(appearance="dark"),
}
"""What the routes are sent; those that are not here are sent nothing."""


@contextmanager
def world(folder: Path) -> Iterator[World]:
    """Make an archive in a folder, with everybody who will ask."""
    from api.app import create_app
    from archive.bucket.names import timestamp_name
    from archive.clock import SystemClock
    from archive.creating import create_archive, register_user
    from archive.keyrings import unlock
    from archive.model.roles import LOCAL_ACTOR, Role
    from archive.opening import open_archive
    from archive.settings import Settings

    class Moved(SystemClock):
        behind = timedelta(hours=1)

        def now(self) -> datetime:
            return super().now() - self.behind

    clock = Moved()
    settings, other = (
        Settings.load({"MUNIMENT_HOME": str(folder / name)}, folder) for name in ("home", "other")
    )
    create_archive(settings, clock=clock)
    foreign = create_archive(other, clock=clock).legal_token
    with open_archive(settings, clock=clock) as archive, open_archive(other, clock=clock) as abroad:
        administration, entrance = archive.administration, archive.entrance
        tokens = {name: register_user(archive, Role(name)) for name in ROLES}
        keys = {}
        for name in ("target", *INVALIDS[2:]):
            administration.register(LOCAL_ACTOR, name, [Role.LEGAL])
            soon = clock.now() + timedelta(minutes=1) if name == "expired" else None
            tokens[name], held = administration.issue_token(LOCAL_ACTOR, name, expires_at=soon)
            keys[name] = entrance.sign_in_by_token(tokens[name])
            if name == "revoked":
                administration.revoke_token(LOCAL_ACTOR, held.id, name)
        tokens |= {"malformed": "mun_ no token", "foreign": foreign}
        administration.disable(LOCAL_ACTOR, "disabled")
        entrance.sign_out(keys["signed out"])
        # A program has no session to sign out of: its token is one that was never given out.
        tokens["signed out"] = tokens["target"][:-4] + "AAAA"
        (captured,) = archive.intake.capture(LOCAL_ACTOR, [_record()])
        archive.follow()
        archive.publish()
        newest = archive.log.newest().checkpoint
        bucket, _ = unlock(settings, {}, clock)
        bucket.put(timestamp_name(newest.size, newest.root), b"some authority's")
        clock.behind = timedelta(0)
        found = World(
            archive,
            create_app(lambda: archive, clock=clock),
            captured.id or UUID(int=0),
            f"{newest.size}-{newest.root.hex()}",
            tokens=tokens,
        )
        named = ((name, archive.users.named(name)) for name in (*ROLES, "target"))
        found.users = {name: user.id for name, user in named if user is not None}
        del found.tokens["target"]
        sealer = found._sealer()
        for name in INVALIDS[2:]:
            found.cookies[name] = sealer.seal(sealer.begin(keys[name], "compliance"))
        stranger = World(abroad, found.app, found.record, found.checkpoint)._sealer()
        signed = stranger.begin(abroad.entrance.sign_in_by_token(foreign), "compliance")
        found.cookies |= {"malformed": "no session", "foreign": stranger.seal(signed)}
        yield found
