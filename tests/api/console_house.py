"""People at the console: signed in by a role, and sending the forms of its pages."""

import re

from flask.testing import FlaskClient

from api.app import create_app
from archive.creating import register_user
from archive.model.roles import LOCAL_ACTOR, Role
from archive.opening import Archive


def entered(
    archive: Archive, *roles: Role, name: str | None = None, purpose: str = "compliance"
) -> FlaskClient:
    """Sign in who is named, or else the one user of a role, for a purpose where they read."""
    if name is None:
        (role,) = roles
        token = register_user(archive, role)
    else:
        archive.administration.register(LOCAL_ACTOR, name, list(roles))
        token, _ = archive.administration.issue_token(LOCAL_ACTOR, name)
    archive.follow()
    client = create_app(lambda: archive, clock=archive.clock).test_client()
    client.environ_base["HTTP_ACCEPT"] = "text/html"
    form = {"token": token, "purpose": purpose}
    assert client.post("/sign-in", data=form).status_code == 303
    return client


def sent(client, address, status=303, **fields):
    """Send the form of a page as a browser does, and give the page that is shown then."""
    secret = re.search(r'name="form_secret" value="([^"]+)"', client.get("/status").text)
    assert secret
    answer = client.post(address, data={"form_secret": secret[1], **fields})
    assert answer.status_code == status, answer.text
    return client.get(answer.headers["Location"]).text if status == 303 else answer.text
