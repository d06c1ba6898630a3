"""What is quarantined, as a list with the reasons, and verdicts on several at once."""

from typing import Any

from flask import Response, request

from fieldsync.core.access import ACT_ON_RECORDS, READ_HISTORY
from fieldsync.core.problems import Problem, render
from fieldsync.routes.context import context
from fieldsync.routes.pages import fields, labels, language, lists, shell, speakers
from fieldsync.routes.pages.guard import page_access, reader
from fieldsync.routes.pages.shell import blueprint
from fieldsync.routes.pages.speech import _, ngettext
from fieldsync.routes.pages.submission import desk_of_reader
from fieldsync.services import authorship, desk_lists, verdicts

VERDICTS = (verdicts.RELEASE, verdicts.REJECT)

JUDGED_MAX = 200
"""Operations that are judged together at most; each is a transaction of its own."""

REASON_CHARACTERS_MAX = 500

CODE_CHARACTERS_MAX = 60

COUNT_DIGITS_MAX = 4


@blueprint.get("/quarantine")
@page_access(READ_HISTORY)
def quarantine() -> Response:
    """What nobody has judged yet, oldest first; no answer is shown here."""
    return _list({})


@blueprint.post("/quarantine")
@page_access(ACT_ON_RECORDS)
def judge_several() -> Response:
    """Release or reject what was ticked, each by itself: one that cannot be judged keeps back none of the others."""
    verdict, reason = fields.one_of("verdict", VERDICTS), reason_given()
    tickets = _all() if "all" in request.form else list(dict.fromkeys(request.form.getlist("ticket")))[: lists.ROWS]
    errors = {} if tickets else {"tickets": _("Tick at least one.")}
    if not reason:
        errors["reason"] = missing_reason()
    if errors or not verdict:
        return _list(errors, 422)
    answers = [judge(ticket, verdict, reason) for ticket in tickets]
    kept = sum(problem is not None for problem in answers)
    return shell.onward_to(shell.address_with(judged=str(len(answers) - kept), kept=str(kept)))


def _all() -> list[str]:
    """All that waits for the reason of the address, on whatever page, as far as one deed goes."""
    with context().database.read() as session:
        return desk_lists.quarantined_tickets(session, reader(), _code() or None, JUDGED_MAX)


def _code() -> str:
    """The reason to which the address narrows the list."""
    return request.args.get("why", "")[:CODE_CHARACTERS_MAX]


def judge(ticket: str, verdict: str, reason: str) -> Problem | None:
    """One verdict, in a transaction of its own."""
    who, by = reader(), desk_of_reader()

    def work(session: Any) -> Problem | None:
        row = desk_lists.find_quarantined(session, who, ticket)
        return Problem("not_found") if row is None else verdicts.judge(session, by, row, verdict, reason)

    return context().database.write(work)


def reason_given() -> str:
    """Why, in one line."""
    return fields.text("reason", REASON_CHARACTERS_MAX)


def missing_reason() -> str:
    """What to tell somebody who gave none."""
    return render(Problem("reason_missing"), language.chosen())


def _list(errors: dict[str, str], status: int = 200) -> Response:
    who, chosen, code = reader(), language.chosen(), _code()
    with context().database.read() as session:
        found = lists.shown(
            f"quarantine {code}",
            lambda on, after, limit: desk_lists.quarantined(on, who, after, limit, chosen, code or None),
            session,
        )
        authors = authorship.named(session, who.association_id, {each["author"] for each in found.items})
        reasons = desk_lists.reasons(session, who)
        titles = labels.titles(session, who.association_id)
    return shell.page(
        "quarantine.html",
        status,
        items=[{**each, "title": labels.collection(each["kind"], each["of"], titles) if each["of"] else None,
                "by": speakers.speaker(authors[each["author"]]),
                "is_revoked": authors[each["author"]].is_revoked} for each in found.items],
        following=found.following,
        first=found.first,
        reasons=[(each, render(Problem(each), chosen)) for each in reasons],
        code=code,
        judged_max=JUDGED_MAX,
        done=_done(),
        may_act=who.may(ACT_ON_RECORDS),
        errors=errors,
        address=shell.address_with(judged="", kept=""),
    )  # fmt: skip


def _done() -> list[str]:
    """What became of several that were judged together, as the address of the page says."""
    judged, kept = (_number(name) for name in ("judged", "kept"))
    told = [ngettext("%(num)s is judged.", "%(num)s are judged.", judged)] if judged else []
    if kept:
        told.append(ngettext("%(num)s could not be judged; open it to see why.",
                             "%(num)s could not be judged; open them to see why.", kept))  # fmt: skip
    return told


def _number(name: str) -> int:
    text = request.args.get(name, "")[:COUNT_DIGITS_MAX]
    return int(text) if text.isascii() and text.isdigit() else 0
