"""A record that a review puts under a policy with a lock is locked as that policy demands."""

from archive.bucket.names import segment_name
from policies.locks.locker import locker_of
from tests.policies.purging_house import dated, in_force
from tests.policies.reviewing_house import OFFICER, ONE, opened, relabel, reviewed
from tests.policies.test_policy_locks import faults


def test_a_label_brings_the_lock_of_its_policy(archive):
    kept, other = (dated(archive, [year])[0] for year in (2020, 2019))
    reviewed(archive, ONE, maximum="1y")
    in_force(archive, "locked", scope="channel:email", minimum="10y", lock="governance")
    opened(archive)
    locker = locker_of(archive)
    assert locker.run().objects == 0
    relabel(archive, OFFICER, stage="records manager", records=[kept], policy="locked")
    archive.follow()
    assert locker.run().objects > 0
    locked = []
    for record in (kept, other):
        (row,) = archive.pointers.select_pointers_of([record])
        info = archive.bucket.stat(segment_name(row.pointer.segment_id))
        locked.append(info.retention is not None)
    assert locked == [True, False]
    assert faults(archive) == []
