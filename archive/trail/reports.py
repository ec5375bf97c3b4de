"""The standing reports: who saw what about whom, and the periodic review of access."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_

from archive.errors import InvalidError
from archive.model.roles import LOCAL_ACTOR
from archive.trail import index as sql
from archive.trail.answers import AccessReview, Reader, ReadFor, Reviewed, Seen, TokenReview, WhoSaw
from archive.trail.finding import Finder
from archive.trail.index import Activity, Reading, Sighting
from archive.trail.people import PeopleRecords
from archive.users.answers import UserAnswer, tokens_of
from archive.users.user import User

MOST_LINES: Final = 100_000
OLD_TOKEN: Final = timedelta(days=365)
_IDS_PER_QUERY: Final = 10_000
_NOTHING: Final = Activity(None, None, None, 0, 0, 0, 0)


class Reports:
    """Makes reports for whoever has been let in."""

    def __init__(self, finder: Finder, people: PeopleRecords) -> None:
        self._finder = finder
        self._index = finder.index
        self._people = people

    def who_saw(
        self,
        about: str,
        since: datetime | None,
        until: datetime | None,
        as_of: int,
        whole_since: datetime | None,
    ) -> WhoSaw:
        """Return who saw a record (by id), a custodian's records, or those of an address.

        InvalidError where it comes to more than `MOST_LINES` lines.
        """
        where = and_(sql.span(1, as_of), sql.during(since, until))
        sightings: list[Sighting] = []
        for subjects in self._subjects(about):
            sightings += self._index.sightings(where, subjects, MOST_LINES)
            if len(sightings) > MOST_LINES:
                raise InvalidError(
                    f"The report comes to more than {MOST_LINES:,} lines: say since when or until "
                    "when."
                )
        # The first entry of each line says in words who it was and why.
        seqs = sorted({each.seq for each in sightings})
        told = {each.seq: each for each in self._finder.entries(seqs)}
        seen = [
            Seen(
                record=each.record,
                actor=told[each.seq].actor,
                actor_name=told[each.seq].actor_name,
                purpose=told[each.seq].purpose,
                matter=told[each.seq].matter,
                times=each.allowed,
                refused=each.refused,
                first=_moment(each.first),
                last=_moment(each.last),
            )
            for each in sightings
        ]
        seen.sort(key=lambda each: (each.actor_name or each.actor or "", each.first, each.record))
        return WhoSaw(
            about=about,
            since=since,
            until=until,
            as_of=as_of,
            whole_since=whole_since,
            seen=tuple(seen),
        )

    def _subjects(self, about: str) -> Iterator[ColumnElement[bool]]:
        """Yield what `about` means as conditions: `record:`, `custodian:` or `person:` says it."""
        kind, _, named = about.partition(":")
        if kind not in ("record", "custodian", "person"):
            kind, named = _kind(about), about
        if kind == "record":
            try:
                yield sql.any_of([UUID(named)])
            except ValueError:
                raise InvalidError("A record is named by its id.") from None
        elif kind == "custodian":
            codes = self._finder.codes(named)
            if not codes:
                raise InvalidError(f"There is no custodian {named}.")
            yield sql.of_custodian(codes)
        else:
            ids = list(self._people.of(named))
            for start in range(0, len(ids), _IDS_PER_QUERY):
                yield sql.any_of(ids[start : start + _IDS_PER_QUERY])

    def readers(self, ids: Iterable[UUID]) -> tuple[Reader, ...]:
        """Return who read any of many records, by name."""
        readings: dict[bytes, list[Reading]] = {}
        for each in self._index.readings(ids):
            readings.setdefault(each.actor, []).append(each)
        seqs = sorted(min(each.seq for each in one) for one in readings.values())
        named = {told.seq: told for told in self._finder.entries(seqs)}
        found = []
        for one in readings.values():
            told = named[min(each.seq for each in one)]
            found.append(
                Reader(
                    name=told.actor_name or told.actor or "",
                    opened=len(one),
                    downloaded=sum(each.copied for each in one),
                    first_at=_moment(min(each.first for each in one)),
                    last_at=_moment(max(each.last for each in one)),
                )
            )
        return tuple(sorted(found, key=lambda each: (each.name, each.first_at)))

    def read_for(self, ids: Iterable[UUID], as_of: int) -> tuple[ReadFor, ...]:
        """Return in which roles and why any of many records were read, as of a sequence number.

        Of whoever read one several times it is the first time that says why.
        """
        readings = self._index.readings(ids, as_of)
        told = {each.seq: each for each in self._finder.entries(sorted({r.seq for r in readings}))}
        groups: dict[tuple[tuple[str, ...], str], list[Reading]] = {}
        for each in readings:
            entry = told[each.seq]
            kind = (entry.purpose or "").partition(":")[0]
            groups.setdefault((entry.roles, kind), []).append(each)
        return tuple(
            ReadFor(
                roles=roles,
                purpose=purpose,
                records=len({each.record for each in one}),
                first_at=_moment(min(each.first for each in one)),
                last_at=_moment(max(each.last for each in one)),
            )
            for (roles, purpose), one in sorted(groups.items())
        )

    def access_review(
        self,
        users: Sequence[User],
        since: datetime,
        until: datetime,
        dormant: timedelta,
        as_of: int,
        now: datetime,
        whole_since: datetime | None,
    ) -> AccessReview:
        """Return what every user may do now, did between two times, and did last."""
        where, period = sql.span(1, as_of), sql.during(since, until)
        activities = self._index.activities(where, period)
        uses = self._index.last_uses(where)
        digests = self._index.digests
        reviewed = [
            _reviewed(
                user,
                activities.get(digests.actor(str(user.id)), _NOTHING),
                {
                    token.id: _moment(uses[digests.token(token.id)])
                    for token in user.tokens.values()
                    if digests.token(token.id) in uses
                },
                now,
                dormant,
            )
            for user in users
        ]
        local = activities.get(digests.actor(LOCAL_ACTOR.id), _NOTHING)
        return AccessReview(
            since=since,
            until=until,
            as_of=as_of,
            whole_since=whole_since,
            dormant_days=dormant.days,
            users=(*reviewed, _line(LOCAL_ACTOR.id, LOCAL_ACTOR.name, None, (), local, ())),
        )


def _kind(about: str) -> str:
    try:
        UUID(about)
    except ValueError:
        return "person" if "@" in about else "custodian"
    return "record"


def _reviewed(
    user: User,
    activity: Activity,
    uses: Mapping[str, datetime],
    now: datetime,
    dormant: timedelta,
) -> Reviewed:
    tokens = tuple(
        TokenReview(
            **token.model_dump(),
            age_days=(now - token.issued_at).days,
            last_used=uses.get(token.id),
        )
        for token in tokens_of(user, now)
    )
    flags = tuple(_flags(user, activity, tokens, now, dormant))
    shown = UserAnswer.of(user, now)
    return _line(str(user.id), user.name, shown, tokens, activity, flags)


def _line(
    actor: str,
    name: str,
    user: UserAnswer | None,
    tokens: tuple[TokenReview, ...],
    activity: Activity,
    flags: tuple[str, ...],
) -> Reviewed:
    return Reviewed(
        actor=actor,
        name=name,
        user=user,
        tokens=tokens,
        last_sign_in=_known(activity.last_sign_in),
        last_act=_known(activity.last),
        last_read=_known(activity.last_read),
        searches=activity.searches,
        reads=activity.reads,
        records=activity.records,
        refused=activity.refused,
        flags=flags,
    )


def _flags(
    user: User,
    activity: Activity,
    tokens: Sequence[TokenReview],
    now: datetime,
    dormant: timedelta,
) -> Iterator[str]:
    """Yield what is worth a look of somebody who may come in; docs/access.md explains each."""
    if not user.enabled:
        return
    last = max(user.registered_at, _known(activity.last) or user.registered_at)
    if now - last > dormant:
        yield "dormant"
    if len(user.roles) > 1:
        yield "several-roles"
    if user.password is not None and user.codes is None:
        yield "password-without-code"
    valid = [token for token in tokens if token.state == "valid"]
    if any(token.expires_at is None for token in valid):
        yield "token-without-end"
    if any(now - token.issued_at > OLD_TOKEN for token in valid):
        yield "old-token"
    if any(now - (token.last_used or token.issued_at) > dormant for token in valid):
        yield "unused-token"
    if any(token.issued_by != str(user.id) for token in valid):
        yield "token-by-another"


def _known(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else _moment(milliseconds)


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
