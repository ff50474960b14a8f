"""DynamoDB in memory, faithful enough for proofs: held against DynamoDB Local by the contract suite.

Layers, each importing only those before it::

    errors ← numbers ← values ← lexer, paths ← syntax ← operands ← conditions, updates, projections
    ← schema ← key_conditions ← keyspace ← store ← request ← reads, writes ← transactions ← client
"""

from tests.fakes.dynamodb.client import FakeDynamoDB, Snapshot
from tests.fakes.dynamodb.touched import IndexWrite, Read, Touched, Write

__all__ = ["FakeDynamoDB", "IndexWrite", "Read", "Snapshot", "Touched", "Write"]
