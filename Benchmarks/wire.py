"""A TCP forwarder on loopback that counts what passes: bytes both ways, requests, and the statuses of answers."""

import re
import socket
import threading
from dataclasses import dataclass, field


@dataclass
class Count:
    sent: int = 0
    received: int = 0
    requests: list[str] = field(default_factory=list)
    statuses: list[str] = field(default_factory=list)

    @property
    def bytes(self) -> int:
        return self.sent + self.received


class Wire:
    """Listens on `port` until it is closed and forwards each connection to a server on this machine."""

    def __init__(self, server_port: int) -> None:
        self.count = Count()
        self._server_port = server_port
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._server_port))
            for source, sink, take in ((client, server, self._take_request), (server, client, self._take_answer)):
                threading.Thread(target=self._forward, args=(source, sink, take), daemon=True).start()

    def _forward(self, source: socket.socket, sink: socket.socket, take) -> None:
        try:
            while piece := source.recv(1 << 16):
                with self._lock:
                    take(piece)
                sink.sendall(piece)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def _take_request(self, piece: bytes) -> None:
        self.count.sent += len(piece)
        self.count.requests += [match.decode() for match in re.findall(rb"(?m)^GET (\S+) HTTP/1", piece)]

    def _take_answer(self, piece: bytes) -> None:
        # An answer to a client that does not pipeline begins a piece.
        self.count.received += len(piece)
        self.count.statuses += [match.decode() for match in re.findall(rb"\AHTTP/1\.1 (\d{3})", piece)]
