"""How addresses, links, domains and numbers are written, whatever stands beside them.

Linear in the text: a pattern begins only where a run of its characters does, and never goes back
over it.
"""

import re
from typing import Final

from archive.query.analysis import UNSPACED

# Where words are written without spaces, a letter beside an address is no part of it. Half-width
# forms are of these scripts too: words know them as what they stand for.
_UNSPACED: Final = UNSPACED + "\uff66-\uffdc"
_SPACED: Final = rf"[^\W{_UNSPACED}]"
IN_WORD: Final = re.compile(rf"[^\W_{_UNSPACED}]")
"""A letter or digit that goes on a word which the letter or digit beside it began."""

# After a full stop such letters are a label, and not the next sentence, beside another of them.
_OF_DOMAIN: Final = rf"(?:(?<=[{_UNSPACED}]\.)|(?<=\.)(?=[{_UNSPACED}]++[./:]))"
# What ends a link: brackets, quotation marks and stops of East Asian texts too. Letters of scripts
# without spaces are of it where they begin a part, as titles and labels of domains do.
_END: Final = '\\s<>"\u2018-\u201f\u3001-\u3004\u3008-\u303f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff65'
_LINK: Final = (
    rf"(?:[^{_END}{_UNSPACED}]++"
    rf"|(?:(?<=[/=#+_-])|{_OF_DOMAIN})[{_UNSPACED}]++)++"
)
URL: Final = re.compile(
    rf"(?<![a-z0-9+.-])[0-9+.-]*+(?P<link>[a-z][a-z0-9+.-]{{1,20}}://{_LINK})"
    rf"|(?<![a-z0-9])(?P<short>(?:www\.|(?:tel|sip|sms|xmpp|callto|skype):){_LINK})",
    re.IGNORECASE,
)

_SIGN: Final = (
    r"(?:(?:@|%40|\uff20|\ufe6b|&#64;|&commat;)(?:=?\r?\n[>| \t]*)?|[ \t]@[ \t](?=[\w-]++\.\w))"
)
_MARKS: Final = r"[.+'=~-]"
_INNER_LABEL: Final = rf"(?:{_SPACED}++|-)++(?=\.\w)"
_LABEL: Final = (
    rf"(?:{_INNER_LABEL}|{IN_WORD.pattern}++(?:[_-]++{IN_WORD.pattern}++)*+"
    rf"|{_OF_DOMAIN}[{_UNSPACED}][\w-]*+)"
)
ADDRESS: Final = re.compile(
    rf"(?<!{_SPACED})(?<!{_MARKS})(?:_|{_MARKS})*+(?:(?<=%)[0-9a-f]{{2}})?+"
    rf"(?P<plain>{IN_WORD.pattern}(?:{_SPACED}++|{_MARKS})*+{_SIGN}"
    rf"(?:[\w-]++(?=\.\w)|{_LABEL}|[\w-]++)(?:\.{_LABEL})*+)"
    # Who writes so may have that before the sign as well; nothing says where it begins.
    rf"|(?<!\w)(?<!{_MARKS})(?P<other>(?:\w|{_MARKS})++(?<=[{_UNSPACED}]){_SIGN}"
    rf"[\w-]++(?=\.\w)(?:\.{_LABEL})++)",
    re.IGNORECASE,
)
SPELLED: Final = re.compile(
    rf"(?<!{_SPACED})(?<![.+-])((?:{_SPACED}++|[.+-])++)\s(?:at|\(at\)|\[at\])\s"
    rf"({_LABEL}(?:(?:\.|\sdot\s){_LABEL})++)",
    re.IGNORECASE,
)
SIGN: Final = re.compile(_SIGN, re.IGNORECASE)
HANDLE: Final = re.compile(
    rf"(?<!{_SPACED})(?<!@)(@(?:{_SPACED}(?:{_SPACED}|[.-])*+|[{_UNSPACED}][\w.-]*+))[\w.-]*+"
)
"""Its group is a handle that ends where another script begins, the whole one that may not."""
DOMAIN: Final = re.compile(
    rf"(?:(?<!{_SPACED})(?<![.-]){_INNER_LABEL}"
    rf"|(?<![\w.-])[\w-]++(?<=[{_UNSPACED}])(?=\.\w))"
    rf"(?:\.{_LABEL})++(?::\d+)?(?:/(?:{_LINK})?)?",
    re.IGNORECASE,
)
EXCHANGE: Final = re.compile(r"/o=[^;,<>\n]{1,200}?(?:/cn=[^;,<>\s]+)+", re.IGNORECASE)
IBAN: Final = re.compile(
    rf"(?<!{_SPACED})[a-z]{{2}}\d\d(?:[ \u00a0]?+[a-z0-9]{{1,4}}+){{3,8}}+", re.IGNORECASE
)
_GAPS: Final = r"[ \t().\-/\u00a0\u2007\u202f\u2010-\u2015]"
_GAP: Final = _GAPS + "{0,3}"
NUMBER: Final = re.compile(rf"(?:\+|\(\+?)?\d(?:{_GAP}\d)+")
BROKEN: Final = re.compile(
    rf"(?<!\d)(?<!\d{_GAPS})(?<!\d{_GAPS}{{2}})(?<!\d{_GAPS}{{3}})"
    rf"\d(?:{_GAP}\d){{2,}}+{_GAP}\r?\n[>| \t]*{_GAP}\d(?:{_GAP}\d){{2,}}"
)
DATE: Final = re.compile(
    r"(?<!\d)(?<!\d[./-])(?:"
    r"(?:1[89]|20|21)\d\d([./-])(?:0?[1-9]|1[012])\1(?:0?[1-9]|[12]\d|3[01])"
    r"|(?:0?[1-9]|[12]\d|3[01])([./-])(?:0?[1-9]|[12]\d|3[01])\2"
    r"(?:(?:1[89]|20|21)\d\d|\d\d(?![ .\-/]*\d(?!\d?:)))"
    r")(?!\d)(?![./-]\d)"
)
