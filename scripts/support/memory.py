"""How much memory a process and those that it started take, together and each."""

import threading
from pathlib import Path


class PeakMemory(threading.Thread):
    """Adds up the proportional memory of a process tree's members, and keeps the largest sum."""

    def __init__(self, *roots: int) -> None:
        super().__init__(daemon=True)
        self.roots, self.peak, self.done = roots, 0, threading.Event()

    def run(self) -> None:
        while not self.done.wait(0.25):
            total = sum(_memory(pid) for pid in tree(self.roots))
            self.peak = max(self.peak, total)

    def stop(self) -> int:
        self.done.set()
        self.join()
        return self.peak


class HighWater(threading.Thread):
    """Keeps the most resident memory that each member of a process tree has had, by its name."""

    def __init__(self, *roots: int) -> None:
        super().__init__(daemon=True)
        self.roots, self.done = roots, threading.Event()
        self.marks: dict[str, int] = {}

    def run(self) -> None:
        while not self.done.wait(0.2):
            self._look()

    def _look(self) -> None:
        for pid in tree(self.roots):
            name, mark = _high_water(pid)
            self.marks[name] = max(self.marks.get(name, 0), mark)

    def stop(self) -> dict[str, int]:
        """Return the bytes of each process by what it is."""
        self.done.set()
        self.join()
        self._look()
        return self.marks


def tree(roots: tuple[int, ...]) -> set[int]:
    """Return the ids of processes and of all that they started."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int(stat(int(entry.name))[1])
            except OSError:
                continue
    found = set(roots)
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def stat(pid: int) -> list[str]:
    """Return what `/proc` says of a process after its name (proc_pid_stat(5)); OSError if gone."""
    told = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    return told.rpartition(")")[2].split()


def _memory(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def _high_water(pid: int) -> tuple[str, int]:
    """Return a process's id with what it is, and the peak of its resident memory in bytes."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return str(pid), 0
    words = [
        word.decode(errors="replace") for word in command if word and not word.startswith(b"/")
    ]
    mark = next((line for line in status.splitlines() if line.startswith("VmHWM:")), "VmHWM: 0 kB")
    return f"{pid} {' '.join(words)[:40]}", int(mark.split()[1]) * 1024
