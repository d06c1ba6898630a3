"""People whom two or three companions register, in two scripts, with half the facts; and one who is somebody else."""

from itertools import combinations
from typing import NamedTuple

from sqlalchemy.orm import Session

from fieldsync.app import now_ms
from fieldsync.client.companion import Filled
from fieldsync.client.companion_names import FAMILIES, WOMEN, Name
from fieldsync.client.companion_people import Person, new_uuid, short_code
from fieldsync.client.companion_people import phone as phone_number
from fieldsync.core.names import Level, compare
from fieldsync.core.problems import Problem
from fieldsync.demo.cast import Cast, Say
from fieldsync.services import deciding, desk
from fieldsync.services.desk import Desk

FIRST, SECOND, THIRD = "Khadija", "Zahra", "Fadma"

ROLE = "woman_beneficiary"
PHONE = "person/phone"
HOME = "home/"
OTHER_NAME = "person/name_alt"

COUSIN_YOUNGER = 13
"""Years: two cousins named after one grandmother, whose family has one phone."""


class Woman(NamedTuple):
    """Who she is: her name in Arabic, and as two registers spell it; her year of birth, her phone."""

    arabic: str
    latin: tuple[str, str]
    birth_year: int
    phone: str


def a_woman(cast: Cast) -> Woman:
    """Somebody whose name two registers spell in two ways, each of which is read as the same name."""
    dice = cast.phones[FIRST].dice
    given, family = (dice.choice([each for each in names if _is_read_alike(each)]) for names in (WOMEN, FAMILIES))
    first, second = (f"{given[1][at]} {family[1][at]}" for at in (0, 1))
    return Woman(f"{given[0]} {family[0]}", (first, second), dice.randint(1968, 1998), phone_number(dice))


def _is_read_alike(name: Name) -> bool:
    spelled = (name[0], *name[1][:2])
    return len(spelled) > 2 and all(compare(*two) in (Level.EXACT, Level.SAME) for two in combinations(spelled, 2))


def registered(
    cast: Cast, name: str, spelled: str, woman: Woman, like: Filled | None = None, has_phone: bool = True
) -> Filled:
    """The form in which a companion writes a woman down; `like`: where she lives, as another form has it."""
    phone, companion = cast.phones[name], cast.companions[name]
    person = Person(new_uuid(phone.dice), short_code(phone.dice, "P"), "f", woman.birth_year, spelled, "", ROLE)
    form = companion.register_participant(cast.today, new=person)
    home = (like or form).writes
    writes = {path: value for path, value in form.writes.items() if not path.startswith((HOME, PHONE, OTHER_NAME))}
    writes |= {path: value for path, value in home.items() if path.startswith(HOME)}
    form = form._replace(writes=writes | ({PHONE: woman.phone} if has_phone else {}))
    phone.submit(form)
    return form


def twins(cast: Cast, say: Say) -> None:
    """Fadma registers a woman whom Khadija has registered; the coordinator says that they are one."""
    woman = a_woman(cast)
    one = registered(cast, FIRST, woman.arabic, woman)
    other = registered(cast, THIRD, woman.latin[0], woman, one)
    for name in (FIRST, THIRD):
        cast.phones[name].sync()
    first, second = (str(form.writes["meta/entity/@id"]) for form in (one, other))
    association_id, at = cast.associations["kht"], now_ms()

    def merge(session: Session) -> Problem | None:
        found = desk.find(session, association_id, first)
        return deciding.unite(session, Desk(association_id, "operator", at), found[0], [second])

    problem = cast.database.write(merge)
    assert problem is None, problem
    cast.shown["merged"] = first
    say("Fadma registers a woman whom Khadija knows already: the coordinator merges the two, and can undo it")


def known_already(cast: Cast, say: Say) -> None:
    """Women whom several companions know, for the coordinator to decide on; one pair are cousins."""
    in_two_scripts, without_phone, known_to_three, cousin = (a_woman(cast) for _ in range(4))
    first = registered(cast, FIRST, in_two_scripts.arabic, in_two_scripts)
    registered(cast, SECOND, in_two_scripts.latin[0], in_two_scripts, first)
    first = registered(cast, FIRST, without_phone.arabic, without_phone)
    registered(cast, SECOND, without_phone.latin[1], without_phone, first, has_phone=False)
    first = registered(cast, FIRST, known_to_three.arabic, known_to_three)
    registered(cast, SECOND, known_to_three.latin[0], known_to_three, first)
    year_off = known_to_three._replace(birth_year=known_to_three.birth_year + 1)
    registered(cast, THIRD, known_to_three.latin[1], year_off, first)
    first = registered(cast, FIRST, cousin.arabic, cousin)
    younger = cousin._replace(birth_year=cousin.birth_year + COUSIN_YOUNGER)
    registered(cast, THIRD, cousin.latin[0], younger, first)
    for name in (FIRST, SECOND, THIRD):
        cast.phones[name].sync()
    say("Three companions register the same women, in two scripts: pairs and a group of three for the coordinator,")
    say("and two cousins of one name and one phone, who are not the same")
