"""When things happen: on working days, at working hours, where people are."""

from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

_FIRST_HOUR, _LAST_HOUR = 8, 18


def at_work(rng: Random, day: date, zone: ZoneInfo) -> datetime:
    """Return a moment in working hours of a day, or of the Monday after it."""
    while day.weekday() > 4:
        day += timedelta(days=1)
    minutes = rng.randrange(_FIRST_HOUR * 60, _LAST_HOUR * 60)
    return datetime.combine(day, time(minutes // 60, minutes % 60, rng.randrange(60)), zone)


def at_home(rng: Random, day: date, zone: ZoneInfo) -> datetime:
    """Return a moment when a private person writes: any day, from morning to late evening."""
    minutes = rng.randrange(7 * 60, 23 * 60)
    return datetime.combine(day, time(minutes // 60, minutes % 60, rng.randrange(60)), zone)


def later(
    rng: Random, moment: datetime, zone: ZoneInfo, *, minutes: tuple[int, int], work: bool = True
) -> datetime:
    """Return a moment some minutes later; `work` moves it to the next working hour there."""
    then = moment + timedelta(seconds=rng.randrange(minutes[0] * 60, minutes[1] * 60))
    then = then.astimezone(zone)
    if not work:
        return then
    if then.hour >= _LAST_HOUR:
        then = _morning(rng, then + timedelta(days=1))
    elif then.hour < _FIRST_HOUR:
        then = _morning(rng, then)
    while then.weekday() > 4:
        then = _morning(rng, then + timedelta(days=1))
    return then


def _morning(rng: Random, moment: datetime) -> datetime:
    return moment.replace(hour=_FIRST_HOUR + rng.randrange(2), minute=rng.randrange(60))
