"""Indicators: one of another association is as if it were not."""

from tests.web.borders import Names, Page, Section
from tests.world import World

OF_ALL, OF_ANOTHER = "I19", "I02"


def fill(world: World, association_id: int) -> Names:
    """An indicator to which every association contributes; elsewhere one that only another has."""
    return {"indicator": OF_ALL if association_id == world.amal else OF_ANOTHER}


SECTION = Section(
    {
        "dashboard": Page(),
        "figures_csv": Page(),
        "indicator": Page(),
    },
    fill,
    {"indicator": "I99"},
)
