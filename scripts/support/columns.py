"""All that SQL holds: every column there may be, and what a value in it may be.

An id or a digest is of one length, so that nothing else fits into it. `keys` are some of
`thread_keys`, one after the other.
"""

COLUMNS = {
    "archive": "id:id awaited:number keyring:number keyring_claimed:number",
    "unopened": "seq:number",
    "stored_events": "seq:number originator_id:id originator_version:number topic:type"
    " state:pointer",
    "tracking": "application_name:library notification_id:number",
    "segments": "segment_id:id keys_id:id",
    "commits": "first_seq:number last_seq:number record_id:id durable:number",
    "packs": "pack_id:id sources:ids record:record",
    "blobs": "blob_id:id digest:digest sealed_size:number condemned:number",
    "blob_references": "blob_id:id originator_id:id originator_version:number",
    "records": "id:id first_seq:number seq:number version:number channel:number kind:number"
    " direction:number source:number custodian:number occurred_at:number captured_at:number"
    " size:number conversation:id duplicate:id deleted:number erased:number damaged:number"
    " rethreaded:number",
    "thread_keys": "key:id conversation:id",
    "record_threads": "record:id keys:keys",
    "former_conversations": "id:id conversation:id",
    "tokens": "digest:digest user_id:id",
    "users": "id:id role:number",
    "attempts": "key:id failures:number last_at:number",
    "request_keys": "key:id body:id uses:number last_at:number",
    "departments": "record:id department:id",
    "erasures": "id:id newest_epoch:number",
    "obligations": "record:id policies:id as_of:number retain_until:number delete_at:number"
    " due_at:number",
    "purges": "id:id seq:number completed:number",
    "cases": "id:id seq:number ordered:number closed:number",
    "access_requests": "id:id seq:number closed:number",
    "reviews": "record:id disposition:number state:number seq:number",
    "restrictions": "record:id case:id seq:number until:number",
    "destructions": "record:id erasure:id",
    "redactions": "record:id erasure:id seq:number",
    "certificates": "erasure:id id:id seq:number",
    "jobs": "name:job ended_at:number problem:sentence",
    "hold_mirror": "id:number changed:number seq:number",
    "record_locks": "id:number demands:id seq:number records:number failed:number again_at:number",
    "trail": "seq:number at:number actor:id action:id purpose:number detail:id address:id"
    " token:id allowed:number",
    "trail_subjects": "subject:id seq:number",
    "positions": "follower:number seq:number",
    "log_head": "id:number size:number root:digest tidied:number stopped:number",
}
ON_A_SERVER = {
    "archive": "id:id last_seq:number awaited:number keyring:number keyring_claimed:number",
    "leadership": "number:number",
}
"""What PostgreSQL has besides, or otherwise."""

JOBS = (
    *("finish-purge", "obligations", "dispositions", "purge", "finish-erasures"),
    *("find-for-erasures", "find-for-access-requests", "lock-records", "mirror-holds"),
    *("collect", "erase", "supplement", "pack", "lock-log", "timestamp"),
)
"""The names of the schedule's jobs, which stand in SQL."""
