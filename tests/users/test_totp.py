"""One-time codes against the vectors of RFC 6238, appendix B (SHA-1, its last six digits)."""

import pytest

from archive.errors import InvalidError
from archive.users import totp

SECRET = totp.new_secret(b"12345678901234567890")
VECTORS = {
    59: "287082",
    1111111109: "081804",
    1111111111: "050471",
    1234567890: "005924",
    2000000000: "279037",
    20000000000: "353130",
}


@pytest.mark.parametrize(("seconds", "expected"), VECTORS.items())
def test_codes_are_those_of_the_rfc(seconds: int, expected: str) -> None:
    assert totp.code(SECRET, seconds // 30) == expected
    assert totp.met(SECRET, expected, seconds) == seconds // 30


@pytest.mark.parametrize(("off", "taken"), [(-60, False), (-30, True), (30, True), (60, False)])
def test_a_clock_may_differ_by_one_step(off: int, taken: bool) -> None:
    assert (totp.met(SECRET, "081804", 1111111109 + off) is not None) == taken


def test_what_is_no_code_is_not_met() -> None:
    for given in ("", "08180", "0818040", "abcdef", "٠٨١٨٠٤", "\ud800"):
        assert totp.met(SECRET, given, 1111111109) is None


def test_a_secret_is_base32() -> None:
    with pytest.raises(InvalidError):
        totp.code("1!", 1)


def test_the_address_names_user_and_secret() -> None:
    assert totp.address("ABC", "Ann B").startswith("otpauth://totp/Muniment%3AAnn%20B?secret=ABC&")
