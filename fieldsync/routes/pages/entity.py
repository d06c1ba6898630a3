"""An entity: a person, a cooperative, a group, an idea; what is known of it, from where, and what it links to."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import Response, request, url_for

from fieldsync.core.access import READ_RECORDS
from fieldsync.core.opaque import open_number, seal_number
from fieldsync.routes.context import context
from fieldsync.routes.pages import (
    conflict_cards,
    heads,
    labels,
    language,
    map_ground,
    pair_cards,
    pair_words,
    record_way,
    record_words,
    shell,
    speakers,
)
from fieldsync.routes.pages.addresses import find_record
from fieldsync.routes.pages.conflict_cards import Speech
from fieldsync.routes.pages.guard import page_access, reader
from fieldsync.routes.pages.labels import Spoken
from fieldsync.routes.pages.shell import blueprint
from fieldsync.services import entity_told, reading
from fieldsync.services.desk import Found
from fieldsync.services.desk_lists import secret_of
from fieldsync.services.entity_told import Asked
from fieldsync.services.provenance import Link
from fieldsync.store import records

CURSOR_MAX = 200

BACK = ("older", "spoken")
"""Names in an address of where two lists go on: the history, and the submissions."""


@blueprint.get("/entities/<list>/<record>")
@page_access(READ_RECORDS)
def entity(list: str, record: str) -> Response:
    """One entity; personal properties are masked for who need not read them."""
    return shown(list, record)


@blueprint.post("/entities/<list>/<record>/reveal")
@page_access(READ_RECORDS)
def reveal_entity(list: str, record: str) -> Response:
    """The same with the personal properties; that they were shown is written down before."""
    here, who = context(), reader()

    def work(session: Any) -> None:
        reading.note_revealed(session, who, find_record(session, who, "entity", list, record), here.now_ms())

    here.database.write(work)
    return shown(list, record, revealed=True)


def shown(list: str, record: str, revealed: bool = False, settling: Mapping[str, str] | None = None) -> Response:
    """The page; `settling`: what is wrong with how a conflict was to be settled, by path."""
    chosen, who = language.chosen(), reader()
    with context().database.read() as session:
        secret, purpose = secret_of(session), f"pages {who.association_id} older {record}"
        older, spoken = (open_number(request.args.get(name, "")[:CURSOR_MAX], purpose, secret) for name in BACK)
        found = find_record(session, who, "entity", list, record)
        told = entity_told.told(session, who, found, Asked(chosen, older, revealed, spoken))
        speech = Speech(told.speech.words, told.speech.questions, told.speech.choices)
        cards = conflict_cards.of(session, who, found, speech, revealed, settling, request.form.get("reason", ""))
        titles = labels.titles(session, who.association_id)
        elsewhere = record_way.elsewhere(session)
        pairs = pair_cards.asked_of(session, who, found)
    older_id = told.history.older_id if told.history else None
    address = url_for("pages.entity", list=list, record=record)
    return map_ground.page(
        "entity.html",
        422 if settling else 200,
        has_map=any(each.value is not None and each.value.spots for each in told.properties),
        is_personal=told.is_personal,
        page=told,
        title=labels.entity_list(list),
        address=address,
        elsewhere=elsewhere,
        revealed=revealed,
        reveal_address=shell.address_at(f"{address}/reveal"),
        place=labels.place(found.row.place) if found.row.place else "",
        facts=record_words.happened(found.row),
        conflicts=cards,
        pairs=pairs,
        conflicts_address=f"{address}/conflicts",
        properties=[_property(each, titles) for each in told.properties],
        submissions=[_submission(each.found, titles) | {"wrote": each.wrote} for each in told.submissions.items],
        following=shell.address_at(address, spoken=seal_number(told.submissions.before_id, purpose, secret))
        if told.submissions.before_id
        else "",
        first=shell.address_at(address, spoken="") if spoken else "",
        links=[_link(each, label, titles) for each, label in told.links],
        heads=heads.as_text(told.record["heads"]),
        states=record_words.REVIEW_STATES,
        deeds=record_words.DEEDS,
        verdicts=record_words.VERDICTS,
        speakers=record_words.SPEAKERS,
        older=shell.address_at(address, older=seal_number(older_id, purpose, secret)) if older_id else "",
        newest=address if older else "",
        errors={},
    )


def _property(told: entity_told.Property, titles: Mapping[str, Spoken]) -> dict[str, Any]:
    return {
        "told": replace(told, value=labels.property_value(told.name, told.value)),
        "label": labels.entity_property(told.name, told.label),
        "rule": str(pair_words.RULES[told.rule]) if told.rule else "",
        "by": speakers.speaker(told.by) if told.by else None,
        "source": _submission(told.source, titles) if told.source else None,
    }


def _submission(found: Found, titles: Mapping[str, Spoken]) -> dict[str, Any]:
    uuid = records.uuid_text(found.row.uuid)
    return {
        "title": titles.get(found.of) or Spoken(found.of),
        "uuid": uuid,
        "address": url_for("pages.submission", form=found.of, record=uuid),
        "place": labels.place(found.row.place) if found.row.place else "",
        "arrived_ms": found.row.arrived_ms,
        "state": record_words.REVIEW_STATES.get(found.row.review),
        "deleted": found.row.deleted,
    }


def _link(link: Link, label: Any, titles: Mapping[str, Spoken]) -> dict[str, Any]:
    uuid = records.uuid_text(link.found.row.uuid)
    return {
        "kind": labels.entity_list(link.found.of),
        "uuid": uuid,
        "address": url_for("pages.entity", list=link.found.of, record=uuid),
        "label": label,
        "by": _submission(link.by, titles),
        "deleted": link.found.row.deleted,
    }
