"""What every test has: hypothesis profiles, and the rule that nothing is skipped."""

import os
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings

# No deadline anywhere: no test of ours depends on how fast a shared machine is.
SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large)
settings.register_profile("quick", deadline=None, max_examples=60, suppress_health_check=SLOW)
settings.register_profile(
    "ci", deadline=None, max_examples=60, suppress_health_check=SLOW, print_blob=True, database=None
)
settings.register_profile("long", deadline=None, max_examples=2000, suppress_health_check=SLOW, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "quick"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that skips itself, or is expected to fail, fails: a promise is tested or it is not made."""
    report = yield
    if report.skipped:
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid} was skipped or expected to fail, and neither is allowed: {report.longrepr}"
    return report
