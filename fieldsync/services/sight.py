"""What of the figures somebody may see: which associations and form families, how closely, or only published ones."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from fieldsync.core.access import COUNT_RECORDS, READ_RECORDS, Grant
from fieldsync.core.counting import WAYS
from fieldsync.core.indicators import S0, S1, Indicator
from fieldsync.core.roles import ALL, HIDDEN
from fieldsync.services.readers import Reader
from fieldsync.store import associations
from fieldsync.store.associations import AssociationRow


@dataclass(frozen=True)
class Sight:
    """`families`: whose figures show; `close`: of which nothing of S1 is hidden; no family: only what was published."""

    associations: tuple[AssociationRow, ...]
    families: frozenset[str] = frozenset()
    close: frozenset[str] = frozenset()
    everywhere: bool = False

    @property
    def only_published(self) -> bool:
        """Whether nothing is shown but what was published, as it was published."""
        return not self.families

    def shows(self, indicator: Indicator) -> bool:
        """Whether an indicator is there at all: another association's is as if it were not, like a closed family's."""
        family = WAYS[indicator.rule.count].family
        return bool(self.concerned(indicator)) and (self.only_published or not family or _holds(self.families, family))

    def concerned(self, indicator: Indicator) -> tuple[AssociationRow, ...]:
        """The associations that contribute to it, as far as they are seen."""
        return tuple(each for each in self.associations if indicator.concerns(each.slug))

    def rule(self, indicator: Indicator) -> str:
        """How its cells are hidden from this reader."""
        near = indicator.suppression == S1 and _holds(self.close, WAYS[indicator.rule.count].family)
        return S0 if near else indicator.suppression


def sight_of(session: Session, reader: Reader) -> Sight:
    """What somebody sees of the figures, where she works now; a grant for some places or one team shows none."""
    if not reader.may(COUNT_RECORDS):
        return Sight(())
    held = [grant for grant in reader.grants if grant.covers(reader.association_id) or grant.association_id is None]
    whole = [grant for grant in held if not grant.places and not grant.team]
    counting = [grant for grant in whole if COUNT_RECORDS in grant.role.permissions]
    everywhere = any(grant.association_id is None for grant in counting)
    owners = associations.everyone(session)
    seen = tuple(owners if everywhere else (each for each in owners if each.id == reader.association_id))
    families = frozenset(family for grant in counting for family in grant.role.families | grant.role.counts)
    return Sight(seen if counting else (), families, _close(whole, everywhere), everywhere)


def _close(grants: list[Grant], everywhere: bool) -> frozenset[str]:
    """Families whose personal answers she reads in every association that is shown: there nothing is hidden."""
    near = [
        grant.role
        for grant in grants
        if READ_RECORDS in grant.role.permissions
        and grant.role.personal != HIDDEN
        and (grant.association_id is None or not everywhere)
    ]
    return frozenset(family for role in near for family in role.families)


def _holds(families: frozenset[str], family: str) -> bool:
    return ALL in families or family in families
