"""The event library's own recorder cases, by name, over sealed events in both databases."""

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import eventsourcing.cryptography
import pytest

# The library's test module imports its cipher by an older name.
sys.modules.setdefault("eventsourcing.cipher", eventsourcing.cryptography)

from eventsourcing.tests.persistence import (  # noqa: E402
    AggregateRecorderTestCase,
    ApplicationRecorderTestCase,
    NonInterleavingNotificationIDsBaseCase,
    ProcessRecorderTestCase,
    TrackingRecorderTestCase,
)

from archive.events.recorder import SealedAggregateRecorder, SealedRecorder  # noqa: E402
from archive.events.types import OneBox  # noqa: E402
from tests.events.parts import Parts, assemble  # noqa: E402


class _Sealed:
    """Gives each case parts of its own, and those that ask twice the same database again."""

    database_url: str | None = None

    def setUp(self) -> None:
        self._folder = Path(tempfile.mkdtemp())
        self._open: list[Parts] = []

    def tearDown(self) -> None:
        for parts in self._open:
            parts.close()
        shutil.rmtree(self._folder)

    def _assemble(self) -> Parts:
        known = self._open[-1] if self._open else None
        parts = assemble(
            self._folder,
            bucket=known.bucket if known else None,
            keyring=known.keyring if known else None,
            layout=OneBox(),
            database_url=self.database_url,
        )
        self._open.append(parts)
        return parts


class _SealedWithSequence(_Sealed):
    def create_recorder(self, *_: Any, **__: Any) -> SealedRecorder:
        return self._assemble().recorder


class _OverPostgres(_Sealed):
    @pytest.fixture(autouse=True)
    def _database(self, database_url: str) -> None:
        self.database_url = database_url


class TestAggregateRecorder(_Sealed, AggregateRecorderTestCase):
    """Events of one stream."""

    def create_recorder(self) -> SealedAggregateRecorder:
        parts = self._assemble()
        return SealedAggregateRecorder(parts.pointers, parts.committer, parts.opener, OneBox())


class TestApplicationRecorder(_SealedWithSequence, ApplicationRecorderTestCase[SealedRecorder]):
    """Notifications, in order, from several threads."""


class TestTrackingRecorder(_SealedWithSequence, TrackingRecorderTestCase):
    """How far upstream events were processed."""


class TestProcessRecorder(_SealedWithSequence, ProcessRecorderTestCase):
    """Events and tracking in one transaction."""


class TestNonInterleaving(_SealedWithSequence, NonInterleavingNotificationIDsBaseCase):
    """One insert's notification ids are not mixed with another's."""


class TestAggregateRecorderOverPostgres(_OverPostgres, TestAggregateRecorder):
    """The same, over PostgreSQL."""


class TestApplicationRecorderOverPostgres(_OverPostgres, TestApplicationRecorder):
    """The same, over PostgreSQL."""


class TestTrackingRecorderOverPostgres(_OverPostgres, TestTrackingRecorder):
    """The same, over PostgreSQL."""


class TestProcessRecorderOverPostgres(_OverPostgres, TestProcessRecorder):
    """The same, over PostgreSQL."""


class TestNonInterleavingOverPostgres(_OverPostgres, TestNonInterleaving):
    """The same, over PostgreSQL."""


del (
    AggregateRecorderTestCase,
    ApplicationRecorderTestCase,
    NonInterleavingNotificationIDsBaseCase,
    ProcessRecorderTestCase,
    TrackingRecorderTestCase,
)
