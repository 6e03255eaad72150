"""Programs that call the API at once: python -m benchmarks.community.callers HOST:PORT N SECONDS.

Reads requests as lines of JSON, [method, path, headers, body]; each of N keep-alive connections
takes the next one. SECONDS 0: until every request was answered once; else they go round until
then. Sockets by hand, so that the callers take little of the machine that they measure.
"""

from __future__ import annotations

import itertools
import json
import socket
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

Answer = dict[str, Any]
_ENDS = (b"\r\nContent-Length: ", b"\r\ncontent-length: ")


class Connection:
    """One kept connection; opened again when the server has ended it."""

    def __init__(self, host: str, port: int) -> None:
        self._to = (host, port)
        self._socket: socket.socket | None = None

    def ask(self, request: bytes) -> tuple[int, bytes]:
        """Status and body. A server ends idle connections: then it is asked once more."""
        if self._socket is not None:
            try:
                return self._asked(self._socket, request)
            except ConnectionError:
                self._socket.close()
        self._socket = socket.create_connection(self._to, timeout=120)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._asked(self._socket, request)

    def _asked(self, connected: socket.socket, request: bytes) -> tuple[int, bytes]:
        connected.sendall(request)
        data = b""
        while (end := data.find(b"\r\n\r\n")) < 0:
            if not (more := connected.recv(65536)):
                raise ConnectionResetError
            data += more
        head, body = data[:end], [data[end + 4 :]]
        left = _length(head) - len(body[0])
        while left > 0:
            if not (more := connected.recv(65536)):
                raise ConnectionResetError
            body.append(more)
            left -= len(more)
        if b"\r\nConnection: close" in head:
            connected.close()
            self._socket = None
        return int(head[9:12]), b"".join(body)


def _length(head: bytes) -> int:
    for name in _ENDS:
        if (at := head.find(name)) >= 0:
            return int(head[at + len(name) :].split(b"\r\n", 1)[0])
    return 0  # 304


def _bytes(host: str, method: str, path: str, headers: dict[str, str], body: object) -> bytes:
    content = b"" if body is None else json.dumps(body).encode()
    told = {"Host": host, **headers}
    if content:
        told |= {"Content-Type": "application/json", "Content-Length": str(len(content))}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {text}" for name, text in told.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def _call(
    connection: Connection, work: Iterator[tuple[int, bytes]], end: float, told: list[Answer]
) -> None:
    while time.monotonic() < end:
        number, request = next(work, (-1, b""))
        if number < 0:
            return
        began = time.perf_counter()
        status, body = connection.ask(request)
        answer: Answer = {"number": number, "status": status, "took": time.perf_counter() - began}
        if request.startswith(b"POST") and status < 300:
            answer["id"] = json.loads(body)["id"]
        told.append(answer)


class _Shared:
    """Each takes the next; an iterator of itertools is not safe to share without a lock."""

    def __init__(self, work: Iterator[tuple[int, bytes]]) -> None:
        self._work, self._lock = work, threading.Lock()

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        return self

    def __next__(self) -> tuple[int, bytes]:
        with self._lock:
            return next(self._work)


def main() -> None:
    address, count, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    host, _, port = address.partition(":")
    asked = [_bytes(address, *json.loads(line)) for line in sys.stdin]
    every = enumerate(asked) if seconds == 0 else itertools.cycle(enumerate(asked))
    work, told = _Shared(iter(every)), list[Answer]()
    began, processor = time.monotonic(), time.process_time()
    end = began + seconds if seconds else float("inf")
    threads = [
        threading.Thread(target=_call, args=(Connection(host, int(port)), work, end, told))
        for _ in range(count)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spent = {"seconds": time.monotonic() - began, "cpu": time.process_time() - processor}
    print(json.dumps({**spent, "answers": told}))


if __name__ == "__main__":
    main()
