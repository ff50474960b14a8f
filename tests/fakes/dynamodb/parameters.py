"""The parameters that the fake knows: another one is a mistake of the caller, or a gap here, and never passed over."""

from collections.abc import Mapping
from typing import Any

from botocore import xform_name

_PLACEHOLDERS = {"ExpressionAttributeNames", "ExpressionAttributeValues"}
_CONDITIONAL = _PLACEHOLDERS | {
    "TableName",
    "ConditionExpression",
    "ReturnValues",
    "ReturnValuesOnConditionCheckFailure",
}
_KNOWN: Mapping[str, set[str]] = {
    "CreateTable": {
        "TableName",
        "KeySchema",
        "AttributeDefinitions",
        "GlobalSecondaryIndexes",
        "BillingMode",
        "Tags",
    },
    "DeleteTable": {"TableName"},
    "DescribeTable": {"TableName"},
    "ListTables": set(),
    "UpdateTimeToLive": {"TableName", "TimeToLiveSpecification"},
    "GetItem": {"TableName", "Key", "ConsistentRead", "ProjectionExpression", "ExpressionAttributeNames"},
    "BatchGetItem": {"RequestItems"},
    "Query": _PLACEHOLDERS
    | {
        "TableName",
        "IndexName",
        "KeyConditionExpression",
        "FilterExpression",
        "ProjectionExpression",
        "Select",
        "Limit",
        "ScanIndexForward",
        "ConsistentRead",
        "ExclusiveStartKey",
    },
    "PutItem": _CONDITIONAL | {"Item"},
    "UpdateItem": _CONDITIONAL | {"Key", "UpdateExpression"},
    "DeleteItem": _CONDITIONAL | {"Key"},
    "BatchWriteItem": {"RequestItems"},
    "TransactWriteItems": {"TransactItems", "ClientRequestToken"},
}

OPERATIONS = frozenset(xform_name(operation) for operation in _KNOWN)
"""The client's methods that are requests."""


def check_parameters(operation: str, request: Mapping[str, Any]) -> None:
    """Stop a request that says more than the fake understands.

    Raises:
        TypeError: A parameter is unknown.
    """
    unknown = request.keys() - _KNOWN[operation]
    if unknown:
        raise TypeError(f"the fake's {operation} does not know {', '.join(sorted(unknown))}")
