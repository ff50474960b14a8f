"""Searches as values: many that are asked together."""

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import where
from chalicelib.domain.records import TargetType
from chalicelib.domain.search import Search, as_few
from chalicelib.domain.where import All, Field, Kind, Not, OnAnyList, OnLists, Present, needs

OWN = where.Test(Field(("lastName",), Kind.TEXT), Present())
NODES = st.sampled_from([OWN, Not(OWN), All(), OnLists(("1" * 17,)), OnAnyList(), All((OWN, OnAnyList()))])
SEARCHES = st.lists(st.builds(Search, st.sampled_from(TargetType), NODES))


@given(SEARCHES)
def test_somebody_is_read_once_for_all_that_their_own_item_answers(searches: list[Search]) -> None:
    """One search of each type, before all others, and those as they were; none about a type that nobody asked for."""
    few = as_few(searches)
    own = [each for each in few if not needs(each.where).lookups]
    others = [each for each in searches if needs(each.where).lookups]
    assert [*own, *others] == list(few)
    asked = {each.target_type for each in searches if not needs(each.where).lookups}
    assert sorted(each.target_type for each in own) == sorted(asked)
