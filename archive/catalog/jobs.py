"""The book of jobs: when each last ended, and whether it failed, for every host to see."""

from datetime import UTC, datetime

from sqlalchemy import Engine, select

from archive.catalog.answering import answering
from archive.catalog.inserting import insert_for
from archive.catalog.tables import jobs


class JobBook:
    """Notes of jobs in SQL. Methods raise UnavailableError when the database does not answer."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = insert_for(engine.dialect)

    def ended(self, name: str, at: datetime, problem: str | None) -> None:
        """Note the end of a run, and the sentence that says why it failed, if it did."""
        values = {"ended_at": int(at.timestamp() * 1000), "problem": problem}
        with answering("jobs"), self._engine.begin() as connection:
            connection.execute(
                self._insert(jobs)
                .values(name=name, **values)
                .on_conflict_do_update(index_elements=["name"], set_=values)
            )

    def last_end(self, name: str) -> datetime | None:
        """Return when a job last ended, by the clock of who ran it; None if it never did."""
        with answering("jobs"), self._engine.connect() as connection:
            row = connection.execute(select(jobs.c.ended_at).where(jobs.c.name == name)).first()
        return None if row is None else datetime.fromtimestamp(row[0] / 1000, UTC)

    def notes(self) -> tuple[str, ...]:
        """Return a sentence for each job whose last run failed."""
        statement = select(jobs.c.name, jobs.c.problem).where(jobs.c.problem.is_not(None))
        with answering("jobs"), self._engine.connect() as connection:
            rows = connection.execute(statement.order_by(jobs.c.name)).all()
        return tuple(f"The job {name} failed: {problem}" for name, problem in rows)
