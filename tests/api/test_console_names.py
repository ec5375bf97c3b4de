"""Names that users typed and that run from right to left turn nothing around that stands beside."""

import re

from archive.model.roles import LOCAL_ACTOR, Role
from tests.api.console_house import entered, sent
from tests.archive.house import capture, line

ANNA, BEN, DESK = "\u05d0\u05e0\u05d4", "\u05d1\u05df", "\u05d3\u05dc\u05e4\u05e7"
POLICY = "name: mail\nscope: fee\nmaximum: 3y\n"


def beside_others(page):
    """Return what stands beside other text: in no element of its own, and in no field."""
    inner = page.partition("<main")[2]
    own = r"<(bdi|dd|code|option|textarea|script)[ >].*?</\1>|<h1.*?</h1>|<h2><a.*?</h2>"
    # What begins a part of a row of facts is all of it.
    return re.sub(rf"{own}|<span>[\u0590-\u05ff]+</span>|<[^<>]*>", "", inner, flags=re.DOTALL)


def test_names_of_users_custodians_and_people_stand_apart(archive):
    capture(archive, line("1", "the fee"))
    archive.follow()
    anna = entered(archive, Role.LEGAL, name=ANNA)
    entered(archive, Role.LEGAL, name=BEN)
    officer = entered(archive, Role.COMPLIANCE_OFFICER, name=f"{ANNA} {ANNA}")
    admin = entered(archive, Role.ADMINISTRATOR, name=f"{BEN} {BEN}")
    auditor = entered(archive, Role.AUDITOR, name=f"{BEN} {ANNA}")
    sent(anna, "/matters", code="smith", name=DESK, custodians=DESK, members=BEN)
    sent(anna, "/matters/smith/close", reason=DESK)
    given = {"name": "smith", "reason": DESK, "matter": DESK, "custodians": f"{DESK}\r\n{ANNA}"}
    sent(anna, "/holds", **given)
    held = anna.get("/holds/smith").text
    assert f"<bdi>{ANNA}</bdi>" in held
    sent(anna, "/searches", name=DESK, q="fee", shared="on")
    for number, name in enumerate((f"{DESK} {ANNA}", f"{DESK} {BEN}")):
        sent(anna, "/people", name=name, aliases=f"{DESK}{number}")
    people = re.findall(r'href="(/people/[0-9a-f-]+)"', anna.get("/people").text)
    simulated = sent(officer, "/new-policy", 200, yaml=POLICY)
    digest = re.search(r'name="propose" value="([0-9a-f]+)"', simulated)
    assert digest
    sent(officer, "/new-policy", yaml=POLICY, propose=digest[1])
    sent(officer, "/erasures", name=DESK, received_on="2020-01-01", aliases=DESK, reference=DESK)
    cases = re.findall(r'href="(/erasures/[0-9a-f-]+)"', officer.get("/erasures").text)
    ben_id = str(archive.users.named(BEN).id)
    archive.administration.restrict(LOCAL_ACTOR, ben_id, [DESK, ANNA], [DESK], None)
    archive.follow()
    looked = (
        (anna, ("/matters", "/matters/smith", "/holds", "/holds/smith", "/searches", "/people")),
        (anna, (f"{people[0]}?find={DESK}",)),
        (officer, ("/policies", "/policies/mail", "/erasures", *cases, "/dispositions")),
        (admin, ("/users", f"/users/{ben_id}")),
        (auditor, ("/audit", "/purges", "/certificates")),
    )
    for client, addresses in looked:
        for address in addresses:
            answer = client.get(address)
            assert answer.status_code == 200, address
            assert not re.search("[\u0590-\u05ff]", beside_others(answer.text)), address
