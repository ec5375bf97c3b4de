"""Reading the keyring in force: SQL knows its number, the bucket holds it, the KEK opens it."""

from collections.abc import Mapping

from archive.bucket.names import KEYRINGS, keyring_name, parse_keyring_name
from archive.bucket.port import Bucket
from archive.errors import ConfigurationError, CorruptError, NotFoundError
from archive.events.custody import KeyCustody
from archive.keks import candidates, named_kek
from archive.sealing.kek import Kek
from archive.sealing.keyring import Keyring, open_keyring
from archive.settings import Settings


def keyring_numbers(bucket: Bucket) -> list[int]:
    """Return the numbers of the keyrings in the bucket, highest first."""
    return sorted(map(parse_keyring_name, bucket.names(KEYRINGS)), reverse=True)


def read_newest(settings: Settings, bucket: Bucket, environ: Mapping[str, str]) -> Keyring:
    """Open the keyring with the highest number that the KEK in the settings opens.

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
    kek = named_kek(settings.kek, environ)
    refusal: ConfigurationError | None = None
    for number in numbers:
        try:
            return read_numbered(bucket, number, kek)
        except NotFoundError:
            # A newer one has just come into force, and this one was destroyed.
            return read_newest(settings, bucket, environ)
        except ConfigurationError as error:
            refusal = refusal or error
    assert refusal is not None
    raise refusal


def settle(
    custody: KeyCustody,
    settings: Settings,
    bucket: Bucket,
    environ: Mapping[str, str],
    found: Keyring,
) -> Keyring:
    """Return the keyring in force, given what `read_newest` found.

    A change of the keyring that was interrupted after it had been written is finished here, unless
    another has been begun since.

    Raises:
        ConfigurationError: the KEK does not open the keyring in force, or the bucket lacks it.
    """
    in_force = custody.keyring_in_force()
    highest = max(keyring_numbers(bucket), default=0)
    if found.number == highest != in_force and custody.put_in_force(found.number):
        return found
    in_force = custody.keyring_in_force()
    if in_force == found.number:
        return found
    if in_force > highest:
        raise ConfigurationError(
            f"The database knows keyring {in_force}, and the bucket has none after {highest}: an "
            "older copy of the bucket took its place. Put the newer one back."
        )
    return read_numbered(bucket, in_force or highest, named_kek(settings.kek, environ))


def read_in_force(
    custody: KeyCustody, settings: Settings, bucket: Bucket, environ: Mapping[str, str]
) -> Keyring:
    """Read the keyring in force anew, for a process that runs on; errors as in `settle`."""
    number = custody.keyring_in_force() or keyring_numbers(bucket)[0]
    return read_numbered(bucket, number, named_kek(settings.kek, environ))


def read_numbered(bucket: Bucket, number: int, kek: Kek) -> Keyring:
    """Open the keyring with a number.

    Raises:
        NotFoundError: there is none.
        ConfigurationError: the KEK does not open it, or it is another keyring under that name.
        CorruptError: it does not check.
    """
    name = keyring_name(number)
    data = bucket.get(name)
    refusal: ConfigurationError | None = None
    for each in candidates(kek):
        try:
            keyring = open_keyring(data, each)
            break
        except CorruptError as error:
            raise CorruptError(f"{name} cannot be read: {error}") from error
        except ConfigurationError as error:
            refusal = refusal or error
    else:
        assert refusal is not None
        raise refusal
    if keyring.number != number:
        # An older keyring copied over a newer name would bring back keys that were destroyed.
        raise ConfigurationError(f"{name} holds keyring {keyring.number}: it was put there.")
    return keyring
