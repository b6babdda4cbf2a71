"""A network between a client and an HTTP server that loses, delays and cuts what its seed says."""

import socket
import struct
import threading
from collections import Counter

ERROR = b"<Error><Code>%s</Code><Message>made by the test</Message></Error>"
# What can become of a request. The first three have no effect on the server; the others have.
FAULTS = ["reset", "slow_down", "error", "lost", "lost_error", "truncated", "slow"]


def accept_all(listener, serve):
    """Gives each connection to `serve`, on a thread of its own, until the listener is closed."""
    def accept():
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(client,), daemon=True).start()
    threading.Thread(target=accept, daemon=True).start()


class FaultyNetwork:
    """Passes requests on to `server`; of a thousand, `per_mille` meet one of `FAULTS`."""

    def __init__(self, server, per_mille, draws, faults=FAULTS):
        host, port = server.removeprefix("http://").split(":")
        self.server, self.per_mille, self.draws, self.faults = (host, int(port)), per_mille, draws, list(faults)
        self.seen, self.lock = Counter(), threading.Lock()
        self.ordered = []

    def start(self):
        """The address to use instead of the server's."""
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        accept_all(self.listener, self.serve)
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def fail_next(self, *faults):
        """The next writes of objects fail so, in this order."""
        with self.lock:
            self.ordered += faults

    def choose(self, request):
        with self.lock:
            if self.ordered and request.startswith(b"PUT "):
                fault = self.ordered.pop(0)
            elif self.draws.randrange(1000) < self.per_mille:
                fault = self.draws.choice(self.faults)
            else:
                fault = "none"
            self.seen[fault] += 1
            return fault

    def serve(self, client):
        server = None
        try:
            while True:
                request = read_message(client)
                if not request:
                    return
                fault = self.choose(request)
                if fault == "reset":
                    return reset(client)
                if fault in ("slow_down", "error"):
                    client.sendall(refusal(503, b"SlowDown") if fault == "slow_down" else refusal(500, b"InternalError"))
                    continue
                server = server or socket.create_connection(self.server)
                server.sendall(request)
                answer = read_message(server, is_answer=True, to_head=request.startswith(b"HEAD "))
                if not answer:
                    return reset(client)
                if fault == "lost":
                    return reset(client)
                if fault == "lost_error":
                    client.sendall(refusal(500, b"InternalError"))
                elif fault == "truncated":
                    client.sendall(answer[:len(answer) - 1 - len(answer) // 3])
                    return
                elif fault == "slow":
                    half = len(answer) // 2
                    client.sendall(answer[:half])
                    threading.Event().wait(0.05)
                    client.sendall(answer[half:])
                else:
                    client.sendall(answer)
                if b"connection: close" in answer.split(b"\r\n\r\n")[0].lower():
                    server.close()
                    server = None
        except OSError:
            return
        finally:
            client.close()
            if server:
                server.close()


def refusal(status, code):
    body = ERROR % code
    return b"HTTP/1.1 %d Error\r\nContent-Type: application/xml\r\nContent-Length: %d\r\n\r\n" % (status, len(body)) + body


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def read_message(connection, is_answer=False, to_head=False):
    """One whole message; nothing at the end of the connection."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return b""
        data += piece
    head, rest = data.split(b"\r\n\r\n", 1)
    if not is_answer and b"\r\nexpect: 100-continue" in head.lower():
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        head = b"\r\n".join(line for line in head.split(b"\r\n") if not line.lower().startswith(b"expect:"))
    fields = dict(line.lower().split(b":", 1) for line in head.split(b"\r\n")[1:])
    length = int(fields.get(b"content-length", b"0"))
    pieces = [head, b"\r\n\r\n", rest]
    if to_head or (is_answer and head.split(b" ")[1] in (b"204", b"304")):
        return b"".join(pieces)
    if fields.get(b"transfer-encoding", b"").strip() == b"chunked":
        while not rest.endswith(b"0\r\n\r\n"):
            piece = connection.recv(65536)
            if not piece:
                return b""
            pieces.append(piece)
            rest = (rest + piece)[-16:]
        return b"".join(pieces)
    if is_answer and b"content-length" not in fields:
        while piece := connection.recv(65536):
            pieces.append(piece)
        return b"".join(pieces)
    missing = length - len(rest)
    while missing > 0:
        piece = connection.recv(min(1 << 20, missing))
        if not piece:
            return b""
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)
