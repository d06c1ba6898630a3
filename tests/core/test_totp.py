"""One-time codes: the vectors of RFC 6238, the skew of a phone's clock, and codes that were used."""

import base64

import pytest

from fieldsync.core.totp import STEP_MS, code_at, provisioning_uri, secret_text, step_of

SECRET = b"12345678901234567890"


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_the_vectors_of_the_standard(seconds: int, code: str) -> None:
    assert code_at(SECRET, seconds // 30) == code
    assert step_of(SECRET, code, seconds * 1000, 0) == seconds // 30


def test_a_clock_may_be_half_a_minute_off_and_no_more() -> None:
    step = 1000
    code = code_at(SECRET, step)
    assert [step_of(SECRET, code, (step + off) * STEP_MS, 0) for off in (-2, -1, 0, 1, 2)] == [
        None,
        step,
        step,
        step,
        None,
    ]


def test_a_code_that_was_used_and_those_before_it_are_good_no_longer() -> None:
    code = code_at(SECRET, 1000)
    assert step_of(SECRET, code, 1000 * STEP_MS, 999) == 1000
    assert step_of(SECRET, code, 1000 * STEP_MS, 1000) is None
    assert step_of(SECRET, code_at(SECRET, 999), 1000 * STEP_MS, 1000) is None


@pytest.mark.parametrize("wrong", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "0" * 64])
def test_what_is_no_code_is_refused(wrong: str) -> None:
    assert step_of(SECRET, wrong, 59_000, 0) is None


def test_what_an_app_scans() -> None:
    uri = provisioning_uri(SECRET, "hayat+x@example.org", "fieldsync")
    assert uri.startswith("otpauth://totp/fieldsync%3Ahayat%2Bx%40example.org?secret=")
    assert base64.b32decode(secret_text(SECRET)) == SECRET
