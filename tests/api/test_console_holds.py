"""The console's pages of legal holds: who sees them, placing, counting, changing, releasing."""

import pytest

from archive.errors import UnavailableError
from archive.model.roles import Role
from tests.api.console_house import entered, sent
from tests.archive.house import capture, create, line, opened


@pytest.fixture
def archive(tmp_path):
    create(tmp_path)
    with opened(tmp_path) as archive:
        capture(archive, line("1", "the fee"), line("2", "a letter"))
        archive.follow()
        yield archive


def test_a_lawyer_counts_places_changes_and_releases(archive):
    lawyer = entered(archive, Role.LEGAL)
    assert "There are none." in lawyer.get("/holds").text
    given = {"name": "smith", "matter": "Smith v. <Jones>", "reason": "a letter", "query": "fee"}
    counted = sent(lawyer, "/holds", 200, count="yes", **given)
    assert "<strong>1</strong> of 2 records" in counted and 'value="a letter"' in counted
    assert "There are none." in lawyer.get("/holds").text
    page = sent(lawyer, "/holds", **given)
    assert "Smith v. &lt;Jones&gt;" in page and "<code>fee</code>" in page
    assert "smith" in lawyer.get("/holds").text
    page = sent(lawyer, "/holds/smith/scope", custodians="Ann\r\n Bob \r\n", reason="wider")
    assert "What <bdi>Ann</bdi>, <bdi>Bob</bdi> hold<" in page and "Reached until" in page
    page = sent(lawyer, "/holds/smith/release", reason="settled")
    assert "settled" in page and "Release the hold" not in page


def test_what_is_refused_is_said_and_what_was_written_stays(archive):
    lawyer = entered(archive, Role.LEGAL)
    given = {"name": "a", "reason": "a letter", "query": "(fee"}
    refused = sent(lawyer, "/holds", 400, **given)
    assert 'role="alert"' in refused and 'value="(fee"' in refused
    assert 'role="alert"' in sent(lawyer, "/holds", 400, name="A", reason="r", query="fee")
    sent(lawyer, "/holds", **given | {"query": "fee"})
    sent(lawyer, "/holds", 409, **given | {"query": "fee"})
    other = {"reason": "wider", "query": "", "records": "nonsense"}
    refused = sent(lawyer, "/holds/a/scope", 400, **other)
    assert 'role="alert"' in refused and refused.count('value="wider"') == 1
    counted = sent(lawyer, "/holds/a/scope", 200, count="yes", reason="wider", query="letter")
    assert 'value="wider"' in counted and 'value="letter"' in counted
    refused = sent(lawyer, "/holds/a/release", 400, reason="x" * 501)
    assert 'role="alert"' in refused and refused.count("x" * 501) == 1
    assert lawyer.get("/holds/b").status_code == 404


def test_a_change_of_which_nothing_is_known_leads_to_where_it_would_be_seen(archive, monkeypatch):
    lawyer = entered(archive, Role.LEGAL)
    sent(lawyer, "/holds", name="a", reason="r", query="fee")

    def silent(*_, **__):
        raise UnavailableError("The committer went away; the change may have been made.")

    monkeypatch.setattr(archive.committer, "commit", silent)
    page = sent(lawyer, "/holds/a/release", 503, reason="settled")
    assert 'href="/holds/a"' in page and "may have been made" in page
    assert 'href="/holds">Look at how it' in sent(
        lawyer, "/holds", 503, name="b", reason="r", query="fee"
    )


def test_who_governs_sees_holds_and_changes_none(archive):
    sent(entered(archive, Role.LEGAL), "/holds", name="a", reason="r", query="fee")
    officer = entered(archive, Role.COMPLIANCE_OFFICER)
    assert "New hold" not in officer.get("/holds").text
    assert "Release" not in officer.get("/holds/a").text
    sent(officer, "/holds/a/release", 403, reason="r")
    administrator = entered(archive, Role.ADMINISTRATOR)
    assert ">Holds</a>" not in administrator.get("/status").text
