"""Listings of an S3 bucket: names, and versions with delete markers in the server's own order.

boto3 gives versions and markers as two lists and so loses which came first where both were made
within a second. The order stands in the answer's XML, from which it is read again.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus
from xml.etree import ElementTree

from archive.bucket.port import VersionInfo
from archive.bucket.s3_errors import answering

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_ORDER = "EntryOrder"


def names(client: "S3Client", bucket: str, prefix: str, after: str) -> Iterator[str]:
    """Yield the keys that begin with `prefix` and come after `after`."""
    pages = iter(
        client.get_paginator("list_objects_v2").paginate(
            Bucket=bucket, Prefix=prefix, StartAfter=after
        )
    )
    while True:
        with answering(f"list of {prefix}", prefix):
            page = next(pages, None)
        if page is None:
            return
        for each in page.get("Contents", []):
            yield each["Key"]


def keep_order_of_versions(client: "S3Client") -> None:
    """Make a client keep what `versions` needs; to be called once for each client."""
    client.meta.events.register("response-received.s3.ListObjectVersions", _keep_order)


def versions(client: "S3Client", bucket: str, root: str, prefix: str) -> Iterator[VersionInfo]:
    """Yield versions and delete markers of the keys that begin with `root` and then `prefix`.

    Of each key the newest comes first; the names are without `root`.
    """
    pages = iter(
        client.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=root + prefix)
    )
    while True:
        with answering(f"list of versions of {prefix}", prefix):
            page: Any = next(pages, None)
        if page is None:
            return
        order = {entry: place for place, entry in enumerate(page[_ORDER])}
        kept = [(each, False) for each in page.get("Versions", [])]
        markers = [(each, True) for each in page.get("DeleteMarkers", [])]
        entries = sorted(
            kept + markers, key=lambda each: order[each[0]["Key"], each[0]["VersionId"]]
        )
        for entry, delete_marker in entries:
            yield _info(entry, root, delete_marker=delete_marker)


def _info(entry: Any, root: str, *, delete_marker: bool) -> VersionInfo:
    return VersionInfo(
        name=entry["Key"][len(root) :],
        version=entry["VersionId"],
        size=0 if delete_marker else entry["Size"],
        created=entry["LastModified"],
        latest=entry["IsLatest"],
        delete_marker=delete_marker,
    )


def _keep_order(response_dict: Any, parsed_response: Any, **_: Any) -> None:
    if response_dict["status_code"] != 200:
        return
    root = ElementTree.fromstring(response_dict["body"])
    namespace = root.tag.partition("}")[0] + "}" if root.tag.startswith("{") else ""
    encoded = root.findtext(f"{namespace}EncodingType") == "url"
    parsed_response[_ORDER] = [
        (
            unquote_plus(key) if encoded else key,
            entry.findtext(f"{namespace}VersionId", ""),
        )
        for entry in root
        if entry.tag in (f"{namespace}Version", f"{namespace}DeleteMarker")
        for key in (entry.findtext(f"{namespace}Key", ""),)
    ]
