"""`muniment certificate`: what was destroyed, and the proof of it."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import UUID

import click

from api.cli import options, output
from archive.errors import InvalidError
from archive.model.roles import LOCAL_ACTOR, Purpose

if TYPE_CHECKING:
    from policies.purging.answers import CertificateAnswer
    from policies.purging.certificate import Certificate

_WHAT: Final = {"records": "records", "audit-trail": "entries of the audit trail"}


@click.group("certificate")
def command() -> None:
    """Read certificates of destruction."""


@command.command("list")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@click.option("--cursor", type=click.IntRange(1), metavar="C", help="Go on where a page ended.")
@options.common
def everything(limit: int, cursor: int | None, purpose: Purpose, as_json: bool) -> None:
    """List certificates, the newest first."""
    from policies.purging.opening import purge_desk

    with options.opened() as archive:
        archive.follow()
        page = purge_desk(archive).certificates(LOCAL_ACTOR, limit, cursor)
    if as_json:
        output.write_json(page)
        return
    output.write_table(
        ("certificate", "completed", "of", "number"),
        [
            (
                str(each.id),
                output.utc_time(each.completed_at),
                _WHAT[each.of],
                f"{each.records:,}",
            )
            for each in page.certificates
        ],
    )
    if page.cursor is not None:
        click.echo(f"There are more: --cursor {page.cursor}")


@command.command("show")
@click.argument("id", type=click.UUID)
@click.option(
    "--pdf",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write it as a page to be printed, to a new file.",
)
@options.common
def show(id: UUID, pdf: Path | None, purpose: Purpose, as_json: bool) -> None:
    """Show the certificate ID."""
    from policies.purging.opening import purge_desk

    with options.opened() as archive:
        found = purge_desk(archive).certificate(LOCAL_ACTOR, id)
    if pdf is not None:
        from policies.purging.page import pdf_of

        try:
            with pdf.open("xb") as file:
                file.write(pdf_of(found))
        except FileExistsError:
            raise InvalidError(f"{pdf.name} is there already.") from None
    if as_json:
        output.write_json(found)
        return
    certificate = found.certificate
    output.write_facts(
        (
            ("organisation", certificate.organisation or ""),
            ("certificate", str(certificate.id)),
            ("sandbox", "yes: dates may be made up" if certificate.sandbox else ""),
            ("archive", str(certificate.archive)),
            _account(certificate),
            ("due as of", output.utc_time(certificate.due_as_of)),
            ("completed", output.utc_time(certificate.completed_at)),
            (_WHAT[certificate.of], f"{certificate.records:,} ({certificate.events:,} events)"),
            ("redacted", f"{sum(each.records for each in certificate.redacted):,}"),
            ("bytes", f"{certificate.bytes:,}"),
            ("dated", f"{_day(certificate.first_at)} to {_day(certificate.last_at)}"),
            ("policies", ", ".join(f"{p.policy} {p.version}" for p in certificate.policies)),
            ("held", f"{certificate.hold_check.held:,}"),
            ("shredded", _shredded(found)),
        )
    )
    click.echo()
    click.echo(found.note, nl=False)
    if found.supplement is not None:
        click.echo("\n" + found.supplement.note, nl=False)


def _account(certificate: "Certificate") -> tuple[str, str]:
    """Tell what it is of."""
    if certificate.case is None:
        return "purge", f"{certificate.purge}, by {certificate.by}"
    decided = ", ".join(certificate.case.decided_by)
    return "case", f"{certificate.case.id}, decided by {decided}, ordered by {certificate.by}"


def _shredded(found: "CertificateAnswer") -> str:
    if found.supplement is None:
        return "not when it was issued"
    return f"{output.utc_time(found.supplement.supplement.shredded_at)}, as the supplement says"


def _day(moment: datetime) -> str:
    return output.utc_time(moment)[:10]
