"""A stand-in of the W&B service on the loopback; the real one cannot be had without an account."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import wandb

from tracker.wandb_answers import DROP, KEY, Service

IMPATIENT = {
    "FILE_STREAM_TRANSMIT_INTERVAL": "0.1",
    "FILE_STREAM_RETRY_WAIT_MIN_SECONDS": "1",
    "FILE_STREAM_RETRY_WAIT_MAX_SECONDS": "1",
    "GRAPHQL_RETRY_WAIT_MIN_SECONDS": "1",
    "GRAPHQL_RETRY_WAIT_MAX_SECONDS": "1",
}
"""Settings of the SDK, so that tests need not wait for it."""


@contextmanager
def account(monkeypatch) -> Iterator[Service]:
    """The service, running, and an account of it."""
    with serving() as running:
        monkeypatch.setenv("WANDB_BASE_URL", running.url)
        monkeypatch.setenv("WANDB_API_KEY", KEY)
        for name, value in IMPATIENT.items():
            monkeypatch.setenv(f"WANDB__{name}", value)
        wandb.teardown()
        yield running
        with suppress(ConnectionError):  # where a test has killed it
            wandb.teardown()
        assert running.mistakes == []


@contextmanager
def serving() -> Iterator[Service]:
    """The service on a free port, until the end of the block."""
    service = Service()

    class Handler(Requests):
        known = service

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Requests(BaseHTTPRequestHandler):
    """HTTP to the service's methods."""

    protocol_version = "HTTP/1.1"
    known: Service

    def do_POST(self) -> None:
        content = self._content()
        if (trouble := self.known.trouble(self.path == "/graphql")) is not None:
            self._fail(trouble)
        elif self.path == "/graphql":
            sent = json.loads(content)
            operation = re.search(r"(?:query|mutation)\s+(\w+)", sent["query"])
            try:
                self._say({"data": self.known.answer(operation[1], sent.get("variables") or {})})
            except (KeyError, TypeError, AssertionError) as error:
                self.known.mistakes.append(f"{operation[1]}: {error!r}, {sent}")
                self._say({}, 400)  # which the SDK does not try again
        elif self.path.endswith("/file_stream"):
            self._say(self.known.stream(self.path.split("/")[-2], json.loads(content)))
        else:
            self._say({})  # the SDK tells how it is doing

    def do_PUT(self) -> None:
        content = self._content()
        self.known.upload(self.path.removeprefix("/upload/"), content)
        self._say({})

    def _content(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _fail(self, trouble: int) -> None:
        if trouble == DROP:
            self.close_connection = True
        else:
            self._say({}, trouble)

    def _say(self, answer: dict[str, Any], status: int = 200) -> None:
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def handle(self) -> None:
        """A client may go away without a word."""
        try:
            super().handle()
        except ConnectionError:
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """Not to the terminal."""
