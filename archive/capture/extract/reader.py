"""The text of documents, read in a process of its own that hostile ones can at worst end.

The process is started when the first document comes, and again after it was ended: by a document
that took too long, that wanted too much memory, or that broke it. It gets documents through a pipe
and nothing else: no environment, no files, no network.
"""

import os
import select
import signal
import subprocess
import sys
from threading import Lock
from typing import BinaryIO, cast

from archive.capture.extract.limits import SECONDS_TO_KILL
from archive.capture.extract.sink import Extracted
from archive.capture.extract.wire import read_answer, write_question
from archive.errors import UnavailableError
from archive.model.unreadable import Unreadable

_SECONDS_TO_START = 60
# What native code ends its process with when it gets no more memory.
_OUT_OF_MEMORY = (-signal.SIGABRT, -signal.SIGILL, -signal.SIGTRAP, -signal.SIGKILL)


class DocumentReader:
    """Reads one document at a time, for any thread that asks."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._process: _Process | None = None

    def read(self, document: bytes, room: int) -> Extracted:
        """Return what is in a document; `room` is how many characters it may give.

        Raises:
            UnavailableError: the process that reads cannot be started.
        """
        with self._lock:
            while True:
                process = self._process = self._process or _Process()
                was_fresh = process.is_fresh
                extracted = process.read(document, room)
                if process.has_ended:
                    self._process = None
                    # What documents before it left behind must not count against this one.
                    if not was_fresh and extracted.unreadable is not Unreadable.TOO_SLOW:
                        continue
                return extracted

    def close(self) -> None:
        """End the process, if there is one."""
        with self._lock:
            if self._process is not None:
                self._process.end()
                self._process = None


class _Process:
    """The process that reads. `is_fresh` until it was asked; `has_ended` when it can be no more."""

    def __init__(self) -> None:
        self.is_fresh = True
        self.has_ended = False
        self._process = subprocess.Popen(
            [sys.executable, "-m", "archive.capture.extract"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # It has to find its modules, and needs to know nothing else: settings may hold keys.
            env={
                "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
                "LC_ALL": "C.UTF-8",
            },
            # Ctrl-C is for the one who asks; this one ends when its input does.
            start_new_session=True,
        )
        self._questions = cast(BinaryIO, self._process.stdin)
        self._answers = cast(BinaryIO, self._process.stdout)
        if not self._answered_within(_SECONDS_TO_START) or self._answers.read(1) != b"\0":
            self.end()
            raise UnavailableError("The process that reads attachments could not start.")

    def read(self, document: bytes, room: int) -> Extracted:
        self.is_fresh = False
        try:
            write_question(self._questions, document, room)
            if not self._answered_within(SECONDS_TO_KILL):
                self.end()
                return Extracted(None, Unreadable.TOO_SLOW)
            extracted = read_answer(self._answers)
        except BrokenPipeError:
            extracted = None
        if extracted is not None:
            return extracted
        status = self.end()
        is_memory = status in _OUT_OF_MEMORY
        return Extracted(None, Unreadable.TOO_LARGE if is_memory else Unreadable.DAMAGED)

    def _answered_within(self, seconds: float) -> bool:
        """Wait for the first byte of an answer, or for the end of the process."""
        poll = select.poll()
        poll.register(self._answers, select.POLLIN | select.POLLHUP)
        return bool(poll.poll(seconds * 1000))

    def end(self) -> int:
        """End it and return its exit status, its own where it had died already."""
        self.has_ended = True
        for pipe in (self._questions, self._answers):
            try:
                pipe.close()
            except BrokenPipeError:
                # What was still to be written has nobody to read it.
                continue
        try:
            # A process that died of itself is given the moment that its end takes.
            return self._process.wait(0.2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()
