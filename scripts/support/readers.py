"""Readers of a running service, each of whose answers can be told apart in the audit trail."""

import json
import random
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from http.client import HTTPException
from threading import Event, Thread
from uuid import uuid4

from scripts.support.home import Service

_PATIENCE = 30.0
_PAUSE = 0.05
_KINDS = ("search", "show", "original", "conversation", "history")


class Readers:
    """Threads that search and read until they are told to stop.

    Each request states a matter of its own. `answered` are the matters of those whose answer came
    whole, with the action that each must be in the trail as.
    """

    def __init__(self, service: Service, records: Sequence[str], count: int, seed: int) -> None:
        self.answered: dict[str, str] = {}
        self.failed = 0
        self._service = service
        self._records = records
        self._stop = Event()
        self._threads = [
            Thread(target=self._read, args=(random.Random(seed + number),), daemon=True)
            for number in range(count)
        ]

    def start(self) -> None:
        """Begin to read."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Return when the last request has been answered, or has failed."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _read(self, drawn: random.Random) -> None:
        while not self._stop.is_set():
            action, matter = drawn.choice(_KINDS), str(uuid4())
            if self._asked(self._path(action, drawn), matter):
                self.answered[matter] = action
            else:
                self.failed += 1
                time.sleep(_PAUSE)

    def _path(self, action: str, drawn: random.Random) -> str:
        record = drawn.choice(self._records)
        match action:
            case "search":
                return f"/v1/search?{urllib.parse.urlencode({'q': record[:4], 'limit': 5})}"
            case "show":
                return f"/v1/interactions/{record}"
            case "conversation":
                return f"/v1/conversations/{record}"
        return f"/v1/interactions/{record}/{action}"

    def _asked(self, path: str, matter: str) -> bool:
        """Say whether a whole answer came: nothing but an answer that was read to its end."""
        headers = self._service.headers | {"Muniment-Purpose": f"matter:{matter}"}
        request = urllib.request.Request(f"{self._service.base}{path}", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=_PATIENCE) as answer:
                body = answer.read()
                if answer.headers.get_content_type() == "application/json":
                    json.loads(body)
        except (OSError, HTTPException, ValueError):
            return False
        return True
