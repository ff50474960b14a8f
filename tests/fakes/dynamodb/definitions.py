"""A CreateTable request to a schema."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.fakes.dynamodb.schema import MAX_HASH, MAX_RANGE, KeyAttribute, KeySchema, TableSchema


def schema_of(request: Mapping[str, Any]) -> TableSchema:
    """The schema that the request describes.

    Raises:
        ValueError: An index projects less than ALL, which the fake does not know.
    """
    kinds = {each["AttributeName"]: each["AttributeType"] for each in request["AttributeDefinitions"]}
    indexes = request.get("GlobalSecondaryIndexes", ())
    if any(index["Projection"]["ProjectionType"] != "ALL" for index in indexes):
        raise ValueError("the fake only knows indexes that project ALL")
    return TableSchema(
        request["TableName"],
        _key(request["KeySchema"], kinds),
        {index["IndexName"]: _key(index["KeySchema"], kinds) for index in indexes},
    )


def _key(schema: Sequence[Mapping[str, str]], kinds: Mapping[str, str]) -> KeySchema:
    names = {each["KeyType"]: each["AttributeName"] for each in schema}
    hash_name, range_name = names["HASH"], names.get("RANGE")
    return KeySchema(
        KeyAttribute(hash_name, kinds[hash_name], MAX_HASH),
        None if range_name is None else KeyAttribute(range_name, kinds[range_name], MAX_RANGE),
    )
