"""The console's page of saved searches."""

import re

from archive.access.roles import Role
from tests.api.console_house import entered, sent


def test_a_search_is_saved_shared_and_removed_by_its_owner_alone(archive):
    ann = entered(archive, Role.LEGAL, name="Ann")
    bo = entered(archive, Role.LEGAL, name="Bo")
    page = sent(ann, "/searches", name="Fees", q="fee*", shared="on")
    assert "Fees" in page and "<code>fee*</code>" in page and "by Ann" not in page
    removal = re.search(r'action="(/searches/[0-9a-f-]+/remove)"', page)
    assert removal
    page = bo.get("/searches").text
    assert "by Ann" in page and removal[1] not in page
    sent(bo, removal[1], 403)
    assert "Fees" not in sent(ann, removal[1])
