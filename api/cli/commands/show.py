"""`muniment show`: one record, or the bytes that were captured."""

import sys
from uuid import UUID

import click

from api.cli import options, output
from archive.access.answers import Original, RecordAnswer
from archive.model.interaction import Attachment, Participant
from archive.model.roles import LOCAL_ACTOR, Purpose


@click.command("show")
@click.argument("id", type=click.UUID)
@click.option("--original", is_flag=True, help="Write the captured bytes, unchanged.")
@click.option("--attachment", metavar="PART", help="Write the bytes of one attachment.")
@options.common
def command(
    id: UUID, original: bool, attachment: str | None, purpose: Purpose, as_json: bool
) -> None:
    """Show the record ID as it stands now."""
    if original and attachment is not None:
        raise click.UsageError("Take --original or --attachment, not both.")
    if as_json and (original or attachment is not None):
        raise click.UsageError("--original and --attachment write bytes; leave --json out.")
    with options.opened() as archive:
        if original:
            _write_bytes(archive.access.original(LOCAL_ACTOR, purpose, id))
            return
        if attachment is not None:
            _write_bytes(archive.access.attachment(LOCAL_ACTOR, purpose, id, attachment))
            return
        record = archive.access.show(LOCAL_ACTOR, purpose, id)
    if as_json:
        output.write_json(record)
    else:
        _write(record)


def _write_bytes(file: Original) -> None:
    # Through the binary buffer, so that not one byte is recoded.
    for chunk in file.chunks:
        sys.stdout.buffer.write(chunk)
    sys.stdout.buffer.flush()


def _write(record: RecordAnswer) -> None:
    marks = [mark for mark, on in (("edited", record.edited), ("deleted", record.deleted)) if on]
    output.write_facts(
        [
            ("id", str(record.id)),
            ("subject", record.subject or ""),
            ("occurred", output.utc_time(record.occurred_at)),
            *((person.role.value, _named(person)) for person in record.participants),
            ("channel", f"{record.channel}, {record.kind}"),
            ("source", record.source),
            ("native id", record.native_id),
            ("custodian", record.custodian or ""),
            ("conversation", record.conversation or ""),
            *record.labels.items(),
            ("captured", f"{output.utc_time(record.captured_at)}, event {record.seq}"),
            ("version", f"{record.version} {' '.join(marks)}"),
            ("original", f"{record.original.media_type}, {record.original.size:,} bytes"),
            ("sha256", record.original.sha256),
            ("redacted", f"by case {record.redacted}" if record.redacted else ""),
            *(
                (
                    "attachment",
                    f"{part.part} {part.filename or 'unnamed'}, {part.media_type}, "
                    f"{part.size:,} bytes, {_read(part)}{part.sha256}".lstrip(),
                )
                for part in record.attachments
            ),
            *(("problem", problem) for problem in record.problems),
        ]
    )
    text = record.text if record.text is not None else record.html_text
    if text:
        click.echo(f"\n{output.printable(text)}")
    for part in record.attachments:
        if part.text:
            name = output.one_line(part.filename or part.part or "the file")
            click.echo(f"\n{click.style(name, bold=True)}\n{output.printable(part.text)}")


def _read(part: Attachment) -> str:
    """Say what was read out of an attachment; nothing where the record does not know."""
    if part.unreadable is None:
        return "text read, " if part.text else ""
    return f"{'not all text read' if part.text else 'not read'} ({part.unreadable}), "


def _named(person: Participant) -> str:
    if person.name and person.address:
        return f"{person.name} <{person.address}>"
    return person.name or person.address or "unnamed"
