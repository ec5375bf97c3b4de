"""Everything the demo tells, month after month, so that no more than a month is in memory."""

from collections.abc import Iterator
from datetime import timedelta

from scripts.demo.chatter import month_of_chat
from scripts.demo.company import MONTHS, Company
from scripts.demo.correspondence import month_of_mail
from scripts.demo.helpdesk import month_of_cases, reopened
from scripts.demo.items import Entry, Item
from scripts.demo.public import month_of_files, month_of_posts
from scripts.demo.stories import stories_of
from scripts.demo.transcripts import month_of_talk


def everything(company: Company) -> Iterator[Item]:
    """Give all items, roughly in the order in which they happened."""
    for month in range(MONTHS + 1):
        yield from month_of_mail(company, month)
        rng = company.rng("reopened", month)
        for item in month_of_cases(company, month):
            yield item
            if isinstance(item, Entry):
                again = reopened(company, item, rng, item.sent.date() + timedelta(days=30))
                if again is not None:
                    yield again
        yield from stories_of(company, month)
        yield from month_of_chat(company, month)
        yield from month_of_talk(company, month)
        yield from month_of_posts(company, month)
        yield from month_of_files(company, month)
