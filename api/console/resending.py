"""A form that came too late: its session had ended, or another had begun, when it was sent.

Nothing is done, and nothing of it is kept here. What was written goes back to whoever wrote it, as
a page with the same form, which they look at and send anew (docs/access.md, "Sessions").
"""

from typing import Final
from urllib.parse import urlsplit

from flask import render_template, request
from werkzeug.datastructures import MultiDict

from api import context

NEVER_SHOWN: Final = frozenset({"console.set_password", "console.change_codes"})
"""Forms with secrets in them are written anew."""
_CONFIRMED: Final = frozenset({"console.lock_policy"})
"""Forms whose text says that it is meant."""


def is_form() -> bool:
    """Say whether a form of the console was sent."""
    return request.method == "POST" and request.blueprint == "console"


def is_ours() -> bool:
    """Say whether the browser tells for sure that a page of ours sent the form."""
    where = request.headers.get("Sec-Fetch-Site")
    if where is not None:
        return where == "same-origin"
    origin = request.headers.get("Origin")
    return origin is not None and urlsplit(origin).netloc == request.host


def gives_back() -> bool:
    """Say whether the form goes back to whoever sent it: never what another site made up."""
    return is_form() and is_ours() and request.endpoint not in NEVER_SHOWN | _CONFIRMED


def page(back: str) -> str:
    """Show what a form said, to be sent again by whoever is signed in, or once they are.

    All that would be sent is shown, and only a person's own click sends it. `back` is the address
    of a page that tells how things stand.
    """
    # What is not given back is not read either: nobody is known who could be held up by it.
    sent = request.form if gives_back() else MultiDict[str, str]()
    # Whoever said that what destroys is meant says so again where they see what that is.
    fields = [] if "meant" in sent else list(sent.items(multi=True))
    fields = [(name, value) for name, value in fields if name != "form_secret"]
    return render_template(
        "resending.html",
        fields=fields,
        back=back,
        address=request.full_path.rstrip("?"),
        ended=context.session() is None,
    )
