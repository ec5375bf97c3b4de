"""HTML that strangers wrote, made fit for a frame: what runs, asks, covers or pretends is left out.

`nh3` (ammonia, html5ever) builds the tree that a browser would build and writes out what a list
allows, and nothing else. This is the first of three walls; the frame's own policy and its sandbox
are the others (docs/threat-model.md, "HTML mail").
"""

import base64
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

import nh3

from archive.capture.markup import MOST_PICTURES, PICTURES, Markup

_TAGS: Final = (nh3.ALLOWED_TAGS | {"font"}) - {"area", "details", "map", "summary"}
_ATTRIBUTES: Final = {
    "*": {"align", "background", "bgcolor", "dir", "height", "lang", "style", "valign", "width"},
    "a": {"href"},
    "font": {"color", "face", "size"},
    "img": {"alt", "src"},
    "ol": {"start"},
    "table": {"border", "cellpadding", "cellspacing"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
}
# None of them takes an address, moves what it is on, or hides it.
_PROPERTIES: Final = frozenset(
    (
        *("background-color", "border", "border-collapse", "border-color", "border-radius"),
        *("border-spacing", "border-style", "border-width", "color", "direction"),
        *("border-bottom", "border-left", "border-right", "border-top"),
        *("font-family", "font-size", "font-style", "font-variant", "font-weight", "height"),
        *("letter-spacing", "line-height", "list-style-type", "max-width", "padding"),
        *("padding-bottom", "padding-left", "padding-right", "padding-top", "text-align"),
        *("text-decoration", "text-indent", "text-transform", "vertical-align", "white-space"),
        *("width", "word-break", "word-spacing"),
    )
)
_LINKS: Final = ("http:", "https:", "mailto:")
_DATA: Final = re.compile(
    rf"data:({'|'.join(map(re.escape, PICTURES))});base64,[A-Za-z0-9+/=\s]*", re.IGNORECASE
)
_ADDRESS_IN_STYLE: Final = re.compile(r"url\s*\(|image-set\s*\(|\\", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Cleaned:
    """HTML that may stand in the frame; `remote` counts the pictures that stood elsewhere."""

    html: str
    remote: int


def cleaned(markup: Markup) -> Cleaned:
    """Clean the HTML of a message, with its own pictures put into it."""
    remote = 0
    left = MOST_PICTURES

    def kept(tag: str, attribute: str, value: str) -> str | None:
        nonlocal remote, left
        if attribute == "href":
            return value if value.strip().lower().startswith(_LINKS) else None
        if attribute == "style":
            remote += len(_ADDRESS_IN_STYLE.findall(value)) > 0
            return value
        if attribute not in ("src", "background"):
            return value
        source = value.strip()
        if attribute == "src" and _DATA.fullmatch(source):
            return source
        if source.lower().startswith("cid:"):
            own = markup.pictures.get(unquote(source[4:]))
            if attribute == "src" and own is not None and len(own.data) <= left:
                # One picture may be shown any number of times, and is written out each time.
                left -= len(own.data)
                return f"data:{own.media_type};base64,{base64.b64encode(own.data).decode()}"
            return None
        remote += 1
        return None

    html = nh3.clean(
        "<hr>".join(markup.bodies),
        tags=set(_TAGS),
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        attribute_filter=kept,
        filter_style_properties=set(_PROPERTIES),
        url_schemes={"http", "https", "mailto", "cid", "data"},
        set_tag_attribute_values={"a": {"target": "_blank"}},
        link_rel="noopener noreferrer",
    )
    return Cleaned(html, remote)
