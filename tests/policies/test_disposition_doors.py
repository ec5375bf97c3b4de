"""Disposition reviews through the command line, HTTP and the worker's job; and told as before."""

from api.app import create_app
from archive.creating import register_user
from archive.model.roles import LOCAL_ACTOR, Role
from archive.trail.entry import entry, is_act
from policies.jobs import schedule_of
from tests.archive.house import opened as reopened
from tests.policies.purging_house import dated, desk, job, sandbox, states
from tests.policies.reviewing_house import ONE, TWO, opened, reviewed


def headers(archive, role):
    return {"Authorization": f"Bearer {register_user(archive, role)}"}


def test_http_from_opening_to_the_certificate(archive):
    dated(archive, [2001, 2002, 2003, 2004])
    reviewed(archive)
    reviewed(archive, ONE, name="longer", scope="channel:email")
    officer, lawyer = headers(archive, Role.COMPLIANCE_OFFICER), headers(archive, Role.LEGAL)
    client = create_app(lambda: archive).test_client()

    def get(path, headers):
        answer = client.get(path, headers=headers)
        assert answer.status_code == 200 and answer.json is not None
        return answer.json

    def post(path, headers, status=200, **body):
        archive.follow()
        answer = client.post(f"/v1/dispositions{path}", json=body, headers=headers)
        assert answer.status_code == status, answer.text
        return answer.json

    assert post("", officer) == {"opened": [1], "records": 4, "approved": 0, "left": 0}
    archive.follow()
    shown = get("/v1/dispositions/1?limit=3", lawyer)
    assert (shown["cursor"], shown["counts"]["waiting"]) == ("3", 4)
    first, second, third = (each["id"] for each in shown["items"])
    rest = get("/v1/dispositions/1?limit=3&cursor=3", lawyer)
    (fourth,) = (each["id"] for each in rest["items"])
    assert (shown["items"][0]["channel"], rest["cursor"]) == ("chat", None)
    stage = {"stage": "records manager", "comment": "seen"}
    post("/1/approve", officer, 400, stage="records manager")
    post("/1/approve", officer, 400, comment="two\nlines", stage="records manager")
    post("/1/approve", officer, 400, stage="nobody", comment="seen")
    post("/1/approve", lawyer, 403, **stage)
    post("/2/approve", officer, 404, **stage)
    decided = {"disposition": 1, "records": 2, "left_out": 0}
    assert post("/1/approve", officer, **stage, records=[first, second]) == decided
    post("/1/approve", officer, 409, **stage, records=[first])
    until = "2999-01-01T00:00:00Z"
    post("/1/extend", officer, 400, **stage, until="2001-01-01T00:00:00Z", records=[third])
    post("/1/extend", officer, **stage, until="2099-01-01T00:00:00Z", records=[third])
    post("/1/extend", officer, 400, **stage, until=until)
    post("/1/relabel", officer, **stage, policy="longer", records=[fourth])
    post("/1/approve", lawyer, stage="counsel", comment="may go")
    archive.follow()
    listed = get("/v1/dispositions?waiting=true", officer)["dispositions"]
    assert listed == []
    (listed,) = get("/v1/dispositions", officer)["dispositions"]
    counts = [listed[each] for each in ("approved", "extended", "relabelled", "waiting")]
    assert (listed["state"], counts) == ("decided", [2, 1, 1, 0])
    why = get(f"/v1/interactions/{fourth}/retention", officer)
    assert any("re-labelled it from plain to longer" in step for step in why["steps"])
    # By its new label it is due as well, and reviewed there.
    assert post("", officer)["opened"] == [2]
    done = desk(archive).run(LOCAL_ACTOR)
    assert (done.destroyed, done.kept) == (2, {"review": 1})
    told = get(f"/v1/certificates/{done.certificate}", officer)["certificate"]
    assert [(each["stage"], each["records"]) for each in told["reviews"]] == [
        ("records manager", 2),
        ("counsel", 2),
    ]
    page = client.get(f"/v1/certificates/{done.certificate}?form=pdf", headers=officer)
    assert page.data.startswith(b"%PDF-")


def test_what_is_decided_and_refused_stands_in_the_trail(archive):
    dated(archive, [2001])
    reviewed(archive, TWO)
    client = create_app(lambda: archive).test_client()
    opened(archive)
    lawyer = headers(archive, Role.LEGAL)
    archive.follow()
    assert client.get("/v1/dispositions/1", headers=lawyer).status_code == 200
    wanted = {"stage": "records manager", "comment": "seen"}
    assert client.post("/v1/dispositions/1/approve", json=wanted, headers=lawyer).status_code == 403
    rows = archive.pointers.select_pointers_from(None, 1000)
    found = [
        entry(row, archive.mapper.event(each))
        for row, each in zip(rows, archive.opener.open_each(rows), strict=True)
        if is_act(row.type)
    ]
    acts = [(each.action, each.allowed) for each in found if "disposition" in (each.action or "")]
    assert acts == [
        ("disposition.opened", True),
        ("disposition.show", True),
        ("disposition.approve", False),
    ]
    (told,) = (each.change for each in found if each.action == "disposition.opened")
    assert (told["policy"], told["records"]) == ("plain", 1)


def test_the_job_opens_and_lets_time_approve(archive, clock):
    dated(archive, [2001])
    reviewed(archive, ({"stage": "a", "approve_after": "1d"},))
    assert "1 records wait" in job(archive, "dispositions")
    assert job(archive, "dispositions") == ""
    clock.move(days=1)
    assert job(archive, "dispositions") == ""
    assert "has destroyed 1 records" in job(archive, "purge")
    assert {each.name for each in schedule_of(archive, print)._jobs} >= {"dispositions"}


def test_the_command_line_and_a_rebuild(tmp_path, call):
    with sandbox(tmp_path) as archive:
        first, second, third = dated(archive, [2001, 2002, 2003])
        reviewed(archive, ONE)
        token = register_user(archive, Role.LEGAL)
    assert call("disposition", "open")["opened"] == [1]
    assert "records manager" in call("disposition", "show", "1", as_json=False)
    assert len(call("disposition", "show", "1", "--state", "waiting")["items"]) == 3
    decide = ("--stage", "records manager", "--comment", "seen")
    (tmp_path / "ids").write_text(f"{first}\n\n")
    told = call("disposition", "approve", "1", *decide, "--records", "ids", as_json=False)
    assert told == "Records decided on: 1.\n"
    far = ("--until", "2999-01-01")
    call("disposition", "extend", "1", *far, *decide, status=2)
    near = ("--until", "2090-01-01")
    call(
        "disposition",
        "extend",
        "1",
        *near,
        *decide,
        "--record",
        str(second),
        "--by-token",
        typed=f"{token}\n",
    )
    call("disposition", "relabel", "1", "--policy", "nowhere", *decide, status=1)
    assert "waiting at records manager" in call("disposition", "show", "1", as_json=False)
    call("rebuild", as_json=False)
    (listed,) = call("disposition", "list")["dispositions"]
    counts = [listed[each] for each in ("waiting", "approved", "extended")]
    assert (listed["state"], counts) == ("waiting", [1, 1, 1])
    assert "plain" in call("disposition", "list", "--waiting", as_json=False)
    done = call("purge")
    assert (done["destroyed"], done["kept"]) == (1, {"review": 1})
    with reopened(tmp_path) as archive:
        archive.follow()
        assert states(archive, [first, second, third]) == ["GoneError", "Loaded", "Loaded"]
    call("verify", "--full", as_json=False)
