"""Codes that stand in SQL for names of sources and custodians, whose names are sealed events."""

from collections.abc import Mapping
from uuid import UUID

from archive.clock import Clock
from archive.errors import ConflictError
from archive.events.group import Committer
from archive.events.groups import Group
from archive.events.identity import Identity
from archive.events.mapper import EventMapper
from archive.events.opener import OpenedEvent, Opener
from archive.events.plain import plain
from archive.events.pointers import PointerRecorder
from archive.events.types import CodeAssigned

SOURCE, CUSTODIAN = "source", "custodian"


class Codebook:
    """Names to codes, one stream for each vocabulary; a code is the event's version there."""

    def __init__(
        self,
        pointers: PointerRecorder,
        opener: Opener,
        mapper: EventMapper,
        identity: Identity,
        clock: Clock,
    ) -> None:
        self._pointers = pointers
        self._opener = opener
        self._mapper = mapper
        self._identity = identity
        self._clock = clock
        self._codes: dict[str, dict[str, int]] = {SOURCE: {}, CUSTODIAN: {}}
        self._newest = {SOURCE: 0, CUSTODIAN: 0}

    def code(self, vocabulary: str, name: str) -> int | None:
        """Return the code of a name; None where the event that assigned it cannot be read."""
        return self._codes[vocabulary].get(name) or self._refresh(vocabulary).get(name)

    def names(self, vocabulary: str) -> Mapping[str, int]:
        """Return every name of a vocabulary with its code, as of now."""
        return dict(self._refresh(vocabulary))

    def ensure(self, committer: Committer, vocabulary: str, name: str) -> None:
        """Assign a code to the name unless it has one."""
        if name in self._codes[vocabulary]:
            return
        while name not in self._refresh(vocabulary):
            event = CodeAssigned(
                originator_id=self._stream(vocabulary),
                originator_version=self._newest[vocabulary] + 1,
                recorded_at=self._clock.now(),
                vocabulary=vocabulary,
                name=name,
            )
            try:
                committer.commit(Group([plain(event)]))
            except ConflictError:
                # Somebody else assigned a code just now, perhaps to this name: look again.
                continue

    def _refresh(self, vocabulary: str) -> Mapping[str, int]:
        codes = self._codes[vocabulary]
        rows = self._pointers.select_pointers(
            self._stream(vocabulary),
            gt=self._newest[vocabulary],
            lte=None,
            desc=False,
            limit=None,
        )
        # One that is damaged or erased leaves a name without a code, and stops nothing.
        for opened in self._opener.open_each(rows):
            self._newest[vocabulary] = opened.row.originator_version
            if isinstance(opened, OpenedEvent):
                event = self._mapper.event(opened)
                if isinstance(event, CodeAssigned):
                    codes[event.name] = event.originator_version
        return codes

    def _stream(self, vocabulary: str) -> UUID:
        return self._identity.stream(f"codebook/{vocabulary}")
