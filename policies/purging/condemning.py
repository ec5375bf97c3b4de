"""Condemning a batch and destroying its keys, judged anew while what it rests on changes."""

from collections.abc import Callable, Sequence
from typing import Final, Generic, Protocol, TypeVar
from uuid import UUID

from archive.erasing.eraser import Eraser
from archive.errors import ConflictError, MunimentError, UnavailableError
from archive.events.event import Event
from archive.events.pointers import PointerRow
from archive.events.purge_events import PurgedGroup
from archive.events.types import KeysCondemned
from policies.purging.errand import Errand

_TRIES: Final = 10


class Judged(Protocol):
    """A batch as it was judged: the rows of the events that may go, and what they count as."""

    @property
    def rows(self) -> Sequence[PointerRow]:
        """The events that may go."""

    @property
    def groups(self) -> Sequence[PurgedGroup]:
        """What they count as."""


JudgedT = TypeVar("JudgedT", bound=Judged)

Look = Callable[[], JudgedT]
"""Judges the batch as of now."""
SealJudged = Callable[[JudgedT, KeysCondemned], Sequence[Event]]
"""Returns what must be committed with the condemning, or neither is.

Raises ConflictError where what the batch was judged by has changed since.
"""


def condemn(
    eraser: Eraser,
    errand: Errand,
    look: Look[JudgedT],
    seal: SealJudged[JudgedT],
    *,
    redacting: bool = False,
) -> tuple[JudgedT, str | None]:
    """Condemn what may go of a batch, and destroy its keys; `redacting` is as for `Eraser.erase`.

    Return how it was judged, and a sentence where what was condemned is not destroyed yet.

    Raises:
        ConflictError: another process carries out this errand, or something kept changing.
        CorruptError, UnavailableError: as `look`; what was condemned, the events tell.
    """
    for _ in range(_TRIES):
        judged = look()
        if not judged.rows:
            return judged, None
        condemning = _Condemning(errand, judged, seal)
        try:
            eraser.erase(
                judged.rows,
                actor=errand.by,
                ground=errand.ground,
                seal=condemning.seal,
                redacting=redacting,
            )
        except MunimentError as error:
            if not errand.has_begun(condemning.erasure):
                if isinstance(error, ConflictError):
                    continue
                raise
            if isinstance(error, UnavailableError):
                raise
            return judged, str(error)
        return judged, None
    raise ConflictError("What decides what may go kept changing: it goes on later.")


class _Condemning(Generic[JudgedT]):
    """What is committed with the condemning of a batch; `erasure` is known once it is made."""

    def __init__(self, errand: Errand, judged: JudgedT, seal: SealJudged[JudgedT]) -> None:
        self._errand = errand
        self._judged = judged
        self._seal = seal
        self.erasure: UUID | None = None

    def seal(self, condemned: KeysCondemned) -> list[Event]:
        self.erasure = condemned.originator_id
        sealing = self._seal(self._judged, condemned)
        told = self._errand.condemning(condemned, self._judged.groups)
        return [*sealing, told]
