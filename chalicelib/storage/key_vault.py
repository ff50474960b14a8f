"""The secret of the keys, for whoever changes it (``key_ring.py`` says what it looks like).

A key that is added bears its time in ``addedAt``: ``{"signing": {"2": "<base64>"}, "addedAt": {"2": "2026-03-02T09:00:00Z"}}``.
"""

import base64
import json
from datetime import datetime
from typing import Any

from chalicelib.domain.clock import parse_rfc3339, rfc3339
from chalicelib.domain.ports_admin import StoredKeys
from chalicelib.storage.key_ring import key_ring


class StoredKeyVault:
    """Fulfils :class:`chalicelib.domain.ports_admin.KeyVault` with Secrets Manager."""

    def __init__(self, client: Any, secret_id: str) -> None:
        self._client = client
        self._secret_id = secret_id

    def read(self) -> StoredKeys:
        """The keys as stored."""
        secret = self._secret()
        times = {int(number): parse_rfc3339(at) for number, at in secret.get("addedAt", {}).items()}
        return StoredKeys(key_ring(json.dumps(secret)), times)

    def add(self, number: int, key: bytes, at: datetime) -> None:
        """Store one more key beside the others."""
        secret = self._secret()
        signing = {**secret.get("signing", {}), str(number): base64.b64encode(key).decode("ascii")}
        times = {**secret.get("addedAt", {}), str(number): rfc3339(at)}
        self._store({**secret, "signing": signing, "addedAt": times})

    def sign_with(self, number: int) -> None:
        """Let this key sign."""
        self._store({**self._secret(), "signsWith": number})

    def _secret(self) -> dict[str, Any]:
        stored: dict[str, Any] = json.loads(
            self._client.get_secret_value(SecretId=self._secret_id)["SecretString"]
        )
        return stored

    def _store(self, secret: dict[str, Any]) -> None:
        text = json.dumps(secret)
        key_ring(text)  # what could not be read again would stop every function: better stop here
        self._client.put_secret_value(SecretId=self._secret_id, SecretString=text)
