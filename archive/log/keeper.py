"""The keeper of the log: a thread beside the worker's loop.

A checkpoint is due within a second, and the loop's batches for the index may take longer.
"""

from collections.abc import Callable
from threading import Event, Thread
from typing import Final

from archive.clock import Clock
from archive.errors import ConflictError, MunimentError, UnavailableError, unforeseen
from archive.log.publisher import MOST_ENTRIES, LogPublisher

PACE_SECONDS: Final = 0.5
"""From the start of one checkpoint to that of the next, under load."""
_IDLE_SECONDS = 0.1
_RETRY_SECONDS = 1.0
_STOPPED_SECONDS = 10.0


class LogKeeper:
    """Publishes while `leads` says so.

    What does not answer is waited for, and said once. What does not agree with the log is said
    once, noted for other processes, and looked at again now and then; nothing is signed meanwhile.
    """

    def __init__(
        self,
        publisher: LogPublisher,
        clock: Clock,
        leads: Callable[[], bool],
        say: Callable[[str], None],
    ) -> None:
        self._publisher = publisher
        self._clock = clock
        self._leads = leads
        self._say = say
        self._stop = Event()
        self._trouble: str | None = None
        self._thread = Thread(target=self._run, name="log", daemon=True)

    def start(self) -> None:
        """Begin; to be called once."""
        self._thread.start()

    def finish(self) -> None:
        """Publish what has been committed by now, if that can be done at once, and end."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            began = self._clock.monotonic()
            pause = self._turn()
            self._stop.wait(max(0.0, pause - (self._clock.monotonic() - began)))
        self._turn()

    def _turn(self) -> float:
        """Publish once; return how long after the start of this turn the next one is due."""
        if not self._leads():
            self._publisher.forget()
            return _IDLE_SECONDS
        try:
            added = self._publisher.step()
        except (UnavailableError, ConflictError) as error:
            self._tell(f"{error} The log waits.")
            return _RETRY_SECONDS
        except MunimentError as error:
            self._tell(f"The log has stopped: {error}")
            self._note_stopped()
            return _STOPPED_SECONDS
        except Exception as error:
            # Nobody waits for this thread, so that a defect would end the log unseen.
            self._tell(f"The log has stopped: {unforeseen(error)}; please report it.")
            self._note_stopped()
            return _STOPPED_SECONDS
        if self._trouble is not None:
            self._say("The log goes on.")
            self._trouble = None
        if added >= MOST_ENTRIES:
            # There is more already, and nobody waits for this checkpoint.
            return 0.0
        return PACE_SECONDS if added else _IDLE_SECONDS

    def _tell(self, trouble: str) -> None:
        if trouble != self._trouble:
            self._say(trouble)
        self._trouble = trouble

    def _note_stopped(self) -> None:
        try:
            self._publisher.note_stopped()
        except MunimentError as error:
            self._tell(f"{self._trouble} That cannot be noted: {error}")
