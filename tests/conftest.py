"""What all tests share."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from archive.opening import Archive
from archive.tuning import spare_the_collector
from archive.users import passwords
from scripts.support import ceph
from scripts.support.postgres import Postgres, missing
from tests.archive.house import create, opened

# Contract suites are plain modules that test classes inherit from; without this their failed
# assertions would not say what was compared.
pytest.register_assert_rewrite("tests.bucket.contract")

# Property tests try the same examples each time, so that a change fails for what it changed alone,
# and measure neither time nor luck, which say how busy the machine is and not what is wrong.
# MUNIMENT_TEST_EXPLORE=yes looks for new examples.
settings.register_profile(
    "muniment",
    deadline=None,
    derandomize=os.environ.get("MUNIMENT_TEST_EXPLORE") != "yes",
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
settings.load_profile("muniment")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Say what stays together when several processes share the tests (`--dist loadgroup`).

    A module's tests share its fixtures; all that need the S3 server share the one of a process,
    since it is three programs and takes half a minute to start.
    """
    if not config.pluginmanager.has_plugin("xdist"):
        return
    for item in items:
        needs = getattr(item, "fixturenames", ())
        group = "gateway" if "gateway" in needs else item.nodeid.partition("::")[0]
        item.add_marker(pytest.mark.xdist_group(group))


def pytest_collection_finish() -> None:
    """Look for cycles rarely, as our processes do: thousands of tests stand there, and stay."""
    spare_the_collector()


@pytest.fixture(autouse=True)
def cheap_passwords(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash passwords at the least cost that there is, but in tests of that cost.

    What is tested with them is who may do what; half a second for each would be most of the time.
    """
    if "real_passwords" not in request.keywords:
        monkeypatch.setattr(passwords, "_MEMORY_KIB", 32)
        monkeypatch.setattr(passwords, "_PASSES", 1)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """A new archive, opened."""
    create(tmp_path)
    with opened(tmp_path) as archive:
        yield archive


@pytest.fixture
def all_erasable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let events go that no door erases: to those who read them they are lost as by damage."""
    monkeypatch.setattr("archive.erasing.eraser.is_erasable", lambda _: True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server that all tests share; who stops it starts it again."""
    reason = missing()
    if reason:
        pytest.skip(f"skipped: {reason}")
    with Postgres(durable=False) as server:
        yield server


@pytest.fixture
def database_url(postgres: Postgres) -> str:
    """The address of an empty PostgreSQL database."""
    return postgres.fresh_url()


@pytest.fixture(params=["sqlite", "postgresql"])
def each_database(request: pytest.FixtureRequest) -> str | None:
    """None for SQLite, then the address of an empty PostgreSQL database."""
    if request.param == "sqlite":
        return None
    url: str = request.getfixturevalue("database_url")
    return url


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ceph.Gateway]:
    """A real S3 server for the tests of this run; they are marked `servers`."""
    if ceph.missing():
        pytest.skip(f"skipped: needs Ceph (on Debian: {ceph.PACKAGES})")
    with ceph.gateway(tmp_path_factory.mktemp("ceph") / "cluster") as running:
        yield running


@pytest.fixture
def s3(gateway: ceph.Gateway, monkeypatch: pytest.MonkeyPatch) -> ceph.Gateway:
    """The same, with its keys and address in the environment."""
    for name, value in gateway.environment.items():
        monkeypatch.setenv(name, value)
    return gateway
