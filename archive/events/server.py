"""The committer's socket: who holds the host's committer lock serves it, others call it."""

import fcntl
import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from threading import Event, Lock, Thread, current_thread

import msgspec

from archive.clock import Clock
from archive.errors import InvalidError, MunimentError, UnavailableError
from archive.events import wire
from archive.events.group import Committer
from archive.events.groups import Group

_CONNECT_SECONDS = 5.0
_ANSWER_SECONDS = 60.0
_PAUSES = (0.001, 0.002)


class HostLock:
    """A lock on a file of this host, exclusive or shared; the kernel lets go when a holder dies."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self.held = False

    def acquire(self, *, wait: bool = False, shared: bool = False) -> bool:
        """Take the lock; without `wait`, return False at once if somebody has it.

        Those who share it exclude whoever does not, and not each other.
        """
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        if wait:
            fcntl.flock(self._descriptor, kind)
            self.held = True
            return True
        for pause in _PAUSES:
            if self._try(kind):
                return True
            # Who only asks whether it is held has it for a moment.
            time.sleep(pause)
        return self._try(kind)

    def _try(self, kind: int) -> bool:
        try:
            fcntl.flock(self._descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        self.held = True
        return True

    @classmethod
    def is_held(cls, path: Path, *, shared: bool = False) -> bool:
        """Say whether some process holds the lock alone now, or with `shared` at all."""
        lock = cls(path)
        try:
            return not lock._try(fcntl.LOCK_EX if shared else fcntl.LOCK_SH)
        finally:
            lock.release()

    def release(self) -> None:
        """Let go of the lock and the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor, self.held = -1, False


class CommitServer:
    """Answers requests on the host's socket from a `Committer`, a thread a connection.

    The caller holds the committer lock, so that a socket file found in the way is a dead one.
    """

    def __init__(self, committer: Committer, run_folder: Path) -> None:
        self._committer = committer
        self._folder = run_folder
        self._stop = Event()
        self._connections: set[socket.socket] = set()
        self._lock = Lock()
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with wire.socket_path(run_folder) as path:
            Path(path).unlink(missing_ok=True)
            self._listener.bind(path)
            Path(path).chmod(0o600)
        self._listener.listen(128)
        self._listener.setblocking(False)
        self._bell, self._ringer = socket.socketpair()
        self._threads: set[Thread] = set()
        self._accepting = Thread(target=self._accept, name="committer-accept", daemon=True)
        self._accepting.start()

    def _accept(self) -> None:
        with DefaultSelector() as selector:
            selector.register(self._listener, EVENT_READ)
            selector.register(self._bell, EVENT_READ)
            while not self._stop.is_set():
                selector.select()
                self._take()

    def _take(self) -> None:
        """Serve the caller who waits, if there is one."""
        try:
            connection, _ = self._listener.accept()
        except BlockingIOError:
            return
        except OSError:
            # Too many open files, or the caller is gone again. Others will come.
            self._stop.wait(0.2)
            return
        connection.settimeout(None)
        thread = Thread(target=self._serve, args=(connection,), daemon=True)
        with self._lock:
            self._connections.add(connection)
            self._threads.add(thread)
        thread.start()

    def _serve(self, connection: socket.socket) -> None:
        # A caller that goes away, or sends what is no request, ends its own connection only.
        try:
            with suppress(OSError, msgspec.DecodeError), connection:
                while not self._stop.is_set():
                    message = wire.receive(connection)
                    if message is None:
                        break
                    wire.send(connection, self._answer(wire.decode_request(message)))
        finally:
            with self._lock:
                self._connections.discard(connection)
                self._threads.discard(current_thread())

    def _answer(self, group: Group) -> bytes:
        try:
            self._committer.commit(group)
        except MunimentError as error:
            return wire.encode_answer(group, error)
        return wire.encode_answer(group, None)

    def close(self) -> None:
        """Stop taking requests, finish those under way, remove the socket."""
        self._stop.set()
        # Sent, not closed: a process that was forked meanwhile would keep the other end open.
        self._ringer.send(b"\0")
        self._accepting.join()
        for each in (self._ringer, self._bell, self._listener):
            each.close()
        with self._lock:
            connections, threads = set(self._connections), set(self._threads)
        for connection in connections:
            # Reading ends, so that idle threads leave; an answer under way is still sent.
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RD)
        for thread in threads:
            thread.join()
        with wire.socket_path(self._folder) as path:
            Path(path).unlink(missing_ok=True)


class RemoteCommitter(Committer):
    """Calls the host's committer; keeps idle connections for its threads to share."""

    def __init__(self, run_folder: Path, clock: Clock, *, patience: float = 10.0) -> None:
        self._folder = run_folder
        self._clock = clock
        self._patience = patience
        self._idle: list[socket.socket] = []
        self._lock = Lock()

    def commit(self, group: Group) -> None:
        message = _message(group)
        deadline = self._clock.monotonic() + self._patience
        while True:
            try:
                answer = self._answer(self._send(message, fresh=group.atomic))
            except OSError as error:
                # The committer died or restarts. A capture may be sent again, since what exists
                # is passed over; an atomic group may have been committed, so its caller decides.
                if group.atomic and not isinstance(
                    error, ConnectionRefusedError | FileNotFoundError
                ):
                    raise UnavailableError(
                        "The committer went away; the change may have been made."
                    ) from error
                if self._clock.monotonic() > deadline:
                    raise UnavailableError("The committer does not answer.") from error
                self._clock.sleep(0.1)
            else:
                wire.take_answer(group, answer)
                return

    def begin(self, group: Group) -> Callable[[], None]:
        if group.atomic:
            return super().begin(group)
        try:
            connection = self._send(_message(group), fresh=False)
        except OSError:
            return super().begin(group)

        def wait() -> None:
            try:
                answer = self._answer(connection)
            except OSError:
                # It may have been committed: sent again, what exists is passed over.
                self.commit(group)
            else:
                wire.take_answer(group, answer)

        return wait

    def _send(self, message: bytes, *, fresh: bool) -> socket.socket:
        """Send a message; return the connection on which its answer will come."""
        # An idle connection may be dead, which shows only after sending: no place for a message
        # that must not be sent twice.
        with self._lock:
            connection = self._idle.pop() if self._idle and not fresh else None
        connection = connection or self._connect()
        try:
            wire.send(connection, message)
        except BaseException:
            connection.close()
            raise
        return connection

    def _answer(self, connection: socket.socket) -> bytes:
        """Return the answer that comes on a connection, which is idle then."""
        try:
            answer = wire.receive(connection)
            if answer is None:
                raise OSError("the committer closed the connection")
        except BaseException:
            connection.close()
            raise
        with self._lock:
            self._idle.append(connection)
        return answer

    def _connect(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with wire.socket_path(self._folder) as path:
                connection.settimeout(_CONNECT_SECONDS)
                connection.connect(path)
                # A committer that hangs must not hang its callers: what it does is then unknown,
                # as after a crash, and the same capture again tells.
                connection.settimeout(_ANSWER_SECONDS)
        except BaseException:
            connection.close()
            raise
        return connection

    def close(self) -> None:
        with self._lock:
            for connection in self._idle:
                connection.close()
            self._idle.clear()


def _message(group: Group) -> bytes:
    message = wire.encode_request(group)
    if len(message) > wire.MAX_MESSAGE:
        raise InvalidError("More was handed in at once than can be committed together.")
    return message
