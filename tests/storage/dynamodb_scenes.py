"""Scenes: a few requests on one's own partition, and what AWS answers; where a store differs, the scene says why."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.storage.dynamodb_backends import Backend, Refusal

Item = dict[str, Any]
Play = Callable[["Place"], Any]


@dataclass(frozen=True)
class Place:
    """A store, and a partition of it that nobody has used."""

    store: Backend
    partition: str

    def key(self, sort: str = "a") -> Item:
        """A key in the partition."""
        return {"PK": {"S": self.partition}, "SK": {"S": sort}}

    def item(self, sort: str = "a", **attributes: Any) -> Item:
        """An item of the partition."""
        return {**self.key(sort), **attributes}

    def has(self, *sorts: str, **attributes: Any) -> "Place":
        """Store such items; answers the place itself."""
        for sort in sorts:
            self.store.put(self.item(sort, **attributes))
        return self

    def query(self, condition: str = "", *, answer: str = "sorts", **request: Any) -> Any:
        """Query the partition; a second condition uses the values given by name."""
        values = {":p": {"S": self.partition}}
        values |= {f":{name}": {"S": request.pop(name)} for name in ("s", "t") if name in request}
        values |= request.pop("values", {})
        request.setdefault("KeyConditionExpression", f"PK = :p{condition}")
        found = self.store.ask("query", ExpressionAttributeValues=values, **request)
        if isinstance(found, Refusal) or answer == "all":
            return found
        return [item["SK"]["S"] for item in found["Items"]], found.get("LastEvaluatedKey", {}).get(
            "SK", {}
        ).get("S")

    def transact(self, *operations: Mapping[str, Any], **request: Any) -> Any:
        """TransactWriteItems."""
        return self.store.transact(*operations, **request)

    @property
    def sorts(self) -> list[str]:
        """The sort keys of all items in the partition."""
        found: list[str] = self.query()[0]
        return found


@dataclass(frozen=True)
class Scene:
    """``differs`` tells, by store, why that one's outcome is another."""

    play: Play
    expected: Any
    differs: Mapping[str, str]

    @property
    def name(self) -> str:
        """The function's."""
        return self.play.__name__


class Scenes(list[Scene]):
    """Collects the scenes of a module."""

    def scene(self, expected: Any, **differs: str) -> Callable[[Play], Play]:
        """Mark a function as a scene, with what AWS lets come out of it."""

        def collect(play: Play) -> Play:
            self.append(Scene(play, expected, differs))
            return play

        return collect
