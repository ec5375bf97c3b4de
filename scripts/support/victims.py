"""Imports that are watched and killed, and the processes of a service."""

import os
import pty
import re
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL

from scripts.support.home import Home, Service, kill
from scripts.support.show import Failed

_IMPORT = ("import", "--source", "mail", "--json")


class Import:
    """An import under way, whose progress is read as a person at a terminal would."""

    def __init__(self, home: Home, mails: Path) -> None:
        self._place = home.place
        self._before = self.commits()
        self._terminal, theirs = pty.openpty()
        self._started = time.monotonic()
        self.process = home.start(*_IMPORT, str(mails), stdout=subprocess.DEVNULL, stderr=theirs)
        os.close(theirs)

    def commits(self) -> int:
        """Return how many commit records there are."""
        return len(self._place.names("commits/"))

    def elapsed(self) -> float:
        """Return the seconds since the start."""
        return time.monotonic() - self._started

    def has_ended(self) -> bool:
        """Say whether the import is over."""
        return self.process.poll() is not None

    def wait_for_commit(self) -> None:
        """Wait until mails have been committed, or the import has ended."""
        # The first commit names the source, the next are mails.
        while self.commits() < self._before + 2 and not self.has_ended():
            time.sleep(0.002)

    def wait(self, seconds: float) -> None:
        """Let time pass, or less if the import ends."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)

    def acknowledged(self) -> int:
        """Return how many items the import last said were done, once it has ended."""
        written = b""
        # Linux answers with an error when the other end is closed.
        with suppress(OSError):
            while more := os.read(self._terminal, 4096):
                written += more
        os.close(self._terminal)
        done = re.findall(rb"([\d,]+)(?: of [\d,]+)?, [\d,]+ a second", written)
        return int(done[-1].replace(b",", b"")) if done else 0


@dataclass(frozen=True)
class Pace:
    """When an undisturbed import commits mails first and last, and ends, in seconds."""

    first: float
    last: float
    end: float


def measured(home: Home, mails: Path) -> Pace:
    """Import without disturbance and return its pace."""
    running = Import(home, mails)
    running.wait_for_commit()
    first = last = running.elapsed()
    known = running.commits()
    while not running.has_ended():
        time.sleep(0.002)
        if running.commits() > known:
            known, last = running.commits(), running.elapsed()
    if running.process.returncode:
        raise Failed(f"the undisturbed import left with {running.process.returncode}")
    return Pace(first, last, running.elapsed())


@dataclass(frozen=True)
class Moment:
    """When to kill: seconds after the start of an import, or after its first commit of mails."""

    phase: str
    seconds: float
    after_commit: bool

    @classmethod
    def at(cls, number: int, fraction: float, pace: Pace) -> "Moment":
        """Return a moment of one of three phases: most of them fall among the commits."""
        match number % 5:
            case 0:
                return cls("before commits", pace.first * fraction, False)
            case 4:
                follow = pace.last - pace.first + (pace.end - pace.last) * fraction
                return cls("after commits", follow, True)
        return cls("among commits", (pace.last - pace.first) * fraction, True)


def struck(home: Home, mails: Path, moment: Moment, service: Service | None) -> tuple[str, int]:
    """Import, kill at the moment, and say what was hit and how much was acknowledged before.

    With a service it is the service's committer that is killed, else the import itself.
    """
    running = Import(home, mails)
    if moment.after_commit:
        running.wait_for_commit()
    running.wait(moment.seconds)
    if running.has_ended():
        hit = "nothing"
    elif service is None:
        kill(running.process)
        hit = "import"
    else:
        os.kill(committer(service), SIGKILL)
        running.process.wait()
        hit = "committer"
    return hit, running.acknowledged()


def committer(service: Service) -> int:
    """Return the process id of a service's committer."""
    for child in children(service.process.pid, "committer"):
        return child
    raise Failed("the service has no committer")


def children(pid: int, name: str = "") -> list[int]:
    """Return the ids of a process's children whose command line names something."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [
        int(child)
        for child in found
        if name.encode() in Path(f"/proc/{child}/cmdline").read_bytes()
    ]
