"""How things are counted: the facts of one subject → what it adds to each indicator. Pure.

A person, group or idea counts in the month in which it first fulfilled the definition, so months add up to the total
and nobody counts twice over two periods. A headcount adds to attendances and never to persons.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from fieldsync.core.facts import (
    APPLICATION,
    APPROVED,
    CENTRE,
    GROUP,
    HEADCOUNT,
    IDEA,
    NEEDED_SERVICES,
    ORGANISATION,
    PERSON,
    RECORD,
    REJECTED,
    SURVIVOR,
    WAITING,
    Known,
)
from fieldsync.core.indicators import Indicator
from fieldsync.core.months import later

LEVELS = (APPROVED, WAITING, REJECTED)
CHILDREN = ("under_15", "15_17")
IN_FORMATION, REGISTERED = "in_formation", "registered"


class Item(NamedTuple):
    """What one subject adds to one indicator: `amount` of `part` in a month. `level`: judged how far at least.

    `key` tells apart what one subject adds several times. Dimensions are empty where nothing is known or asked; a
    category may hold a second one after a slash.
    """

    part: str
    key: str
    month: int
    level: int = APPROVED
    amount: int = 1
    commune: str = ""
    sex: str = ""
    band: str = ""
    disability: str = ""
    category: str = ""


def items_of(indicator: Indicator, subject: str, facts: Sequence[Known]) -> list[Item]:
    """What the facts of one subject add to an indicator.

    What approved facts alone give is approved; what comes with those to be reviewed waits; the rest comes with
    rejected ones.
    """
    found: dict[tuple[str, str], Item] = {}
    way, seen = WAYS[indicator.rule.count], 0
    if subject[0] not in way.subjects:
        return []
    for level in LEVELS:
        taken = [fact for fact in facts if fact.level <= level or (fact.level == WAITING and _protects(fact))]
        if len(taken) == seen:
            continue
        seen = len(taken)
        for item in way.items(indicator, Facts(taken, level)):
            found.setdefault((item.part, item.key), item._replace(level=level))
    return list(found.values())


def _protects(fact: Known) -> bool:
    """Whether a fact takes somebody out of statistics: that holds before anybody has reviewed it."""
    return fact.kind == "withdrawal" or (fact.kind == "consent" and not fact.data.get("reporting"))


class Facts:
    """The facts of a subject that are judged at least so far (`level`), by kind, oldest month first."""

    def __init__(self, facts: Iterable[Known], level: int) -> None:
        self.level = level
        self._by_kind: dict[str, list[Known]] = {}
        for fact in sorted(facts, key=lambda fact: (fact.month, fact.rank, fact.record)):
            self._by_kind.setdefault(fact.kind, []).append(fact)

    def of(self, what: str, /, **wanted: Sequence[str]) -> list[Known]:
        """Facts of a kind (`what`); of each datum that is named, one of the values, where any are given."""
        found = self._by_kind.get(what, [])
        narrow = {name: values for name, values in wanted.items() if values}
        return [fact for fact in found if all(fact.data.get(name) in values for name, values in narrow.items())]

    def latest(self, kind: str) -> Known | None:
        """What was said last."""
        return max(self._by_kind.get(kind, ()), key=_said_at, default=None)

    def latest_by_subject(self, kind: str) -> dict[str, Known]:
        """The same for each subject."""
        found: dict[str, Known] = {}
        for fact in sorted(self._by_kind.get(kind, ()), key=_said_at):
            found[fact.subject] = fact
        return found


def _said_at(fact: Known) -> tuple[int, str]:
    return fact.rank, fact.record


class Someone(NamedTuple):
    """A registered person, as far as she is counted by."""

    commune: str
    sex: str
    band: str
    disability: str

    def adds(self, part: str, month: int, key: str = "", amount: int = 1) -> Item:
        return Item(part, key, month, APPROVED, amount, self.commune, self.sex, self.band, self.disability)


def _someone(indicator: Indicator, facts: Facts) -> Someone | None:
    """The person, if the indicator counts her: what was said of each of her records last, all her roles."""
    records = facts.latest_by_subject("registered")
    latest = facts.latest("registered")
    if latest is None:
        return None
    rule, data = indicator.rule, latest.data
    roles = {role for fact in records.values() for role in fact.data.get("roles", ())}
    band = str(data.get("band", ""))
    if rule.roles and not roles.intersection(rule.roles):
        return None
    if (rule.sex and data.get("sex") != rule.sex) or (rule.adults and band in CHILDREN):
        return None
    return Someone(str(data.get("commune", "")), str(data.get("sex", "")), band, str(data.get("disability", "")))


def _present(indicator: Indicator, facts: Facts) -> Iterator[Item]:
    yield from _crowd(indicator, facts)
    someone = _someone(indicator, facts)
    present = facts.of("present", kind=indicator.rule.kinds)
    if someone is None or not present:
        return
    yield someone.adds("person", present[0].month)
    for record, fact in {fact.record: fact for fact in present}.items():
        yield someone.adds("attendance", fact.month, record)


def _crowd(indicator: Indicator, facts: Facts) -> Iterator[Item]:
    for fact in facts.of("crowd", kind=indicator.rule.kinds):
        count = sum(fact.data.get(name, 0) for name in HEADCOUNT if name in indicator.rule.headcount)
        if count:
            yield Item("attendance", fact.record, fact.month, amount=count, commune=str(fact.data.get("commune", "")))


def _insertion(indicator: Indicator, facts: Facts) -> Iterator[Item]:
    someone = _someone(indicator, facts)
    trained = facts.of("present", kind=indicator.rule.kinds)
    if someone is None or not trained:
        return
    for check, after in (("month3", 3), ("month6", 6)):
        due = later(trained[0].month, after)
        yield someone.adds(f"due_{check}", due)
        if facts.of("job", check=(check,), employed=("yes",)):
            yield someone.adds(f"employed_{check}", due)


def _accompanied(indicator: Indicator, facts: Facts) -> Iterator[Item]:
    someone = _someone(indicator, facts)
    visited = {fact.subject for fact in facts.of("visit")}
    held = {fact.other for fact in facts.of("holder")} & visited
    months = [fact.month for fact in facts.of("visit") if fact.subject in held]
    months += [fact.month for fact in facts.of("member", status=(IN_FORMATION,))]
    if someone is not None and months:
        yield someone.adds("person", min(months))


def _members(indicator: Indicator, facts: Facts) -> Iterator[Item]:
    someone = _someone(indicator, facts)
    latest = {profile.record for profile in facts.latest_by_subject("profile").values()}
    active = [fact for fact in facts.of("member") if fact.record in latest]
    if someone is not None and active:
        groups = {fact.other for fact in active}
        yield someone.adds("person", min(fact.month for fact in facts.of("member") if fact.other in groups))


def _cooperatives(_indicator: Indicator, facts: Facts) -> Iterator[Item]:
    latest = facts.latest("profile")
    if latest is None or latest.data.get("women_pct") != 100:
        return
    claims = latest.data.get("status") in (IN_FORMATION, REGISTERED)
    part = REGISTERED if latest.data.get("registered") else IN_FORMATION if claims else ""
    if part:
        wanted: dict[str, Sequence[str]] = {"status": (str(latest.data["status"]),)}
        first = facts.of("profile", **wanted)[0]
        yield Item(part, "", first.month, commune=str(latest.data.get("commune", "")))


def _groups(_indicator: Indicator, facts: Facts) -> Iterator[Item]:
    latest = facts.latest("profile")
    if latest is not None and latest.data.get("members", 0) > 0:
        first = next(fact for fact in facts.of("profile") if fact.data.get("members", 0) > 0)
        yield Item("group", "", first.month, commune=str(latest.data.get("commune", "")))


def _sales(_indicator: Indicator, facts: Facts) -> Iterator[Item]:
    by_month: dict[int, Known] = {}
    for fact in sorted(facts.of("sales"), key=_said_at):
        by_month[fact.month] = fact
    for month, fact in by_month.items():
        yield Item("amount", str(month), month, amount=int(fact.data.get("sales", 0)))


def _ideas(indicator: Indicator, facts: Facts) -> Iterator[Item]:
    idea, visits, rule = facts.latest("idea"), facts.of("visit"), indicator.rule
    if idea is None or (rule.kinds and idea.data.get("kind") not in rule.kinds):
        return
    commune = str(idea.data.get("commune", ""))
    stage = str(max(visits, key=lambda fact: (fact.month, *_said_at(fact))).data.get("stage", "")) if visits else "idea"
    fits = (not rule.places or commune in rule.places) and len(visits) >= rule.visits
    if fits and (not rule.stages or stage in rule.stages):
        reached = [fact.month for fact in visits if not rule.stages or fact.data.get("stage") in rule.stages]
        yield Item("project", "", min(reached, default=idea.month), commune=commune, category=stage)


def _local_orgs(indicator: Indicator, facts: Facts) -> Iterator[Item]:
    named = facts.of("mobilised", province=indicator.rule.places)
    if named:
        yield Item("organisation", "", named[0].month)


def _grants(indicator: Indicator, facts: Facts) -> Iterator[Item]:
    decision, application = facts.latest("decision"), facts.latest("application")
    if decision is None or decision.data.get("state") != "awarded":
        return
    award = int(decision.data.get("award", 0))
    cap = indicator.target(f"{decision.month // 100}-{decision.month % 100:02}-28")
    yield Item("grant", "", decision.month)
    yield Item("amount", "", decision.month, amount=award)
    if application is not None and application.data.get("led"):
        yield Item("led", "", decision.month)
    if cap is not None and award > cap.target * 100:
        yield Item("over", "", decision.month)


def _reports(facts: Facts) -> bool:
    """Whether a survivor agreed to statistics; the most protective thing that was said and not rejected holds."""
    said, latest = facts.of("consent"), facts.latest("consent")
    return bool(said) and latest is not None and bool(latest.data.get("reporting")) and not facts.of("withdrawal")


def _survivors(_indicator: Indicator, facts: Facts) -> Iterator[Item]:
    intakes, sessions = facts.of("intake"), facts.of("session")
    elsewhere = any(fact.data.get("elsewhere") for fact in intakes)
    if _reports(facts) and not elsewhere and (intakes or sessions):
        first = min([*intakes, *sessions], key=lambda fact: (fact.month, fact.rank, fact.record))
        about = facts.latest("intake") or first
        yield Someone(
            str(first.data.get("commune", "")),
            "f",
            str(about.data.get("band", "")),
            str(about.data.get("disability", "")),
        ).adds("person", first.month)


def _incidents(_indicator: Indicator, facts: Facts) -> Iterator[Item]:
    if not _reports(facts):
        return
    for fact in facts.of("intake", reason=("violence",)):
        if not fact.data.get("elsewhere"):
            commune, band = str(fact.data.get("commune", "")), str(fact.data.get("band", ""))
            category = f"{fact.data.get('class', '')}/{'+'.join(fact.data.get('law', ()))}"
            yield Item("event", fact.record, fact.month, commune=commune, band=band, category=category)


def _centres(_indicator: Indicator, facts: Facts) -> Iterator[Item]:
    services = {fact.data.get("service") for fact in facts.of("directory")}
    listened = facts.of("listened")
    if listened and services >= NEEDED_SERVICES:
        yield Item("centre", "", listened[0].month)


def _referrals(_indicator: Indicator, facts: Facts) -> Iterator[Item]:
    if not _reports(facts):
        return
    sessions = facts.of("session")
    for fact in sessions:
        for part in ("referred", "received"):
            if fact.data.get(part, 0):
                yield Item(part, fact.record, fact.month, amount=int(fact.data[part]))
    scored = [fact for fact in sessions if fact.data.get("improved") in ("yes", "no")]
    if scored:
        yield Item("scored", "", scored[0].month)
        if max(scored, key=_said_at).data["improved"] == "yes":
            yield Item("improved", "", scored[0].month)


def _confidentiality(_indicator: Indicator, facts: Facts) -> Iterator[Item]:
    for fact in facts.of("feedback"):
        yield Item("answered", fact.record, fact.month)
        if fact.data.get("answer") == "yes":
            yield Item("respected", fact.record, fact.month)


def _quality(_indicator: Indicator, _facts: Facts) -> Iterator[Item]:
    """Nothing: it is read from the states of the records themselves, not from what they say."""
    yield from ()


class Shown(NamedTuple):
    """A figure of an indicator: how many of a part, an amount in centimes, or a share of one part in another."""

    code: str
    unit: str = ""
    of: str = ""


class Way(NamedTuple):
    """A way of counting: of what kinds of subject (core.facts), from which form family, and what it shows.

    The main figure comes first. `divided` names the parts that are shown by dimension.
    """

    subjects: str
    items: Callable[[Indicator, Facts], Iterator[Item]]
    family: str
    shown: tuple[Shown, ...]
    divided: tuple[str, ...] = ()


_PERSONS = (Shown("person"),)

WAYS: Mapping[str, Way] = {
    "accompanied": Way(PERSON, _accompanied, "F6", _PERSONS, ("person",)),
    "centres": Way(CENTRE, _centres, "F2", (Shown("centre"),)),
    "confidentiality": Way(RECORD, _confidentiality, "F3_feedback", (Shown("respected", "percent", "answered"),)),
    "cooperatives": Way(GROUP, _cooperatives, "F7", (Shown(REGISTERED), Shown(IN_FORMATION)), (REGISTERED,)),
    "grants": Way(
        APPLICATION,
        _grants,
        "F8",
        (Shown("grant"), Shown("amount", "mad"), Shown("led", "percent", "grant"), Shown("over", "projects")),
    ),
    "groups": Way(GROUP, _groups, "F7", (Shown("group"),), ("group",)),
    "ideas": Way(IDEA, _ideas, "F6", (Shown("project"),), ("project",)),
    "incidents": Way(SURVIVOR, _incidents, "F2", (Shown("event"),), ("event",)),
    "insertion": Way(
        PERSON,
        _insertion,
        "F6",
        (Shown("employed_month3", "percent", "due_month3"), Shown("employed_month6", "percent", "due_month6")),
    ),
    "local_orgs": Way(ORGANISATION, _local_orgs, "F5", (Shown("organisation"),)),
    "members": Way(PERSON, _members, "F7", _PERSONS, ("person",)),
    "present": Way(PERSON + RECORD, _present, "F5", (*_PERSONS, Shown("attendance", "events")), ("person",)),
    "quality": Way("", _quality, "", ()),
    "referrals": Way(
        SURVIVOR, _referrals, "F3", (Shown("received", "percent", "referred"), Shown("improved", "percent", "scored"))
    ),
    "sales": Way(GROUP, _sales, "F7", (Shown("amount", "mad"),)),
    "survivors": Way(SURVIVOR, _survivors, "F2", _PERSONS, ("person",)),
}
"""The ways in which an indicator can be counted (`rule.count`)."""
