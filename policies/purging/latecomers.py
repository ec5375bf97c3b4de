"""What came in while records were condemned, which is destroyed after them."""

from archive.erasing.eraser import Eraser
from archive.errors import CorruptError, LockedError
from policies.purging.reading import PurgeReader, Traces


def destroy_latecomers(
    eraser: Eraser,
    reader: PurgeReader,
    traces: Traces,
    *,
    by: str,
    ground: str,
) -> list[str]:
    """Destroy revisions of destroyed records that nobody looked at; say what is left.

    Raises UnavailableError where bucket or database do not answer.
    """
    left = reader.not_erased(traces.latecomers)
    if not left:
        return []
    try:
        eraser.erase(left, actor=by, ground=ground)
    except (CorruptError, LockedError) as error:
        return [str(error)]
    return []
