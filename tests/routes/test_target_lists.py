"""Target lists over HTTP: the records (row 89)."""

import pytest

from tests.routes.resources import Api, faulty
from tests.world import World


@pytest.fixture
def api(world: World) -> Api:
    return Api(world)


def test_a_list_has_just_these_fields(api: Api) -> None:
    """Empty at first; readers never see it until it has a public name."""
    made = api.target_list(description="of the paper")
    assert api.get(f"/v1/target-lists/{made['id']}") == made
    assert {name: made[name] for name in set(made) - {"id", "createdAt", "modifiedAt"}} == {
        "name": "Readers",
        "description": "of the paper",
        "publicName": None,
        "reportIds": [],
        "syncEnabled": False,
        "syncUnlink": False,
        "lastSync": None,
        "entryCount": 0,
        "optedOutCount": 0,
        "etag": "1",
    }


def test_what_is_wrong_is_named(api: Api) -> None:
    """Counts are not written, names do not break lines."""
    body = {"name": "a\nb", "publicName": "", "entryCount": 3}
    assert sorted(faulty(api.post("/v1/target-lists", body, 400))) == ["entryCount", "name", "publicName"]


def test_edits_lists_and_deletes(api: Api) -> None:
    """Newest first; gone is gone."""
    first, second = api.target_list(), api.target_list(name="Others")
    path = f"/v1/target-lists/{first['id']}"
    assert api.patch(path, {"publicName": "News"})["publicName"] == "News"
    assert api.patch(path, {"publicName": None})["etag"] == "3"
    assert [each["id"] for each in api.get("/v1/target-lists")["list"]] == [second["id"], first["id"]]
    api.delete(path)
    api.get(path, 404)
    assert [each["id"] for each in api.get("/v1/target-lists?limit=1")["list"]] == [second["id"]]
