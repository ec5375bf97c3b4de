"""What SQL holds is told in one place, which `scripts/shows/02-nothing-readable` looks at."""

from pathlib import Path

from policies.jobs import schedule_of
from scripts.support.columns import COLUMNS, JOBS
from scripts.support.parts import Embedded
from tests.archive.house import create, opened


def test_every_column_and_every_job_is_on_the_list(tmp_path: Path) -> None:
    create(tmp_path)
    with opened(tmp_path) as archive:
        there = {f"{table}.{name}" for table, name in Embedded(tmp_path / "home").columns()}
        jobs = {job.name for job in schedule_of(archive, print)._jobs}
    listed = {
        f"{table}.{column.partition(':')[0]}"
        for table, columns in COLUMNS.items()
        for column in columns.split()
    }
    assert there == listed
    assert jobs == set(JOBS)
