"""What the demo shows at its end: counted on the server, not remembered by the story."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from fieldsync.demo.accounts import as_lines
from fieldsync.demo.cast import Cast
from fieldsync.services.doctor import examine
from fieldsync.store import associations, operations, quarantine, records
from fieldsync.store.portable import snapshot

LISTED_MAX = 1000
"""Records in conflict that are counted for an association."""


def summarise(cast: Cast, url: str) -> dict[str, Any]:
    """What arrived, what merged, what disagrees, what waits for a person."""
    with snapshot(cast.database.engine, cast.database.session_info) as session:
        report = examine(session)
        arrived, reviews = _arrived(session)
        conflicts, waiting = _to_look_at(session)
        said = operations.count(session)
    phones = cast.phones.values()
    return {
        "url": url,
        "run": cast.run,
        "operations": said,
        "submissions": arrived["submission"],
        "entities": arrived["entity"],
        "reviews": reviews,
        "conflicts": conflicts,
        "quarantined": waiting,
        "round_trips": sum(phone.tried for phone in phones),
        "requests_lost": sum(phone.link.requests_lost for phone in phones),
        "answers_lost": sum(phone.link.answers_lost for phone in phones),
        "results": dict(sum((phone.results for phone in phones), Counter[str]())),
        "doctor": {"ok": report.ok, "checked": dict(report.checked)},
        "look_at": cast.shown,
    }


def _arrived(session: Session) -> tuple[dict[str, dict[str, int]], dict[str, int]]:
    arrived: dict[str, dict[str, int]] = {"submission": {}, "entity": {}}
    reviews: Counter[str] = Counter()
    for owner in associations.everyone(session):
        for kind, of, review, count in records.count_by_review(session, owner.id):
            arrived[kind][of] = arrived[kind].get(of, 0) + count
            if kind == "submission":
                reviews[review] += count
    return arrived, dict(reviews)


def _to_look_at(session: Session) -> tuple[int, int]:
    owners = associations.everyone(session)
    conflicts = sum(len(records.in_conflict(session, owner.id, 0, LISTED_MAX)) for owner in owners)
    return conflicts, sum(quarantine.waiting_count(session, owner.id) for owner in owners)


def as_text(summary: Mapping[str, Any], program: str, folder: str) -> str:
    """The summary and what to try next, for people."""
    lost = f"{summary['requests_lost']} requests and {summary['answers_lost']} answers were lost on the way"
    doctor = "nothing is wrong" if summary["doctor"]["ok"] else "something is wrong, see `fieldsync doctor`"
    twice = summary["results"].get("duplicate", 0)
    lines = [
        "",
        f"What arrived in {summary['round_trips']} round trips, of which {lost}:",
        *(f"  {form:<20}{count:>5} submissions" for form, count in summary["submissions"].items()),
        *(f"  {of:<20}{count:>5} entities" for of, count in summary["entities"].items()),
        f"  {summary['operations']} operations in all; {twice} came twice and count once",
        f"Reviews: {', '.join(f'{count} {state}' for state, count in summary['reviews'].items())}",
        f"To look at: {summary['conflicts']} in conflict, {summary['quarantined']} quarantined",
        f"The doctor folded everything again: {doctor}",
        "",
        *as_lines(dict(summary)),
        "",
        "Look further:",
        *_commands(summary["look_at"], program, folder),
        "",
    ]
    return "\n".join(lines)


def _commands(look_at: Mapping[str, str], program: str, folder: str) -> list[str]:
    told = {
        "conflict": "two phone numbers, one question",
        "quarantined": "a choice that does not exist",
        "issues": "an activity of 20 hours",
        "released": "held until its form came",
        "held": "held: nobody has published its form",
        "merged": "two participants who are one",
    }
    shown = [f"  {program} record show {look_at[what]} --data {folder}   # {why}" for what, why in told.items()]
    undo = f"  {program} record unmerge {look_at['merged']} --data {folder}"
    enrol = (
        f'  {program} device enrol --association kht --name "My phone" --data {folder}   # a QR code for ODK Collect'
    )
    sealed = [
        f"  {program} submission export f2_visit --association kht --out sealed --data {folder}   # as they came",
        f"  {program} submission decrypt sealed --key {folder}/listening-centre.pem   # whoever has the key can",
    ]
    return [*shown, undo, enrol, *sealed, f"  {program} doctor --data {folder}", f"  {program} --help"]
