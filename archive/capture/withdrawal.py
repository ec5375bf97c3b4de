"""What a source no longer shows: said in an event of its own, while the record stays."""

from contextlib import suppress

from archive.capture.answers import CaptureResult
from archive.capture.station import Station
from archive.errors import ConflictError
from archive.events.groups import Group
from archive.events.plain import plain
from archive.model.roles import Actor


def withdraw(
    station: Station, actor: Actor, source: str, custodian: str | None, native_id: str
) -> CaptureResult:
    """Say that a source took an interaction back; `already` where that is known.

    For sources that settle identity by id alone; a mail that is deleted from a mailbox was not
    taken back by its source.

    Raises:
        ForbiddenError: the actor may not capture.
        NotFoundError, GoneError: there is no such record, or it has been erased.
        UnavailableError: nothing was acknowledged; it may be said again.
    """
    station.intake.allow(actor)
    record_id = station.identity.interaction(source, custodian, native_id, None)
    while True:
        loaded = station.records.load(record_id)
        event = loaded.interaction.withdraw(station.clock.now(), actor.id, actor.token)
        if event is None:
            return CaptureResult(status="already", id=record_id, seq=loaded.rows[-1].seq)
        group = Group([plain(event)])
        # Somebody else may have revised it meanwhile; then it is looked at again.
        with suppress(ConflictError):
            station.committer.commit(group)
            return CaptureResult(status="archived", id=record_id, seq=group.seqs[event.key])
