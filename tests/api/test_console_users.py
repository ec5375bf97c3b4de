"""The console's pages of users: what was written stays where a form is refused."""

import re

from archive.model.roles import LOCAL_ACTOR, Role
from tests.api.console_house import entered, sent

NEW = {
    "name": "Nina",
    "role": ["legal", "trainer"],
    "custodians": "Ann\r\nBo",
    "departments": "Sales",
}


def panel(page, title):
    """Return the panel of a page under a heading."""
    found = re.search(rf"<h2>{title}</h2>(.*?)</section>", page, re.DOTALL)
    assert found, title
    return found[1]


def test_a_refused_new_user_keeps_whom_they_were_to_see(archive):
    administrator = entered(archive, Role.ADMINISTRATOR)
    refused = panel(sent(administrator, "/users", 400, **NEW, matters="none-such"), "New user")
    assert 'role="alert"' in refused and 'action="/users#new"' in refused
    for kept in ('value="Nina"', ">Ann\r\nBo<", ">Sales<", ">none-such<"):
        assert kept in refused
    assert re.findall(r'value="([^"]+)" checked', refused) == ["legal", "trainer"]
    assert "only <bdi>Ann</bdi>, <bdi>Bo</bdi>" in sent(administrator, "/users", **NEW)


def test_whoever_sees_a_part_of_the_records_is_offered_what_opens_alone(archive):
    lawyer = entered(archive, Role.LEGAL, name="Ann")
    assert 'href="/dispositions"' in lawyer.get("/status").text
    ann = str(archive.users.named("Ann").id)
    archive.administration.restrict(LOCAL_ACTOR, ann, ["Bo"], None, None)
    archive.follow()
    page = lawyer.get("/status").text
    for address in ("/holds", "/dispositions", "/erasures"):
        assert lawyer.get(address).status_code == 403
        assert f'href="{address}"' not in page


def test_an_officer_who_sees_a_part_of_the_records_has_an_overview(archive):
    officer = entered(archive, Role.COMPLIANCE_OFFICER, name="Ann", purpose="compensation")
    ann = str(archive.users.named("Ann").id)
    archive.administration.restrict(LOCAL_ACTOR, ann, ["Bo"], None, None)
    archive.follow()
    page = officer.get("/overview")
    # What they may not look at is not told to be in order either.
    assert page.status_code == 200 and "Nothing: no change waits" in page.text
    assert "no request of a person" not in page.text
    assert officer.get("/audit").status_code == 403 and 'href="/audit"' not in page.text


def test_what_an_administrator_did_to_somebody_is_told(archive):
    administrator = entered(archive, Role.ADMINISTRATOR)
    sent(administrator, "/users", **NEW)
    at = f"/users/{archive.users.named('Nina').id}"
    assert "<span>no password</span>" in administrator.get(at).text
    chosen = {"password": "staple battery horse", "again": "staple battery horse"}
    page = sent(administrator, f"{at}/password", **chosen)
    assert "The password is set" in page and "<span>password</span>" in page
    assert "They are signed out everywhere." in sent(administrator, f"{at}/sign-out")
    assert "They are signed out" not in administrator.get(f"{at}?notice=x").text


def test_a_token_is_for_what_its_user_reads_for(archive):
    administrator = entered(archive, Role.ADMINISTRATOR)
    sent(administrator, "/users", name="Tess", role="trainer")
    at = f"/users/{archive.users.named('Tess').id}"
    page = administrator.get(at).text
    assert re.findall(r'name="for" value="([^"]+)"', page) == ["training"]
    given = {"label": "x", "days": "30"}
    sent(administrator, f"{at}/tokens", 400, **given, **{"for": "matter"})
    assert "mun_" in sent(administrator, f"{at}/tokens", 200, **given, **{"for": "training"})


def test_a_refused_change_of_a_user_keeps_what_was_written(archive):
    administrator = entered(archive, Role.ADMINISTRATOR)
    archive.follow()
    sent(administrator, "/users", **NEW)
    at = f"/users/{archive.users.named('Nina').id}"
    fields = {"custodians": "Cy", "departments": "", "matters": "none-such"}
    page = sent(administrator, f"{at}/custodians", 400, **fields)
    sees = panel(page, "What they see")
    assert ">Cy<" in sees and ">none-such<" in sees and "Sales" not in sees
    page = sent(administrator, f"{at}/roles", 400, role=["legal", "auditor"])
    does = panel(page, "What they do")
    assert re.findall(r'value="([^"]+)" checked', does) == ["legal", "auditor"]
    page = sent(administrator, f"{at}/tokens", 400, label="nightly", days="30", permission="audit")
    assert 'value="nightly"' in page and ">Ann\nBo<" in panel(page, "What they see")
