"""The visible text of an HTML body: what a reader would see, in lines.

Walking the tree in Python costs more than parsing it, so lines are marked in the markup before
parsing: a line break in front of every block element's tags survives into the text, and the
markup's own line breaks, which mean nothing, are made into spaces first.
"""

import html as entities
import re

from selectolax.lexbor import LexborHTMLParser

from archive.capture.charset import clean, codec_for, decode

_INVISIBLE = ["head", "script", "style", "template", "title"]
# The commonest names come first, since they are tried in order.
_BLOCK = re.compile(
    r"<(?=/?(?:p|br|div|tr|li|h[1-6r]|ul|ol|blockquote|table|tbody|body|d[dlt]|center|pre|form"
    r"|section|article|header|footer|option|select|textarea|address|caption|thead|tfoot|fieldset"
    r"|legend|figure|figcaption|aside|main|nav|details|summary|optgroup|xmp)[\s/>])",
    re.IGNORECASE,
)
# The same for markup whose tags are all in lower case, as nearly all is: without the need to ignore
# case it takes half the time.
_LOWER_BLOCK = re.compile(_BLOCK.pattern)
_UPPER_TAG = re.compile(r"</?[A-Z]")
_CELL = re.compile(r"<(?=t[dh][\s/>])", re.IGNORECASE)
# The time to build a tree grows with the square of its depth, which real mail never makes large.
# Only markup with very many tags is worth the look; void and self-closing elements do not nest.
_MANY_TAGS = 2_000
_DEEPEST = 1_000
_NESTING = re.compile(
    r"<(/?)(?!(?:br|img|p|li|t[rdh]|hr|input|meta|link|option|col)[\s/>])([a-z][^\s/>]*)",
    re.IGNORECASE,
)
# Elements that end wherever their end tag stands, whatever was begun within them.
_FORMATTING = frozenset(
    (
        *("a", "b", "big", "code", "em", "font", "i", "nobr"),
        *("s", "small", "strike", "strong", "tt", "u"),
    )
)
_UNSEEN = re.compile(
    r"<(script|style|head)[\s>].*?(?:</\1\s*>|\Z)|<!--.*?(?:-->|\Z)", re.IGNORECASE | re.DOTALL
)
_TAG = re.compile(r"<[/!a-zA-Z][^>]*>?")
_META = re.compile(
    rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE
)


def decode_html(data: bytes, label: str | None) -> tuple[str, str | None]:
    """Read HTML bytes as text: by the label, else by what the document says of itself.

    Returns as `archive.capture.charset.decode` does.
    """
    if label is None and not data.isascii():
        declared = _META.search(data[:2048])
        if declared is not None:
            name = declared[1].decode("ascii")
            # A document that was read as ASCII to find its label is not in UTF-16.
            if codec_for(name) is not None and not name.lower().startswith(("utf-16", "utf-32")):
                label = name
    return decode(data, label)


def visible_text(html: str) -> str:
    """Return the text a reader sees: a line for each block, words never split or run together.

    A comment that is never closed ends with its tag, as it did in older browsers: what comes after
    it would be hidden to this day in others, but no search may lose it.
    """
    if html.rfind("<!--") > html.rfind("-->"):
        before, end, after = html.rpartition("-->")
        html = before + end + after.replace("<!--", "<!")
    if "<pre" not in html and "<PRE" not in html:
        html = html.replace("\n", " ").replace("\r", " ")
    block = _BLOCK if _UPPER_TAG.search(html) is not None else _LOWER_BLOCK
    marked = _CELL.sub("\t<", block.sub("\n<", html))
    if is_deep(marked):
        text = entities.unescape(_TAG.sub("", _UNSEEN.sub("", marked)))
    else:
        tree = LexborHTMLParser(marked)
        tree.strip_tags(_INVISIBLE)
        text = tree.root.text(deep=True, separator="") if tree.root is not None else ""
    lines = (" ".join(words) for line in text.split("\n") if (words := line.split()))
    return clean("\n".join(lines))


def is_deep(html: str) -> bool:
    """Say whether markup may nest so deep that building its tree would take too long.

    An end tag counts only where it surely ends something: a parser passes over many others, and
    whoever means harm would hide the depth behind those.
    """
    if html.count("<") <= _MANY_TAGS:
        return False
    begun: list[str] = []
    for tag in _NESTING.finditer(html):
        name = tag[2].lower()
        if not tag[1]:
            begun.append(name)
            if len(begun) > _DEEPEST:
                return True
        elif begun and begun[-1] == name:
            begun.pop()
        elif name in _FORMATTING and name in begun:
            del begun[len(begun) - 1 - begun[::-1].index(name)]
    return False
