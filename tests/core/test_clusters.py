"""Sisters, chains and bridges: which records become one, and which never do without a person."""

from itertools import combinations, pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from fieldsync.core.clusters import AUTOMATIC_MAX, DENSE_FROM, Facts, Link, clustered, named_after_oldest


def chain(*members: int, weight: float = 20.0) -> list[Link]:
    return [Link(one, other, weight) for one, other in pairwise(members)]


def family(*members: int, weight: float = 20.0) -> list[Link]:
    return [Link(one, other, weight) for one, other in combinations(members, 2)]


def test_two_that_agree_are_one_and_what_people_parted_stays_apart() -> None:
    links = chain(1, 2, 3)
    assert clustered(links).clusters == ((1, 2, 3),)
    parted = clustered([Link(1, 2, 22.0), Link(2, 3, 18.0)], apart={(1, 3)})
    assert parted.clusters == ((1, 2),)
    assert [each.pair for each in parted.refused] == [(2, 3)]


def test_two_identity_cards_or_two_sexes_are_never_in_one_cluster() -> None:
    cards = {1: Facts("EE1", "f"), 3: Facts("EE2", "f"), 4: Facts(sex="m")}
    found = clustered([*chain(1, 2, weight=25.0), *chain(2, 3), *chain(3, 4)], facts=cards)
    assert found.clusters == ((1, 2),)
    assert [each.pair for each in found.refused] == [(2, 3), (3, 4)]


def test_a_decision_joins_before_any_automatic_link_however_heavy() -> None:
    links = [Link(1, 2, 1.0, decided=True), Link(2, 3, 40.0)]
    assert clustered(links, apart={(1, 3)}).clusters == ((1, 2),)


def test_one_false_bridge_does_not_make_two_families_one() -> None:
    bridge = Link(3, 4, 16.0)
    found = clustered([*family(1, 2, 3), bridge, *family(4, 5, 6)])
    assert found.clusters == ((1, 2, 3), (4, 5, 6))
    assert found.cut == (bridge,)


def test_a_chain_of_five_is_cut_where_it_is_weakest_unless_a_person_made_it() -> None:
    links = [*chain(1, 2, 3), Link(3, 4, 15.0), *chain(4, 5)]
    assert clustered(links).clusters == ((1, 2, 3), (4, 5))
    said = [each._replace(decided=True) for each in links]
    assert clustered(said).clusters == ((1, 2, 3, 4, 5),)


def test_a_dense_cluster_with_one_pair_below_the_threshold_is_cut_too() -> None:
    links = family(1, 2, 3, 4, 5)
    assert clustered(links, lower=5.0).clusters == ((1, 2, 3, 4, 5),)
    assert clustered(links, scored={(1, 5): 2.0}, lower=5.0).clusters != ((1, 2, 3, 4, 5),)


def test_more_than_twelve_are_joined_by_people_alone() -> None:
    crowd = family(*range(1, AUTOMATIC_MAX + 2))
    assert clustered(crowd).clusters == ()
    two = [crowd[0]._replace(decided=True), *crowd[1:]]
    assert clustered(two).clusters == ((1, 2),)


def test_a_cluster_is_named_after_its_oldest_whatever_joins_or_leaves_it() -> None:
    born = {1: (300, 0), 2: (100, 0), 3: (200, 0)}
    assert named_after_oldest([(1, 2)], born) == {1: 2, 2: 2}
    assert named_after_oldest([(1, 2, 3)], born) == {1: 2, 2: 2, 3: 2}
    assert named_after_oldest([(1, 3)], born) == {1: 3, 3: 3}


PAIRS = st.tuples(st.integers(1, 16), st.integers(1, 16)).filter(lambda pair: pair[0] < pair[1])
LINKS = st.dictionaries(
    PAIRS, st.tuples(st.sampled_from([8.0, 12.5, 20.0, 31.0]), st.sampled_from([False] * 4 + [True])), max_size=40
)
FACTS = st.dictionaries(
    st.integers(1, 16), st.builds(Facts, st.sampled_from(["", "A1", "B2"]), st.sampled_from(["", "f", "m"])), max_size=8
)


@given(LINKS, st.sets(PAIRS, max_size=6), FACTS, st.randoms(use_true_random=False))
def test_any_order_gives_the_same_clusters_and_each_keeps_the_rules(
    said: dict[tuple[int, int], tuple[float, bool]],
    apart: set[tuple[int, int]],
    facts: dict[int, Facts],
    luck: Random,
) -> None:
    links = [Link(*pair, *rest) for pair, rest in said.items()]
    found = clustered(links, apart, facts, lower=9.0)
    mixed = [*links, *links]
    luck.shuffle(mixed)
    assert clustered(mixed, apart, facts, lower=9.0) == found
    members = [each for cluster in found.clusters for each in cluster]
    assert len(members) == len(set(members))
    decided = {each.pair for each in links if each.decided}
    for cluster in found.clusters:
        inside = set(combinations(cluster, 2))
        assert not inside & apart
        for fact in zip(*(facts.get(each, Facts()) for each in cluster), strict=True):
            assert len({each for each in fact if each}) <= 1
        assert len(cluster) <= AUTOMATIC_MAX or inside & decided
        if len(cluster) >= DENSE_FROM:
            known = inside & said.keys()
            dense = 2 * len(known) >= len(inside) and min(said[pair][0] for pair in known) >= 9.0
            assert dense or inside & decided
    assert not any(each.decided for each in found.cut)
