"""Go's checksum database, which was not written here, reads the log and accepts its proofs."""

from pathlib import Path

import pytest

from archive.log.checkpoint import encode_hash
from scripts.support import foreign
from scripts.support.show import Failed
from tests.log.log_house import house_in


@pytest.mark.servers
def test_go_accepts_what_is_published_and_nothing_else(tmp_path: Path) -> None:
    reason = foreign.missing()
    if reason:
        pytest.skip(f"skipped: {reason}")
    program = foreign.build(tmp_path)
    with house_in(tmp_path) as house:
        publisher = house.publisher()
        for count in (1, 4, 255, 700, 1):
            house.commit(count)
            publisher.step()
        newest = house.reader.newest()
        size, vkey = newest.checkpoint.size, str(house.reader.verifier)
        proofs = [
            {
                **{"index": index, "size": size, "checkpoint": newest.note},
                "leaf_hash": encode_hash(proof.leaf),
                "hashes": [encode_hash(each) for each in proof.hashes],
            }
            for index in (0, 4, 255, 256, 500, 959, 960)
            for proof in [house.reader.inclusion(index, newest)]
        ]
        consistency = [
            {
                **{"first": first, "second": second},
                "hashes": [encode_hash(e) for e in house.reader.consistency(first, second)],
            }
            for first, second in ((1, 5), (5, 260), (256, 961), (300, 700), (960, 961))
        ]
        for name, data in house.objects().items():
            (tmp_path / "log" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "log" / name).write_bytes(data)
        folder = str(tmp_path / "log")
        checkpoints = list(house.bucket.names("log/checkpoints/"))
        counts = foreign.accepted(
            program,
            folder,
            vkey,
            checkpoints=checkpoints,
            proofs=proofs,
            consistency=consistency,
        )
        assert counts["entries"] == counts["size"] == 961
        assert (counts["checkpoints"], counts["proofs"], counts["consistency"]) == (5, 7, 5)
        with pytest.raises(Failed):
            foreign.accepted(program, folder, vkey, proofs=[proofs[0] | {"index": 1}])
        with pytest.raises(Failed):
            foreign.accepted(program, folder, vkey, consistency=[consistency[0] | {"first": 2}])
        tile = tmp_path / "log/log/tile/0/001"
        tile.write_bytes(bytes(32) + tile.read_bytes()[32:])
        with pytest.raises(Failed):
            foreign.accepted(program, folder, vkey)
