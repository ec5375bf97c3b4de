"""The web server: `python -m api.web` with the options of `granian`.

Its workers are forked from it, and load what they serve for a second or more before they take
signals themselves. Until then they would hear what it hears, which says nothing to them: told to
end, it would wait for workers that never do.
"""

import os
import signal

from granian.cli import entrypoint

_ENDING = (signal.SIGTERM, signal.SIGINT)


def _hold_back() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)


def _let_through() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)


def _end_when_told() -> None:
    """Let what was sent to a worker since it was forked, and what is sent, end it."""
    for number in _ENDING:
        signal.signal(number, signal.SIG_DFL)
    _let_through()


def main() -> None:
    """Serve until told to end."""
    # Held back while it forks, so that none is lost on a worker that is a moment old.
    os.register_at_fork(
        before=_hold_back, after_in_parent=_let_through, after_in_child=_end_when_told
    )
    entrypoint()  # type: ignore[no-untyped-call]  # The library leaves its type out.


if __name__ == "__main__":
    main()
