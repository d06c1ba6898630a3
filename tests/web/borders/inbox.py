"""The list of what came in: what a filter names elsewhere finds nothing, as what is nowhere."""

from tests.web.borders import Names, Page, Section
from tests.world import World


def fill(_world: World, _association_id: int) -> Names:
    """All that a filter can name is there already."""
    return {}


SECTION = Section(
    {
        "inbox": Page(
            queries=(
                "device={device}",
                "companion={person}",
                "association={association}",
                "of=submission.{form}&state=open&device={device}",
            )
        ),
    },
    fill,
    {},
)
