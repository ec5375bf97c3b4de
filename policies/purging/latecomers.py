"""What came in while records were condemned, which is destroyed after them."""

from collections.abc import Sequence

from archive.erasing.eraser import Eraser
from archive.errors import CorruptError, LockedError
from policies.purging.reading import Destruction, PurgeReader


def destroy_latecomers(
    eraser: Eraser,
    reader: PurgeReader,
    destructions: Sequence[Destruction],
    *,
    by: str,
    ground: str,
) -> list[str]:
    """Destroy revisions of destroyed records that nobody looked at; say what is left.

    Raises UnavailableError where bucket or database do not answer.
    """
    left = reader.not_erased(reader.traces(destructions).latecomers)
    if not left:
        return []
    try:
        eraser.erase(left, actor=by, ground=ground)
    except (CorruptError, LockedError) as error:
        return [str(error)]
    return []
