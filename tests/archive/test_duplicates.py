"""A copy of a message in another mailbox is found as a duplicate, however the query is settled."""

import pytest

from tests.archive.house import capture, create, found, line, opened


@pytest.mark.parametrize(
    "query",
    [
        "is:duplicate",
        "fee is:duplicate",
        # These the index alone cannot settle, so the matcher is asked.
        "fee w/2 rebate AND is:duplicate",
        '"fee * rebate" AND is:duplicate',
    ],
)
def test_the_later_copy_is_the_duplicate(tmp_path, query):
    create(tmp_path)
    with opened(tmp_path) as archive:
        first, copy, other = capture(
            archive,
            line("m1", "The fee and rebate", custodian="ann"),
            line("m1", "The fee and rebate", custodian="bob"),
            line("m2", "The fee and rebate, again"),
        )
        archive.follow()
        assert found(archive, query) == {copy}
        assert found(archive, query.replace("is:", "NOT is:")) >= {first, other}
