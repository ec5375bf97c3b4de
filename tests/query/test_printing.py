"""What is printed parses to the same tree, in any time zone."""

from zoneinfo import ZoneInfo

from hypothesis import given

from archive.query.parser import parse
from archive.query.printer import to_text
from archive.query.tree import Node
from tests.query.samples import nodes


@given(nodes)
def test_a_printed_tree_parses_to_itself(node: Node) -> None:
    assert parse(to_text(node), ZoneInfo("Asia/Kathmandu")) == node
