"""Locks by policy on a real S3 server: it refuses until they end, and nothing is left then."""

import time
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from archive.bucket.fake import FakeBucket
from archive.bucket.names import keys_prefix
from archive.bucket.port import LockMode
from archive.bucket.s3 import S3Bucket
from archive.clock import SystemClock
from archive.errors import LockedError
from archive.locking.needs import LockNeed
from archive.locking.securing import Securing
from scripts.support import ceph
from scripts.support.worm import attempts, refused
from tests.erasing.house import WHO, host, plain

pytestmark = pytest.mark.servers
BUCKET = "locks-by-policy"


def test_a_server_keeps_what_a_policy_locks_until_the_lock_ends(
    tmp_path: Path, s3: ceph.Gateway
) -> None:
    s3.make_bucket(BUCKET)
    bucket = S3Bucket(BUCKET, "", SystemClock(), endpoint=s3.endpoint)
    # A host speaks to the port alone, whatever kind of bucket it is given.
    opened = host(tmp_path, None, bucket=cast(FakeBucket, bucket), clock=SystemClock())
    long, short = opened.commit(plain(), plain())
    now = bucket.now().replace(microsecond=0)
    ends = now + timedelta(seconds=15)
    needs = {
        long.originator_id: LockNeed(LockMode.COMPLIANCE, now + timedelta(days=1)),
        short.originator_id: LockNeed(LockMode.COMPLIANCE, ends, ends),
    }
    securing = Securing(opened.pointers, bucket, opened.keyring, opened.key_objects, opened.clock)
    securing.secure(needs)
    client: Any = ceph.client(s3.endpoint)
    held = 0
    for each in list(bucket.versions("")):
        retention = bucket.stat(each.name, version=each.version).retention
        if retention is None or retention.until <= now + timedelta(hours=1):
            continue
        held += 1
        for what, attempt in attempts(
            client, BUCKET, each.name, each.version, retention.until, bypasses=(True,)
        ):
            # Moments that have passed are refused for another reason.
            assert "15 days" in what or refused(attempt), f"{each.name}: {what}"
    assert held == 2
    with pytest.raises(LockedError):
        opened.eraser.erase([long], **WHO)
    while bucket.now() <= ends:
        time.sleep(0.2)
    opened.eraser.erase([short], **WHO)
    assert opened.states([long, short]) == ["OpenedEvent", "ErasedEvent"]
    left = list(bucket.versions(keys_prefix(long.pointer.segment_id)))
    assert sum(each.name.endswith(".locked") for each in left) == 1
    opened.close()
