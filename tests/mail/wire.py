"""A server of bytes, to show what the sender makes of a network that misbehaves."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

Behaviour = Callable[[socket.socket, bytes], None]
"""What happens on a connection after the request was read whole."""


@dataclass
class Wire:
    """What came in: how many connections, and the requests."""

    port: int
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"


def answer(status: str, body: bytes, headers: str = "", *, close: bool = False) -> Behaviour:
    """Answer with these bytes."""

    def behave(connection: socket.socket, _: bytes) -> None:
        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
        connection.sendall(head.encode() + body)
        if close:
            connection.close()

    return behave


def close(connection: socket.socket, _: bytes) -> None:
    """Hang up without an answer."""
    connection.close()


def silence(connection: socket.socket, _: bytes) -> None:
    """Never answer."""
    connection.settimeout(10)
    connection.recv(1)  # until the client gives up


@contextmanager
def serve(
    behave: Behaviour, *, hang_up_at_once: bool = False, tls: ssl.SSLContext | None = None
) -> Iterator[Wire]:
    """Serve on a free port until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        wire = Wire(server.getsockname()[1])

        def accept() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                wire.connections += 1
                if hang_up_at_once:
                    connection.close()
                    continue
                threading.Thread(target=talk, args=(connection,), daemon=True).start()

        def talk(connection: socket.socket) -> None:
            with connection:
                try:
                    if tls:
                        connection = tls.wrap_socket(connection, server_side=True)
                    while request := _read_request(connection):
                        wire.requests.append(request)
                        behave(connection, request)
                except OSError:
                    return

        threading.Thread(target=accept, daemon=True).start()
        yield wire
        server.shutdown(socket.SHUT_RDWR)


def _read_request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65536)
        if not part:
            return b""
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
    )
    while len(body) < length:
        body += connection.recv(65536)
    return body
