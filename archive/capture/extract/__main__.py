"""The process that reads documents: given one after the other, never with a way out.

`archive.capture.extract.reader` starts it. It has no secrets, opens no file and no connection once
it runs, and dies of what a hostile document does, alone.
"""

import codecs
import resource
import signal
import sys
from contextlib import suppress
from encodings.aliases import aliases
from types import FrameType
from typing import BinaryIO

from archive.capture.extract import limits
from archive.capture.extract.document import read_document
from archive.capture.extract.sink import Sink, UnreadableError
from archive.capture.extract.wire import read_exactly, read_question, write_answer
from archive.model.unreadable import Unreadable

# Beyond what the one who asks waits for: for a process whose parent has died meanwhile.
_MOST_PROCESSOR_SECONDS = 2 * limits.SECONDS_TO_KILL
_AGAIN = 0.5


def main(questions: BinaryIO, answers: BinaryIO) -> None:
    """Answer until nobody asks any more."""
    _confine()
    signal.signal(signal.SIGALRM, _too_slow)
    answers.write(b"\0")
    answers.flush()
    while True:
        question = read_question(questions)
        if question is None:
            return
        size, room = question
        sink = Sink(room)
        _allow_time()
        try:
            # Inner documents are given up one by one, so the alarm comes again for the next.
            signal.setitimer(signal.ITIMER_REAL, limits.SECONDS, _AGAIN)
            read_document(read_exactly(questions, size), sink)
            signal.setitimer(signal.ITIMER_REAL, 0)
        except UnreadableError as error:
            signal.setitimer(signal.ITIMER_REAL, 0)
            sink.miss(error.reason)
        write_answer(answers, sink.extracted())


def _confine() -> None:
    """Take away what reading a document does not need."""
    # Character sets are modules that are loaded when first used, which cannot be later.
    for name in set(aliases.values()):
        with suppress(LookupError):
            codecs.lookup(name)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (limits.MEMORY, limits.MEMORY))


def _allow_time() -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime) + _MOST_PROCESSOR_SECONDS
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, hard))


def _too_slow(_: int, __: FrameType | None) -> None:
    raise UnreadableError(Unreadable.TOO_SLOW)


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
