"""What commands print for people, beside the JSON for scripts."""

from fieldsync.cli.operating import lines


def test_people_read_times_and_no_names_without_a_value() -> None:
    told = {"person": "amina@example.org", "association": None, "expires_ms": 1_795_899_408_460}
    assert lines(told).splitlines() == ["person:  amina@example.org", "expires: 2026-11-28 20:56+00:00"]
