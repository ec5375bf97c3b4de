"""The console's page of saved searches."""

import re

from archive.model.roles import Role
from tests.api.console_house import entered, sent


def test_a_search_is_saved_shared_and_removed_by_its_owner_alone(archive):
    ann = entered(archive, Role.LEGAL, name="Ann")
    bo = entered(archive, Role.LEGAL, name="Bo")
    page = sent(ann, "/searches", name="Fees", q="fee*", shared="on")
    assert "Fees" in page and "<code>fee*</code>" in page and "by <bdi>Ann" not in page
    removal = re.search(r'action="(/searches/[0-9a-f-]+/remove)"', page)
    assert removal
    page = bo.get("/searches").text
    assert "by <bdi>Ann" in page and removal[1] not in page
    sent(bo, removal[1], 403)
    assert "Fees" not in sent(ann, removal[1])


def test_a_search_that_cannot_be_saved_stays_in_its_form(archive):
    ann = entered(archive, Role.LEGAL, name="Ann")
    page = sent(ann, "/searches", 400, name="Fees", q="(fee", shared="on")
    assert 'role="alert"' in page and 'value="Fees"' in page
    assert 'value="(fee"' in page and 'name="shared" checked' in page
    assert "<code>(fee</code>" not in ann.get("/searches").text


def test_everything_is_saved_and_counted_among_for_metadata_too(archive):
    officer = entered(archive, Role.COMPLIANCE_OFFICER, purpose="compensation")
    assert "Read as <code>*</code>" in officer.get("/?q=").text
    assert "<code>*</code>" in sent(officer, "/searches", name="All of it", q="*")
    assert officer.get("/?q=fee*").status_code == 400
    page = officer.get("/hits?q=*")
    assert page.status_code == 200 and "This query looks for no words" in page.text
    assert officer.get("/hits?q=*&terms=from:ann").status_code == 200


def test_a_hit_report_of_a_query_without_words_asks_for_terms(archive):
    lawyer = entered(archive, Role.LEGAL)
    for query in ("sent:2026-05", "channel:email", "has:attachment NOT fee", "*"):
        page = lawyer.get("/hits", query_string={"q": query})
        assert page.status_code == 200, query
        assert "This query looks for no words" in page.text and 'name="terms"' in page.text
    assert lawyer.get("/hits?q=fee+sent:2026-05").status_code == 200
    assert lawyer.get("/hits?q=(fee").status_code == 400
