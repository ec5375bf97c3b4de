"""What the web workers load: `api.web --interface wsgi --factory api.wsgi:build`."""

import atexit
import os
import signal
from contextlib import ExitStack, suppress
from pathlib import Path
from threading import Lock

from flask_openapi3.openapi import OpenAPI

from api import log
from api.app import create_app
from api.opening import open_for_questions
from api.serve.parent import end_with_parent
from archive.clock import SystemClock
from archive.errors import UnavailableError
from archive.opening import Archive
from archive.settings import Settings
from archive.tuning import spare_the_collector


def build() -> OpenAPI:
    """Open the archive that the environment names, and give the application over it.

    What it captures goes through the host's committer, a process of its own. The archive is
    closed when this process ends. Raises ConfigurationError; a bucket or database that does not
    answer is for the requests to tell.
    """
    # Without the web server nobody could tell it to end, and it would hold the port.
    end_with_parent(signal.SIGKILL)
    stack = ExitStack()
    atexit.register(stack.close)
    settings = Settings.load(os.environ, Path.cwd())
    clock = SystemClock()
    log.to_standard_error(clock)
    log.without_values()
    return create_app(
        _Opener(settings, stack),
        clock=clock,
        proxies=settings.proxies,
        rate_limit=settings.rate_limit,
        openid=settings.openid,
    )


class _Opener:
    """Opens the archive once: at the start, or at the first request for which it answers."""

    def __init__(self, settings: Settings, stack: ExitStack) -> None:
        self._settings = settings
        self._stack = stack
        self._lock = Lock()
        self._archive: Archive | None = None
        with suppress(UnavailableError):
            self()

    def __call__(self) -> Archive:
        """Give the archive; UnavailableError while bucket or database do not answer."""
        with self._lock:
            if self._archive is None:
                self._archive = self._stack.enter_context(
                    open_for_questions(self._settings, commits=False)
                )
                spare_the_collector()
            return self._archive
