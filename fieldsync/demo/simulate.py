"""One simulated companion against any server: `fieldsync device simulate`."""

import random
import tempfile
import time
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

from fieldsync.client import Device, Store, SyncReport
from fieldsync.client.companion import Companion, Filled
from fieldsync.client.transport import HttpTransport
from fieldsync.core.validation import PROGRAMME_ZONE
from fieldsync.demo.setting import FORMS

BATCH_FORMS = 25
"""Forms that she fills between two syncs."""

FAILURES_MAX = 3
"""Attempts that fail in a row before she gives up."""

TRIED_AGAIN = ("ok", "waiting", "link_down", "busy", "refused", "malformed")

WAIT_SECONDS_MAX = 20.0
"""A person at a terminal waits no longer for a busy server."""


def simulated(
    url: str, author: str, token: str, association: str, count: int, seed: int, store: Path | None
) -> dict[str, Any]:
    """Fill and sync `count` forms; how it went. Without `store` the phone is thrown away afterwards."""
    with tempfile.TemporaryDirectory(prefix="fieldsync-phone-") as folder:
        dice = random.Random(seed)
        kept = Store.at(store or Path(folder) / "phone.db")
        try:
            device = Device(kept, HttpTransport(url), dice=dice)
            if device.author is None:
                device.adopt(author, token)
            return _work(device, dice, association, count)
        finally:
            kept.close()


def _work(device: Device, dice: random.Random, association: str, count: int) -> dict[str, Any]:
    results: Counter[str] = Counter()
    report = _sync(device, results)
    versions = {form["id"]: form["version"] for form in sorted(device.forms(), key=lambda form: form["version"])}
    companion = Companion(dice, versions, association)
    filled = 0
    while filled < count and report.status == "ok" and FORMS[0] in versions:
        for _ in range(min(BATCH_FORMS, count - filled)):
            form = _next_form(companion, dice, versions)
            device.submit(form.form_id, form.version, form.writes)
            filled += 1
        report = _sync(device, results)
    missing = "" if FORMS[0] in versions else f"the form {FORMS[0]} is not open to this device"
    status = report.status if not missing or report.status != "ok" else "no_forms"
    return {
        "status": status,
        "detail": report.detail or missing,
        "filled": filled,
        "results": dict(results),
        "waiting": device.waiting(),
        "records": len(device.store.record_ids()),
    }


def _next_form(companion: Companion, dice: random.Random, versions: dict[str, str]) -> Filled:
    today, choice = datetime.now(PROGRAMME_ZONE).date(), dice.random()
    offered = (
        ("f5_activity", 0.2, bool(companion.participants), companion.record_activity),
        ("f7_profile", 0.3, len(companion.participants) > 3, companion.profile_group),
        ("f7_monthly", 0.45, bool(companion.groups), companion.report_month),
        ("f6_idea", 0.5, bool(companion.participants), companion.record_idea),
        ("f6_visit", 0.6, bool(companion.ideas), companion.visit_idea),
        ("f6_job", 0.62, bool(companion.participants), companion.check_job),
    )
    for form, share, is_possible, fill in offered:
        if choice < share and is_possible and form in versions:
            return fill(today)
    return companion.register_participant(today)


def _sync(device: Device, results: Counter[str]) -> SyncReport:
    """Sync until all is said and heard, or the server fails too often in a row."""
    failures = 0
    while True:
        report = device.sync()
        results.update(report.results)
        failures = failures + 1 if report.wait_ms else 0
        if report.quiet or failures > FAILURES_MAX or report.status not in TRIED_AGAIN:
            return report
        time.sleep(min(report.wait_ms / 1000, WAIT_SECONDS_MAX))
