"""Reading the keyring in force: SQL knows its number, the bucket holds it, a KEK opens it.

A keyring that was written and never came into force may stand in the bucket under a higher number.
It is not used while SQL is there to say so. Where SQL is gone, the highest number counts: it was
derived from what was in force, and so opens all that was committed.
"""

from collections.abc import Mapping

from archive.bucket.names import KEYRINGS, keyring_name, parse_keyring_name
from archive.bucket.port import Bucket
from archive.clock import Clock
from archive.errors import ConfigurationError, CorruptError, NotFoundError
from archive.events.custody import KeyCustody
from archive.keks import candidates, named_kek
from archive.places import check_opened, open_places
from archive.sealing.kek import Kek
from archive.sealing.keyring import Keyring, open_keyring
from archive.settings import Settings


def unlock(
    settings: Settings, environ: Mapping[str, str], clock: Clock, kek: Kek | None = None
) -> tuple[Bucket, Keyring]:
    """Return the bucket that the settings name, looked at, and the keyring in it.

    Raises as `check_opened` and `read_newest` do.
    """
    bucket = open_places(settings, clock)
    check_opened(bucket)
    return bucket, read_newest(bucket, kek or named_kek(settings.kek, environ))


def keyring_numbers(bucket: Bucket) -> list[int]:
    """Return the numbers of the keyrings in the bucket, highest first."""
    return sorted(map(parse_keyring_name, bucket.names(KEYRINGS)), reverse=True)


def read_newest(bucket: Bucket, kek: Kek) -> Keyring:
    """Open the keyring with the highest number that a KEK opens.

    Which keyring is in force, SQL says: `settle` must be asked before this one is used.

    Raises:
        ConfigurationError: there is no archive there, or the KEK opens no keyring.
        CorruptError: a keyring does not check.
    """
    numbers = keyring_numbers(bucket)
    if not numbers:
        raise ConfigurationError(
            f"There is no archive in {bucket.describe()}; make one with: muniment init."
        )
    refusal: ConfigurationError | None = None
    for number in numbers:
        try:
            return read_numbered(bucket, number, kek)
        except NotFoundError:
            # A newer one has just come into force, and this one was destroyed.
            return read_newest(bucket, kek)
        except ConfigurationError as error:
            refusal = refusal or error
    assert refusal is not None
    if keyring_numbers(bucket) != numbers:
        # A newer one has come meanwhile, and with it perhaps the KEK that opens no older one.
        return read_newest(bucket, kek)
    raise refusal


def settle(custody: KeyCustody, bucket: Bucket, kek: Kek, found: Keyring) -> Keyring:
    """Return the keyring in force, given what `read_newest` found.

    Raises:
        ConfigurationError: the KEK does not open the keyring in force, or the bucket lacks it.
    """
    state = custody.keyring_state()
    highest = max(keyring_numbers(bucket), default=0)
    if state.claimed < highest and found.number == highest:
        # SQL is new, or an older copy of it: it does not know of a keyring that the bucket has.
        custody.put_in_force(highest)
        state = custody.keyring_state()
    if state.in_force == found.number:
        return found
    if state.in_force > highest:
        raise ConfigurationError(
            f"The database knows keyring {state.in_force}, and the bucket has none after "
            f"{highest}: an older copy of the bucket took its place. Put the newer one back."
        )
    return read_in_force(custody, bucket, kek)


def read_in_force(custody: KeyCustody, bucket: Bucket, kek: Kek) -> Keyring:
    """Read the keyring in force, also while others come into force; errors as in `settle`."""
    number = _in_force(custody, bucket)
    while True:
        try:
            return read_numbered(bucket, number, kek)
        except (ConfigurationError, NotFoundError):
            # It may have been destroyed since it was asked for, or the KEK replaced by the next.
            before, number = number, _in_force(custody, bucket)
            if number == before:
                raise


def _in_force(custody: KeyCustody, bucket: Bucket) -> int:
    return custody.keyring_state().in_force or keyring_numbers(bucket)[0]


def read_numbered(bucket: Bucket, number: int, kek: Kek) -> Keyring:
    """Open the keyring with a number.

    Raises:
        NotFoundError: there is none.
        ConfigurationError: the KEK does not open it, or it is another keyring under that name.
        CorruptError: it does not check.
    """
    return open_numbered(bucket, number, kek)[0]


def open_numbered(bucket: Bucket, number: int, kek: Kek) -> tuple[Keyring, Kek]:
    """Do so, and return the KEK that opened it: the one given, or one that stands in for it."""
    name = keyring_name(number)
    data = bucket.get(name)
    refusal: ConfigurationError | None = None
    for each in candidates(kek):
        try:
            keyring = open_keyring(data, each)
        except CorruptError as error:
            raise CorruptError(f"{name} cannot be read: {error}") from error
        except ConfigurationError as error:
            refusal = refusal or error
            continue
        if keyring.number != number:
            # An older keyring copied over a newer name would bring back keys that were destroyed.
            raise ConfigurationError(f"{name} holds keyring {keyring.number}: it was put there.")
        return keyring, each
    assert refusal is not None
    raise refusal
