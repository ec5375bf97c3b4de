"""The pages of a package that a person reads: plain HTML, without scripts. Pure."""

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any, Final

from policies.access_requests.contents import Contents
from policies.access_requests.documents import left_out_in_words

_STYLE: Final = (
    "body{font-family:sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;line-height:1.5}"
    "table{border-collapse:collapse;width:100%}"
    "th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #999;vertical-align:top}"
    "pre{white-space:pre-wrap;overflow-wrap:anywhere;font-family:inherit}"
    "dt{font-weight:bold}"
)
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"
_NOT_STATED: Final = (
    "The purposes, your rights, the supervisory authority, automated decisions and transfers to "
    "third countries are not told of here: ask whoever gave you this package."
)
_ABOUT: Final = (
    "Everybody but you stands under a pseudonym, such as PersonABCDEFGH, which is the same for the "
    "same one throughout. Numbers, links and domains are replaced too, unless they are known to "
    "be yours. Files as they were captured are given only where somebody decided so."
)


def record_page(told: Mapping[str, Any]) -> str:
    """Return the page of a record, from its document."""
    facts = [
        ("When", told["occurred_at"] or "undated"),
        ("Through", f"{told['channel']}, {told['kind']}"),
        *((each["role"].capitalize(), _who(each)) for each in told["participants"]),
        ("Subject", told["subject"] or ""),
        ("Source", told["source"]),
        ("Custodian", told["custodian"] or ""),
        ("Archived", told["captured_at"]),
        ("Storage", told["storage"]),
    ]
    files = [
        f"{each['name']} ({each['media_type']}, {each['size']:,} bytes): "
        f"{each['path'] or each['withheld']}"
        for each in told["files"]
    ]
    body = [
        '<p><a href="../index.html">All records</a></p>',
        f"<h1>Record {told['number']}</h1>",
        _facts((name, value) for name, value in facts if value),
        f"<pre>{escape(told['text'] or told['html_text'] or '')}</pre>",
        "<h2>Files</h2>",
        _list(files),
    ]
    return _page(f"Record {told['number']}", body)


def record_line(told: Mapping[str, Any], name: str) -> str:
    """Return the line of a record in the index."""
    people = sorted(told["participants"], key=lambda each: each["role"] not in ("from", "author"))
    sender = _who(people[0]) if people else ""
    return (
        f'<tr><td><a href="records/{name}.html">{told["number"]}</a></td>'
        f"<td>{escape(told['occurred_at'] or 'undated')}</td><td>{escape(told['channel'])}</td>"
        f"<td>{escape(sender)}</td><td>{escape(told['subject'] or '')}</td></tr>"
    )


def index_page(contents: Contents, account: Mapping[str, Any], lines: Iterable[str]) -> str:
    """Return the page that a reader begins with."""
    facts = [
        ("Asked by", account["name"]),
        ("Reference", account["reference"]),
        ("Received on", account["received_on"]),
        ("Case", account["case"]),
        ("Made", f"{account['made_at']}, as of event {account['as_of']} of the archive"),
        ("Known as", ", ".join(account["aliases"])),
        ("Records", f"{account['records']:,} of {account['found']:,} that were found"),
    ]
    read_for = [
        f"{', '.join(each.roles)}, for {each.purpose}: {each.records:,} records, first on "
        f"{each.first_at:%Y-%m-%d} and last on {each.last_at:%Y-%m-%d}"
        for each in contents.read_for
    ]
    unseen = account["not_searched"]
    left_out = [left_out_in_words(x.record, x.ground, x.reason) for x in contents.left_out]
    body = [
        "<h1>What is kept about you</h1>",
        _facts((name, value) for name, value in facts if value),
        f"<p>{_ABOUT}</p>",
        "<h2>What the organisation tells you</h2>",
        f"<pre>{escape(account['statement'] or _NOT_STATED)}</pre>",
        "<h2>Categories of data</h2>",
        _list(_counts(account["channels"]) + _counts(account["kinds"])),
        "<h2>Sources</h2>",
        _list(_counts(account["sources"])),
        "<h2>Who opened your records in the archive</h2>",
        _list(read_for),
        "<h2>How long they are stored</h2>",
        "<p>The page of each record says so, by the retention policies in force.</p>",
        "<h2>What is not given</h2>",
        _list(left_out),
        f"<p>Of the archive's other records the words of {unseen['unread']:,} could not be read, "
        f"and {unseen['unopened']:,} could not be opened, so that it is not known whether they "
        f"mention you. {account['files']['withheld']:,} files are withheld; the records name "
        "them.</p>",
        "<h2>Records</h2>",
        "<table><thead><tr><th>Record</th><th>When</th><th>Through</th><th>First named</th>"
        "<th>Subject</th></tr></thead><tbody>",
        *lines,
        "</tbody></table>",
    ]
    return _page("What is kept about you", body)


def _who(told: Mapping[str, Any]) -> str:
    name, address = told.get("name"), told.get("address")
    if name and address:
        return f"{name} <{address}>"
    return str(name or address or "")


def _counts(counts: Mapping[str, int]) -> list[str]:
    return [f"{name}: {count:,}" for name, count in counts.items()]


def _facts(facts: Iterable[tuple[str, str]]) -> str:
    rows = (f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts)
    return f"<dl>{''.join(rows)}</dl>"


def _list(items: Iterable[str]) -> str:
    found = "".join(f"<li>{escape(each)}</li>" for each in items)
    return f"<ul>{found}</ul>" if found else "<p>None.</p>"


def _page(title: str, body: Iterable[str]) -> str:
    joined = "\n".join(body)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n{joined}\n"
        "</body>\n</html>\n"
    )
