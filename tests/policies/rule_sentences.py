"""Each sentence of the rules, and the named cases that show it: those of `retention_cases`, which
take the evaluator alone, and those of `rule_cases`, which take an archive.
"""

SENTENCES: dict[str, tuple[str, ...]] = {
    # Two dates.
    "retain-until is the latest end among all policies in scope that demand a minimum": (
        "the latest minimum counts",
        "in whatever order",
        "a minimum without an end is the latest",
        "three policies that overlap",
    ),
    "delete-at is the earliest end among all policies in scope that demand deletion": (
        "the earliest maximum counts",
        "maximums in the other order",
        "a maximum by date while another has not begun",
    ),
    "but never before retain-until": (
        "a minimum beyond a maximum: kept",
        "in conflict, grace counts from retain-until",
    ),
    "and never under a hold": ("a hold stops deletion", "a hold stops what an event lets go"),
    "a record in no policy's scope is never deleted": (
        "no policy: never deleted",
        "no policy, a hundred years later",
        "a hold on what no policy governs",
    ),
    "nobody shortens what is retained by an edit": (
        "An edit out of the scope of a minimum ends it for nobody",
        "An edit that dates a record earlier ends no minimum",
        "An edit that dates a record later keeps it longer",
        "What is taken back at its source is kept as long as before",
        "A maximum goes by the newest version alone",
        "An event that reaches a record since it was edited starts no clock of what it said before",
        "Where an earlier version could not be searched, its minimum applies",
        "A simulation counts what an earlier version keeps",
    ),
    "the two are computed apart; no policy wins": (
        "no policy wins: the same twice",
        "a minimum of one, a maximum of another",
        "both in one policy",
    ),
    # Holds, and conflicts.
    "holds stand outside and above: any number per record": ("several holds",),
    "a hold has no expiry of its own": ("a hold has no end of its own",),
    "only deletion is stopped, everything else goes on": (
        "a hold changes no date",
        "Everything but deletion goes on under a hold",
    ),
    "releasing the last hold re-evaluates": (
        "and then it is due",
        "The release of one of two holds lets nothing go",
    ),
    "and starts the grace period afresh": (
        "What another hold still keeps counts as held, however lately one was released",
        "release starts grace afresh",
        "release starts grace afresh after an event too",
        "The release of the last hold begins the grace afresh",
    ),
    "a minimum beyond a maximum is a conflict: retain": (
        "in conflict after the maximum: kept",
        "a minimum without an end beyond a maximum: a conflict",
        "A record in conflict is kept by a purge",
    ),
    "and show it to the compliance officer": (
        "A conflict is shown to the compliance officer, with the policies named",
    ),
    "never resolve it silently": (
        "two maximums, one in conflict",
        "once it has happened, the conflict has an end",
    ),
    # Clocks.
    "the clock starts at occurred": ("occurred is what the source claims",),
    "or captured": ("captured is the archive's",),
    "or a named event": (
        "an event starts the clock",
        "the event begins both",
        "An event reaches the records of its query alone",
        "An event of another name starts nothing",
    ),
    "no event yet: retain indefinitely": (
        "no event yet: kept indefinitely",
        "no event yet, a hundred years later",
        "no event yet: a maximum demands nothing",
        "An event that waits for a second person starts no clock",
        "An explanation names the event that a record waits for",
    ),
    "an event can be dated past": ("an event before the record",),
    "or future": ("an event to come", "a maximum from an event to come"),
    "corrected": (
        "An event corrected to a later date keeps longer at once",
        "An event corrected to an earlier date waits for a second person",
    ),
    "and cancelled": (
        "What a cancelled event let go is kept indefinitely again",
        "To cancel an event waits for a second person where an earlier one would count",
    ),
    "records that join later count too": (
        "what joins after the maximum has passed may go",
        "A record that joins an event's query later counts from it too",
    ),
    "of several events the latest counts": (
        "of two events the latest counts",
        "of two events, the latest first",
    ),
    "what could not be searched starts no clock": (
        "an event that may reach it starts no clock",
        "nor that of a maximum",
        "a later event that may reach it keeps longer",
        "A query for words starts no clock of a record that it could not search",
    ),
    "calendar arithmetic in UTC": (
        "a month over the end of the year",
        "the time of day stays",
        "days are days",
    ),
    "one year after 29 February is 28 February": (
        "a year after 29 February",
        "a year after an event on 29 February",
    ),
    "an occurred date later than capture is flagged and capture is used": (
        "dated after capture counts from capture",
        "dated a second after capture",
    ),
    "and one before a sanity bound": (
        "dated at zero counts from capture",
        "the last moment that is too early",
    ),
    # Change control.
    "policies have versions; a record's explanation names the versions": (
        "An explanation names the version of a policy",
        "An explanation names the event that started the clock",
    ),
    "every change is simulated first: how many records, bytes, by class and year": (
        "A simulation counts the records and bytes that could go, by class and year",
        "A simulation alters nothing but the trail",
    ),
    "would become deletable": (
        "A simulation tells of records that an event lets go under the new policy",
        "A simulation of an event counts the records that it would let go",
    ),
    "or newly kept": ("A simulation counts what would be newly kept",),
    "a sample": ("A simulation shows some of the records",),
    "takes effect after a delay, seven days by default": (
        "A change takes effect seven days after its proposal unless it says otherwise",
        "A delay is counted from the approval where one is needed",
        "An approved event starts its clocks after seven days",
    ),
    "and needs a second person when it shortens": (
        "Who proposed what shortens does not approve it",
        "What keeps longer needs no second person",
        "A shorter minimum waits for a second person",
        "A new maximum waits for a second person",
        "A clock of an event in place of a date waits for a second person",
    ),
    "after the preservation lock a policy can only get longer": (
        "After the preservation lock nothing gets shorter",
        "After the preservation lock a policy can get longer",
    ),
    "or wider": ("After the preservation lock a scope can get wider, not narrower",),
    "and nobody can disable it": ("Nobody disables a locked policy, two people neither",),
    "scope membership holds as of a recorded time": (
        "Whether a record stands in a scope holds as of the time that the explanation records",
    ),
    "a scope is a saved query": (
        "A scope is a query, kept in the form that means the same wherever it is read",
    ),
    "a pending change can be withdrawn": (
        "A pending change can be withdrawn and never takes effect",
    ),
    "re-importing a purged record does not revive it": (
        "Importing what was purged does not revive it",
    ),
    "it is answered as erased, with the certificate": (
        "Importing what was purged is answered with its certificate",
    ),
    "presets, each with its citation": (
        "The preset sec-17a-4-3y demands what its rule asks for",
        "The preset sec-17a-4-6y demands what its rule asks for",
        "The preset finra-4511 demands what its rule asks for",
        "The preset cftc-1-31 demands what its rule asks for",
        "The preset mifid-ii-5y demands what its rule asks for",
        "The preset mifid-ii-7y demands what its rule asks for",
        "The preset hipaa demands what its rule asks for",
        "The preset gdpr-storage-limitation deletes after a period that its user chooses",
        "The preset plain demands what its rule asks for",
    ),
    # Execution.
    "grace after expiry, 30 days by default": ("grace is 30 days", "after grace it is due"),
    "configurable to 0": ("grace of nothing", "without grace it is due at once"),
    "a purge dated in the future is a dry run": (
        "A purge as of a time to come is refused",
        "A purge as of a time to come is a dry run",
    ),
    "except in an archive made as a sandbox": ("In a sandbox a purge can be of a time to come",),
    "a permanent mark that its certificates show": (
        "The certificates of a sandbox show that it is one",
        "The certificates of an archive show that it is no sandbox",
    ),
    "holds re-checked per record inside the purge step": (
        "A hold that is placed within the purge step keeps what it reaches",
        "An event that is corrected within the purge step keeps what it is about",
    ),
    "failing closed": (
        "an unread policy stops deletion",
        "Nothing goes while a policy cannot be read",
        "Nothing goes while a retention event cannot be read",
        "Nothing goes while a hold cannot be read",
    ),
    "a record that a content hold could not search counts as held": (
        "A record that a hold for words could not search counts as held",
    ),
    "keyset paging": ("What is due is found page by page, each record once",),
    "every store covered": (
        "What is purged cannot be opened or found, and the log keeps its leaves",
        "The certificate tells what became of the records in every store",
    ),
    "a failed delete stays pending and raises an alarm": (
        "A delete that fails stays pending, is told, and is done when the bucket answers again",
    ),
    "a dry run shows exactly what the run would do": (
        "A dry run shows exactly what the run does",
        "A purge run again destroys nothing more",
    ),
    "disposition review, where a policy asks for it": (
        "What a policy asks a review of is not purged without it",
    ),
    "up to five stages": (
        "A review has up to five stages",
        "A purge takes what every stage of its review approved",
    ),
    "extend": (
        "what a review extended is not due before",
        "What a review extends is kept until then, and reviewed anew",
    ),
    "re-label": ("What a review re-labels stands under the other policy",),
    "with a comment": ("No decision of a review is without a comment",),
    "per record or per batch": ("A review approves a record alone, or all of its batch",),
    "approved by itself after a time if the policy says so": (
        "A stage approves by itself after its time, if the policy says so",
    ),
    "no reviewer approves alone what they own": ("No reviewer approves alone what they own",),
}
