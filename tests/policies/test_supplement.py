"""What a shredding adds to certificates from before it, and that it says nothing too early."""

import pytest

from archive.errors import CorruptError
from archive.log.publisher import log_signer
from policies.purging import certificate as certificates
from policies.purging.opening import supplementing_of
from policies.purging.supplement import check, digest, shredded
from tests.archive.house import opened
from tests.policies.purging_house import dated, in_force, sandbox


@pytest.fixture
def purged(tmp_path, call):
    """Give the id of a certificate; `call` runs commands over its archive."""
    with sandbox(tmp_path) as archive:
        dated(archive, [2001, 2002])
        in_force(archive, maximum="5y")
    return call("purge")["certificate"]


def test_a_shredding_is_proved_on_the_certificate(tmp_path, call, purged):
    before = call("certificate", "show", purged)
    assert before["supplement"] is None
    call("keys", "rotate")
    with opened(tmp_path) as archive:
        archive.follow()
        assert supplementing_of(archive).issue() == []
    call("keys", "shred")
    told = call("certificate", "show", purged)
    assert {**told, "supplement": None} == before
    added = told["supplement"]
    assert added["supplement"]["epochs"] == told["certificate"]["keys"]["epochs"]
    with opened(tmp_path) as archive:
        archive.follow()
        verifier = log_signer(archive.keyring).verifier
        assert not archive.keyring.epochs.keys() & set(added["supplement"]["epochs"])
        assert supplementing_of(archive).issue() == []
    found = check(added["document"], added["note"], told["document"], verifier)
    assert (str(found.certificate), found.certificate_sha256) == (purged, digest(told["document"]))
    with pytest.raises(CorruptError):
        check(added["document"], added["note"], told["document"] + " ", verifier)
    forged = added["document"].replace('"keyring":', '"keyring":1')
    for document, note in ((forged, added["note"]), (added["document"], told["note"]), ("{}", "")):
        with pytest.raises(CorruptError):
            check(document, note, told["document"], verifier)
    with pytest.raises(CorruptError):
        certificates.check(told["document"], added["note"], verifier)
    call("verify", "--full")
    call("rebuild")
    assert call("certificate", "show", purged) == told
    page = tmp_path / "page.pdf"
    call("certificate", "show", purged, "--pdf", str(page))
    assert page.read_bytes().startswith(b"%PDF-")


def test_nothing_is_said_while_an_older_keyring_is_there(tmp_path, call, purged, monkeypatch):
    # As if the process died after the new keyring came into force.
    with monkeypatch.context() as patched:
        patched.setattr("archive.erasing.keyring_writer.KeyringWriter.destroy_older", lambda _: 0)
        call("keys", "shred")
    assert call("certificate", "show", purged)["supplement"] is None
    with opened(tmp_path) as archive:
        archive.follow()
        assert supplementing_of(archive).issue() == []
        archive.keyring_writer.destroy_older()
        assert [str(each) for each in supplementing_of(archive).issue()] == [purged]
    assert call("certificate", "show", purged)["supplement"] is not None


@pytest.mark.parametrize(
    ("named", "left", "gone"),
    [((1,), {2}, True), ((1, 2), {2}, False), ((2,), {1, 3}, False), ((), {2}, False)],
)
def test_all_epochs_up_to_the_last_one_named_must_be_gone(named, left, gone):
    assert shredded(named, left) is gone
