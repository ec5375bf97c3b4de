"""The trail as its readers search it: every filter, pages that stand still, and who may read it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from inspect import getsource
from random import Random
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.access import desk, hits, searching, unsearchable
from archive.errors import ForbiddenError, InvalidError, NotFoundError
from archive.events.audit import FOR_OPERATIONS
from archive.model.roles import LOCAL_ACTOR, Actor, Purpose, Role
from archive.opening import Archive, open_archive
from archive.trail.asked import TrailFilter, TrailRequest
from archive.trail.entry import READS, SEARCHES, TrailEntry
from policies.access_requests import desk as access_requests
from tests.archive import house
from tests.archive.house import capture, line
from tests.users.conftest import MovableClock

AUDITOR = Actor("auditor", "auditor", Role.AUDITOR)
CUSTODIANS = {"Ann": 2, "bo": 1, None: 1}
ACTIONS = ("search", "show", "conversation", "user.list")
PURPOSES = (Purpose("matter", "Smith"), Purpose("matter", "Jones"), Purpose("compliance", "plan"))
QUERIES = (None, "herring", "Herring AND pike")
ADDRESSES = ("192.0.2.1", "2001:db8::1", None)
NAMES = ("eve", "max")


class Filled:
    """An archive with some records and many acts at random, and what holds of its trail."""

    def __init__(self, archive: Archive, began: datetime) -> None:
        self.archive = archive
        self.began = began
        self.custodian: dict[UUID, str | None] = {}
        self.person: dict[UUID, str] = {}
        self.before: list[TrailEntry] = []
        for custodian, count in CUSTODIANS.items():
            for number in range(count):
                address = f"{number}@example.com"
                (id,) = capture(
                    archive,
                    line(
                        f"{custodian}{number}",
                        custodian=custodian,
                        participants=[{"role": "author", "address": address}],
                    ),
                )
                self.custodian[id], self.person[id] = custodian, address

    def page(self, **asked: object) -> list[TrailEntry]:
        request = TrailRequest.model_validate({"order": "oldest", "limit": 1000, **asked})
        page = self.archive.trail.page(AUDITOR, FOR_OPERATIONS, request)
        assert page.total == len(page.entries)
        return list(page.entries)

    def meant(self, told: TrailEntry, asked: TrailFilter) -> bool:
        """Say by the entry alone whether all filters apply to it."""
        text = f"{told.query or ''} {told.purpose or ''}".casefold()
        named = {told.actor, told.actor_name}
        return all(
            (
                asked.actor is None or asked.actor in named,
                not asked.action or told.action in asked.action,
                asked.purpose is None or (told.purpose or "").split(":")[0] == asked.purpose,
                asked.matter is None or (told.matter or "").casefold() == asked.matter.casefold(),
                asked.record is None or asked.record in told.records,
                asked.custodian is None
                or any(
                    (self.custodian.get(each) or "").casefold() == asked.custodian.casefold()
                    for each in told.records
                ),
                asked.person is None
                or any(self.person.get(each) == asked.person for each in told.records),
                asked.user is None or told.user_name == asked.user,
                asked.address is None or told.address == asked.address,
                asked.allowed is None or told.allowed is asked.allowed,
                asked.since is None or (told.at is not None and told.at >= asked.since),
                asked.until is None or (told.at is not None and told.at < asked.until),
                all(word in text for word in (asked.words or "").casefold().split()),
            )
        )


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    folder, clock, random = tmp_path_factory.mktemp("trail"), MovableClock(), Random(5)
    house.create(folder)
    with open_archive(house.settings(folder), clock=clock) as archive:
        made = Filled(archive, clock.now())
        for name in NAMES:
            archive.administration.register(LOCAL_ACTOR, name, [Role.LEGAL])
        users = [archive.users.meant(name).actor() for name in NAMES]
        for _ in range(100):
            clock.move(seconds=random.choice((0, 20)))
            archive.audit.record(
                replace(random.choice(users), address=random.choice(ADDRESSES)),
                random.choice(PURPOSES),
                random.choice(ACTIONS),
                allowed=random.random() < 0.8,
                query=random.choice(QUERIES),
                records=random.sample(list(made.custodian), random.randrange(3)),
            )
        archive.administration.disable(LOCAL_ACTOR, "max")
        archive.follow()
        exported = archive.trail.export(AUDITOR, FOR_OPERATIONS, TrailFilter())
        made.before = list(exported.entries)
        assert exported.total == len(made.before) > 100
        yield made


def maybe(values: Sequence[object]) -> st.SearchStrategy[object]:
    return st.none() | st.sampled_from(values)


@settings(max_examples=30)
@given(st.data())
def test_the_index_finds_what_the_entries_themselves_say(
    filled: Filled, data: st.DataObject
) -> None:
    minutes = data.draw(st.none() | st.integers(0, 30))
    since = None if minutes is None else filled.began + timedelta(minutes=minutes)
    asked = TrailFilter.model_validate(
        {
            "actor": data.draw(maybe([*NAMES, "local"])),
            "action": data.draw(st.sets(st.sampled_from([*ACTIONS, "user.disabled"]), max_size=2)),
            "purpose": data.draw(maybe(["matter", "compliance"])),
            "matter": data.draw(maybe(["smith", "Jones", "plan"])),
            "record": data.draw(maybe(list(filled.custodian))),
            "custodian": data.draw(maybe(["ann", "Bo"])),
            "person": data.draw(maybe(["0@example.com", "1@example.com"])),
            "user": data.draw(maybe(NAMES)),
            "address": data.draw(maybe([*ADDRESSES[:2], "local"])),
            "allowed": data.draw(st.none() | st.booleans()),
            "since": since,
            "until": since and since + timedelta(minutes=data.draw(st.integers(0, 30))),
            "words": data.draw(maybe(["HERRING", "pike plan", "smith"])),
        }
    )
    expected = [told.seq for told in filled.before if filled.meant(told, asked)]
    as_of = filled.before[-1].seq
    assert [told.seq for told in filled.page(**asked.model_dump(), as_of=as_of)] == expected


def test_pages_follow_each_other_and_stand_still(filled: Filled) -> None:
    archive = filled.archive
    for order in ("newest", "oldest"):
        pages, cursor = [], None
        while True:
            asked = TrailRequest.model_validate({"order": order, "limit": 40, "cursor": cursor})
            pages.append(archive.trail.page(AUDITOR, FOR_OPERATIONS, asked))
            # The act of reading is indexed before the next page is asked for.
            archive.follow()
            cursor = pages[-1].cursor
            if cursor is None:
                break
        whole = filled.page(order=order, as_of=pages[0].as_of)
        assert [told for page in pages for told in page.entries] == whole
        assert {(page.total, page.as_of) for page in pages} == {(len(whole), pages[0].as_of)}
        assert len(pages) > 2


def test_a_cursor_belongs_to_its_filters(filled: Filled) -> None:
    page = filled.archive.trail.page(AUDITOR, FOR_OPERATIONS, TrailRequest(limit=1))
    for other in ({"allowed": False}, {"order": "oldest"}, {"cursor": "AAAA"}):
        asked = TrailRequest.model_validate({"cursor": page.cursor, **other})
        with pytest.raises(InvalidError):
            filled.archive.trail.page(AUDITOR, FOR_OPERATIONS, asked)


def test_reading_the_trail_is_one_entry_of_it(filled: Filled) -> None:
    archive = filled.archive
    archive.follow()
    before = archive.pointers.last_seq()
    archive.trail.page(AUDITOR, Purpose("matter", "Smith"), TrailRequest(matter="Jones"))
    list(archive.trail.export(AUDITOR, FOR_OPERATIONS, TrailFilter()).entries)
    archive.trail.who_saw(AUDITOR, FOR_OPERATIONS, "ann")
    archive.trail.access_review(AUDITOR, FOR_OPERATIONS)
    assert archive.pointers.last_seq() == before + 4
    archive.follow()
    told = filled.page(actor=None, as_of=before + 4)[-4:]
    assert [each.action for each in told] == [
        "audit",
        "audit.export",
        "audit.who-saw",
        "audit.access-review",
    ]
    assert (told[0].query, told[0].matter) == ('{"matter": "Jones"}', "Smith")
    assert [each.query for each in told[1:3]] == [None, "ann"]
    assert all(each.records == () for each in told)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.LOCAL])
def test_who_may_read_it(filled: Filled, role: Role) -> None:
    archive, actor = filled.archive, Actor("x", "x", role)
    before = archive.pointers.last_seq()
    if role in (Role.AUDITOR, Role.COMPLIANCE_OFFICER):
        archive.trail.page(actor, FOR_OPERATIONS, TrailRequest())
        actor = replace(actor, custodians=frozenset({"Ann"}))
        with pytest.raises(ForbiddenError, match="some of them"):
            archive.trail.page(actor, FOR_OPERATIONS, TrailRequest())
        actor = replace(actor, custodians=None, purposes=frozenset({"matter"}))
        before += 2
    with pytest.raises(ForbiddenError):
        archive.trail.page(actor, FOR_OPERATIONS, TrailRequest())
    assert archive.pointers.last_seq() == before + 1, "a refusal is an entry"


def test_what_cannot_be_asked(filled: Filled) -> None:
    trail = filled.archive.trail
    for asked, error in (({"actor": "nobody"}, NotFoundError), ({"person": "ann"}, InvalidError)):
        with pytest.raises(error):
            trail.page(AUDITOR, FOR_OPERATIONS, TrailRequest.model_validate(asked))
    for about in ("custodian:nobody", "record:ann", "person:ann"):
        with pytest.raises(InvalidError):
            trail.who_saw(AUDITOR, FOR_OPERATIONS, about)


def test_every_act_of_the_desk_is_a_search_or_a_read() -> None:
    modules = (desk, hits, searching, unsearchable)
    source = "".join(map(getsource, modules))
    acts = set(re.findall(r'actor, purpose, (?:Permission\.\w+, |record_id, )?"([a-z-]+)"', source))
    # Of what other desks do one thing reads what was captured: fetching a package.
    assert '"access-request.package"' in getsource(access_requests)
    assert acts | {"access-request.package"} == {*SEARCHES, *READS}
