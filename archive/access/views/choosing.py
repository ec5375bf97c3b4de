"""The viewer of a purpose."""

from archive.access.views.pseudonymised import Pseudonymised
from archive.access.views.pseudonyms import Pseudonyms
from archive.access.views.viewer import Full, Metadata, Viewer
from archive.events.identity import Identity
from archive.model.roles import Purpose, View


class Viewers:
    """Gives the viewer of each purpose; `identity` is what pseudonyms are keyed with."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity

    def of(self, purpose: Purpose) -> Viewer:
        """Return what shows records for a purpose; pseudonyms hold for it and its detail."""
        match purpose.view:
            case View.FULL:
                return Full()
            case View.METADATA:
                return Metadata()
            case View.PSEUDONYMISED:
                return Pseudonymised(Pseudonyms(self._identity, str(purpose)))
