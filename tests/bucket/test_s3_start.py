"""Which buckets on a real S3 server an archive can stand on, and that it then does stand."""

from pathlib import Path
from uuid import uuid4

import pytest

from archive.clock import SystemClock
from archive.creating import create_archive
from archive.errors import ConfigurationError
from archive.events.blobs import INLINE_LIMIT
from archive.model.roles import LOCAL_ACTOR
from archive.opening import open_archive
from archive.places import look
from archive.settings import Settings
from scripts.support import ceph
from scripts.support.ceph import Gateway
from tests.archive.house import OPERATIONS, capture, found, line

pytestmark = pytest.mark.servers


def settings(folder: Path, gateway: Gateway, **changes: str) -> Settings:
    environ = {
        "MUNIMENT_HOME": str(folder / "home"),
        "MUNIMENT_S3_ENDPOINT": gateway.endpoint,
        "MUNIMENT_BUCKET": f"{gateway.make_bucket(f'b-{uuid4()}')}/of/one",
    }
    return Settings.load(environ | changes, folder)


def test_an_archive_stands_on_s3(tmp_path: Path, s3: Gateway) -> None:
    chosen = settings(tmp_path, s3)
    made = create_archive(chosen)
    assert any("It can lock objects" in note for note in made.notes)
    large = "A long letter. " * INLINE_LIMIT
    with open_archive(chosen) as archive:
        ids = capture(archive, line("1"), line("2", large), line("3", large))
        assert found(archive, "letter") == set(ids[1:])
    with open_archive(chosen) as archive:
        assert capture(archive, line("1")) == ids[:1]
        record = archive.access.show(LOCAL_ACTOR, OPERATIONS, ids[2])
        assert record.text == large
    assert "It keeps every version of an object." in look(chosen, SystemClock())


def test_what_cannot_keep_promises_is_refused(tmp_path: Path, s3: Gateway) -> None:
    client = ceph.client(s3.endpoint)
    name = f"b-{uuid4()}"
    plain = s3.make_bucket(name, lock=False)
    with pytest.raises(ConfigurationError, match="does not keep versions"):
        create_archive(settings(tmp_path, s3, MUNIMENT_BUCKET=plain))
    client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    with pytest.raises(ConfigurationError, match="cannot lock"):
        create_archive(settings(tmp_path, s3, MUNIMENT_BUCKET=plain))
    name = f"b-{uuid4()}"
    locking = s3.make_bucket(name)
    client.put_object_lock_configuration(
        Bucket=name,
        ObjectLockConfiguration={
            "ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}},
        },
    )
    with pytest.raises(ConfigurationError, match="default retention"):
        create_archive(settings(tmp_path, s3, MUNIMENT_BUCKET=locking))
    with pytest.raises(ConfigurationError, match="default retention"):
        # A bucket of keys is looked at as well.
        create_archive(settings(tmp_path, s3, MUNIMENT_KEYS_BUCKET=locking))
    with pytest.raises(ConfigurationError, match="no such bucket"):
        create_archive(settings(tmp_path, s3, MUNIMENT_BUCKET=f"s3://b-{uuid4()}"))
    assert not (tmp_path / "home" / "events.db").exists()


def test_a_wrong_key_is_told_without_showing_it(
    tmp_path: Path, s3: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = settings(tmp_path, s3)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush-hush")
    with pytest.raises(ConfigurationError, match="AWS_SECRET_ACCESS_KEY") as raised:
        create_archive(chosen)
    assert "hush" not in str(raised.value)


def test_keys_stand_in_a_bucket_of_their_own(tmp_path: Path, s3: Gateway) -> None:
    keys = s3.make_bucket(f"k-{uuid4()}")
    chosen = settings(tmp_path, s3, MUNIMENT_KEYS_BUCKET=keys)
    create_archive(chosen)
    with open_archive(chosen) as archive:
        (record_id,) = capture(archive, line("1"))
        assert found(archive, "morning") == {record_id}
    tops = {
        each["Key"].removeprefix("of/one/").partition("/")[0]
        for url in (chosen.bucket, keys)
        for each in ceph.client(s3.endpoint).list_objects_v2(Bucket=url.split("/")[2])["Contents"]
        if (url == keys) == each["Key"].startswith("keys/")
    }
    assert tops == {"segments", "commits", "keyring", "keys", "log"}
