"""What the pages of possible duplicates show: lines of the queue, both sides, the evidence, what would survive."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from flask import url_for

from fieldsync.core.clusters import AUTOMATIC_MAX
from fieldsync.core.form_texts import FormText
from fieldsync.core.short_codes import short_code
from fieldsync.core.shown_values import NUMBER, TEXT, ShownValue
from fieldsync.routes.pages import heads, labels, pair_reasons, pair_words, rows, speakers
from fieldsync.routes.pages.labels import Spoken
from fieldsync.routes.pages.speech import _
from fieldsync.services import authorship, deciding, deciding_together, pair_clusters, pair_queue
from fieldsync.services.deciding import ITSELF, Pair
from fieldsync.services.desk import Found
from fieldsync.services.pair_figures import Effect
from fieldsync.services.pair_told import OTHER, PairPage, Row, Side
from fieldsync.services.readers import Reader
from fieldsync.store import people, records
from fieldsync.store.pairs import RARITY, DecisionRow

SUBMISSIONS_SHOWN = 5

CODES_SHOWN = 3
"""Of several that hang together, in a line."""

assert SUBMISSIONS_SHOWN < AUTOMATIC_MAX

MARKED_MAX = 40
"""Longer texts are not marked letter by letter."""


def name_of(pair: Pair) -> str:
    """How addresses name a pair."""
    return "_".join(records.uuid_text(each.row.uuid) for each in (pair.left, pair.right))


def line(
    pair: Pair, titles: Mapping[str, Spoken], endpoint: str = "pages.duplicate", keys: Sequence[Spoken | FormText] = ()
) -> dict[str, Any]:
    """A pair in a list: codes and places, never a name. `keys`: key questions of two reports."""
    levels = [] if pair.row is None else sorted(pair.row.comparisons, key=lambda each: -abs(each[2]))
    shown = [each for each in levels if each[1] not in ("", RARITY)][:3]
    return {
        "address": url_for(endpoint, pair=name_of(pair)),
        "title": labels.collection(pair.left.kind, pair.left.of, titles),
        "codes": [short_code(records.uuid_text(each.row.uuid)) for each in (pair.left, pair.right)],
        "places": [place for place in dict.fromkeys(_place(each) for each in (pair.left, pair.right)) if place],
        "facts": [(*_level(name, level, weight),) for name, level, weight in shown],
        "likely": pair_reasons.likely(pair, keys),
        "changed": [pair_words.comparison(each) for each in deciding.changed_since(pair)],
        "decision": _decision(pair.decision),
    }


def waiting_line(
    pair: Pair, titles: Mapping[str, Spoken], together: Sequence[Found], keys: Sequence[Spoken | FormText] = ()
) -> dict[str, Any]:
    """The same of a pair that waits; where more than two hang together it stands for all of them."""
    return line(pair, titles, keys=keys) | (_of_several(together) if together else {})


def recent_lines(decided: Sequence[Pair], titles: Mapping[str, Spoken]) -> list[dict[str, Any]]:
    """What was decided last; what was decided in one step is one line."""
    steps: dict[str, list[Pair]] = {}
    for each in decided:
        if each.decision:
            steps.setdefault(each.decision.together or name_of(each), []).append(each)
    shown = []
    for step in steps.values():
        first = next((each for each in step if each.decision and each.decision.decision == deciding.SAME), step[0])
        sides = {side.row.id: side for each in step for side in (each.left, each.right)}
        shown.append(
            line(first, titles) | (_of_several([sides[each] for each in sorted(sides)]) if len(step) > 1 else {})
        )
    return shown


def _of_several(together: Sequence[Found]) -> dict[str, Any]:
    uuids = [records.uuid_text(each.row.uuid) for each in together]
    places = [place for place in dict.fromkeys(_place(each) for each in together) if place]
    return {
        "address": url_for("pages.cluster", list=together[0].of, record=uuids[0]),
        "codes": [short_code(each) for each in uuids[:CODES_SHOWN]],
        "more": max(0, len(uuids) - CODES_SHOWN),
        "places": places[:CODES_SHOWN],
        "together": len(uuids),
    }


def asked_of(session: Any, who: Reader, found: Found) -> list[tuple[str, str]]:
    """(address, short code of the other) of the pairs that wait and that a record is in."""
    waiting = pair_queue.of_record(session, who, found)
    own = found.row.id
    return [
        (
            url_for("pages.duplicate", pair=name_of(each)),
            short_code(records.uuid_text((each.right if each.left.row.id == own else each.left).row.uuid)),
        )
        for each in waiting
    ]


def decided(pair: Pair) -> dict[str, Any] | None:
    """What was just decided, with what takes it back; None where that was taken back already."""
    if pair.decision is None or pair.decision.decision == deciding.OPEN:
        return None
    address = url_for("pages.decide_duplicate", pair=name_of(pair))
    return {"decision": _decision(pair.decision), "turn": pair.turn, "address": address}


def step(session: Any, who: Reader, found: deciding_together.Step) -> dict[str, Any]:
    """What was decided on several at once, and what takes it back."""
    [first, *_] = [*found.same, *found.apart]
    address = url_for("pages.cluster", list=first.of, record=records.uuid_text(first.row.uuid))
    same, apart = (
        [short_code(records.uuid_text(each.row.uuid)) for each in side] for side in (found.same, found.apart)
    )
    return {
        "address": address, "same": same, "apart": apart, "turn": found.turns, "at_ms": found.decision.decided_ms,
        "title": labels.entity_list(first.of), "by": _who(session, found.decision),
    }  # fmt: skip


def card(
    session: Any,
    told: PairPage,
    titles: Mapping[str, Spoken],
    named: Mapping[int, ShownValue] = MappingProxyType({}),
    keys: Sequence[Spoken | FormText] = (),
    is_across: bool = False,
) -> dict[str, Any]:
    """Everything of a pair's page. `named`: labels of what both are linked to; `keys`: key questions of two reports."""
    pair = told.pair
    last = pair.decision.decision if pair.decision else ""
    evidence = pair_reasons.evidence(pair, told.threshold)
    return {
        "title": labels.collection(pair.left.kind, pair.left.of, titles),
        "sides": [_side(each, titles) for each in told.sides],
        "rows": [_row(each) for each in told.rows],
        "aside": [_row(each) for each in told.aside],
        "evidence": evidence,
        "verdict": pair_reasons.verdict(pair, evidence, told.rows, keys),
        "shared": [
            (rows.record_address(each.kind, each.of, records.uuid_text(each.row.uuid)),
             labels.entity_list(each.of), records.uuid_text(each.row.uuid), named.get(each.row.id))
            for each in told.shared
        ],
        "changed": [pair_words.comparison(each) for each in deciding.changed_since(pair)],
        "decision": _decision(pair.decision),
        "decided_by": _who(session, pair.decision),
        "is_one": deciding.is_one(pair),
        "is_settled": deciding.is_settled(pair),
        "stands": pair_words.stands(last, deciding.is_one(pair), pair_words.ACROSS if is_across else pair.left.kind),
        "apart": pair_words.apart(told.apart_metres, *(each.found.row.place for each in told.sides)),
        "submissions": [len(each.submissions) for each in told.sides],
    }  # fmt: skip


def member(found: Found) -> dict[str, Any]:
    """One of several records side by side."""
    uuid = records.uuid_text(found.row.uuid)
    return {
        "address": rows.record_address(found.kind, found.of, uuid),
        "arrived_ms": found.row.arrived_ms,
        "place": _place(found),
    }


def cluster_row(row: pair_clusters.Row) -> dict[str, Any]:
    """One answer of several records."""
    return {
        "path": row.path,
        "label": labels.entity_property(row.path, row.label),
        "level": pair_words.level(row.level),
        "differs": row.level == OTHER or pair_words.level(row.level)[0] == "warn",
        "cells": [replace(each, value=labels.property_value(row.path, each.value)) for each in row.cells],
    }


def effect(found: Effect, chosen: str) -> dict[str, Any]:
    """What a merge would do to the figures: the list's count, and the names of what counts both now."""
    return {"before": found.before, "twice": [str(getattr(each, chosen)) for each in found.twice]}


def _level(name: str, level: str, weight: float) -> tuple[str, str, str]:
    tone, icon, said = pair_words.level(level, weight)
    return tone, icon, f"{pair_words.comparison(name)}{_(': ')}{said}"


def _place(found: Found) -> str:
    return labels.place(found.row.place) if found.row.place else ""


def _decision(row: DecisionRow | None) -> dict[str, Any] | None:
    if row is None:
        return None
    tone, icon, said = pair_words.DECISIONS[row.decision]
    return {"name": row.decision, "tone": tone, "icon": icon, "text": str(said), "at_ms": row.decided_ms,
            "why": "" if row.why == deciding.UNMERGED else row.why,
            "unmerged": row.why == deciding.UNMERGED,
            "by_itself": row.decided_by == ITSELF, "sampled": row.sampled}  # fmt: skip


def _who(session: Any, row: DecisionRow | None) -> str:
    """Who decided, by name; colleagues of the association know each other."""
    if row is None:
        return ""
    if not row.decided_by.startswith("person:"):
        return pair_words.decider(row.decided_by)
    person = people.find_by_id(session, int(row.decided_by.removeprefix("person:")))
    return "" if person is None else person.name or person.email


def _side(side: Side, titles: Mapping[str, Spoken]) -> dict[str, Any]:
    uuid = records.uuid_text(side.found.row.uuid)
    by = side.by or authorship.Author(authorship.OTHER, "")
    return {
        "uuid": uuid,
        "address": rows.record_address(side.found.kind, side.found.of, uuid),
        "by": speakers.speaker(by),
        "said_ms": side.said_ms,
        "place": _place(side.found),
        "submissions": [
            (rows.record_address(each.kind, each.of, records.uuid_text(each.row.uuid)),
             titles.get(each.of) or Spoken(each.of), each.row.arrived_ms)
            for each in side.submissions[:SUBMISSIONS_SHOWN]
        ],
        "more": max(0, len(side.submissions) - SUBMISSIONS_SHOWN),
        "spots": side.spots,
    }  # fmt: skip


def _row(row: Row) -> dict[str, Any]:
    left, right = (replace(each, value=labels.property_value(row.path, each.value)) for each in row.cells)
    marked = _marked(left.value, right.value) if row.level not in ("same", "exact", "missing") else None
    return {
        "path": row.path,
        "label": labels.answer(row.path, row.label),
        "is_heading": row.is_heading,
        "is_inner": "[" in row.path,
        "number": row.path[row.path.rindex("[") + 1 : -1] if row.is_heading else "",
        "level": pair_words.level(row.level),
        "differs": row.level in ("different", OTHER) or (row.is_compared and pair_words.level(row.level)[0] == "warn"),
        "rule": str(pair_words.RULES[row.rule]) if row.rule else "",
        "cells": [
            {
                "told": cell,
                "marked": marked[number] if marked else None,
                "choice": heads.name_of(cell.said_by) if row.survives and cell.said_by and not cell.hidden else "",
                "survives": row.survives is not None and cell.said_by == row.survives,
            }
            for number, cell in enumerate((left, right))
        ],
    }


def _marked(
    left: ShownValue | None, right: ShownValue | None
) -> tuple[tuple[str, str, str], tuple[str, str, str]] | None:
    """Both texts as (before, what differs, after); None where nothing is alike, as in two scripts."""
    if left is None or right is None or {left.kind, right.kind} - {TEXT, NUMBER}:
        return None
    one, other = left.text, right.text
    if max(len(one), len(other)) > MARKED_MAX:
        return None
    start = next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
    rest = min(len(one), len(other)) - start
    end = next((place for place in range(rest) if one[-1 - place] != other[-1 - place]), rest)
    if start + end == 0:
        return None
    return _split(one, start, end), _split(other, start, end)


def _split(text: str, start: int, end: int) -> tuple[str, str, str]:
    stop = len(text) - end
    return text[:start], text[start:stop], text[stop:]
