"""What is held: the list with what each waits for, and letting one go."""

from typing import Any

from flask import Response

from fieldsync.core.access import ACT_ON_RECORDS, READ_HISTORY
from fieldsync.core.problems import Problem
from fieldsync.routes.context import context
from fieldsync.routes.errors import Refused
from fieldsync.routes.pages import labels, lists, shell, speakers
from fieldsync.routes.pages.guard import page_access, reader
from fieldsync.routes.pages.labels import Spoken
from fieldsync.routes.pages.quarantine import missing_reason, reason_given
from fieldsync.routes.pages.shell import blueprint
from fieldsync.routes.pages.speech import _
from fieldsync.routes.pages.submission import desk_of_reader
from fieldsync.services import authorship, holding

WAITS_SHOWN = 5


@blueprint.get("/quarantine/held")
@page_access(READ_HISTORY)
def held() -> Response:
    """What waits for a form version, an enrolment or an earlier operation, oldest first."""
    return _list({})


@blueprint.post("/quarantine/held/<held>")
@page_access(ACT_ON_RECORDS)
def release_held(held: str) -> Response:
    """Let one apply without what it waits for."""
    who, by, reason = reader(), desk_of_reader(), reason_given()

    def work(session: Any) -> Problem | None:
        found = holding.find(session, who, held)
        if found is None:
            raise Refused(Problem("not_found"))
        return holding.release(session, by, found, reason) if reason else Problem("reason_missing")

    problem = context().database.write(work)
    if problem is None:
        return shell.onward("pages.held", "held_released")
    errors = {"": missing_reason()} if problem.code == "reason_missing" else shell.said(problem)
    return _list(errors, shell.status_of(problem))


def _list(errors: dict[str, str], status: int = 200) -> Response:
    who = reader()
    with context().database.read() as session:
        found = lists.shown("held", lambda on, after, limit: holding.page(on, who, after, limit), session)
        named = {each["author"] for each in found.items} | {author for each in found.items for author in _named(each)}
        authors = authorship.named(session, who.association_id, named)
        titles = labels.titles(session, who.association_id)
    items = [
        {
            **each,
            "title": labels.collection(each["kind"], each["of"], titles),
            "by": speakers.speaker(authors[each["author"]]),
            "waits": [_wait(kind, what, authors, titles) for kind, what in each["waits"][:WAITS_SHOWN]],
        }
        for each in found.items
    ]
    return shell.page(
        "held.html",
        status,
        items=items,
        following=found.following,
        first=found.first,
        may_act=who.may(ACT_ON_RECORDS),
        errors=errors,
    )


def _named(item: dict[str, Any]) -> list[str]:
    """The authors for whom, or for whose operations, it waits."""
    return [what.partition("/")[0] for kind, what in item["waits"][:WAITS_SHOWN] if kind != holding.FORM]


def _wait(kind: str, what: str, authors: dict[str, authorship.Author], titles: dict[str, Spoken]) -> tuple[str, str]:
    """(words, name) of one thing that it waits for."""
    if kind == holding.FORM:
        form, _sep, version = what.partition("\n")
        return _("a form version that is not here:"), f"{labels.collection('submission', form, titles).text} {version}"
    name, _sep, number = what.partition("/")
    if kind == holding.AUTHOR:
        return _("the enrolment of"), speakers.speaker(authors[name])[1]
    return _("an earlier entry of"), f"{speakers.speaker(authors[name])[1]}, {number.partition('/')[0]}"
