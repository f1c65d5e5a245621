"""A server that speaks as S3 does, in a process of its own, and one that only ever says no."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

import pytest
from tests.server.installation import free_port, until

KEYS = {"AWS_ACCESS_KEY_ID": "test-key", "AWS_SECRET_ACCESS_KEY": "test-secret", "AWS_REGION": "us-east-1"}


class BucketServer:
    """Moto's server."""

    def __init__(self) -> None:
        pytest.importorskip("moto.server", reason="moto is not installed")
        self.url = f"http://127.0.0.1:{free_port()}"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", self.url.rpartition(":")[2]],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        until(self._answers, 60)

    def _answers(self) -> bool:
        assert self._process.poll() is None
        with contextlib.suppress(Exception):
            self.client().list_buckets()
            return True
        return False

    def client(self) -> Any:
        import boto3

        return boto3.client(
            "s3", endpoint_url=self.url, aws_access_key_id="test-key", aws_secret_access_key="test-secret",
            region_name="us-east-1",
        )  # fmt: skip

    def bucket(self) -> str:
        """Make an empty bucket and return its name."""
        name = f"lab-{uuid.uuid4().hex[:12]}"
        self.client().create_bucket(Bucket=name)
        return name

    def variables(self) -> dict[str, str]:
        """Return the settings of an installation whose artefacts are in a bucket of their own."""
        place = f"s3://{self.bucket()}/labs/one"
        return {"TRADINGLAB_ARTEFACTS": place, "AWS_ENDPOINT_URL_S3": self.url, **KEYS}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait(20)


@contextlib.contextmanager
def refusing(status: int, code: str, *, broken_off: bool = False) -> Iterator[str]:
    """Answer every request with an error, or break every answer off; yield the address."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            text = f"<Error><Code>{code}</Code><Message>because</Message></Error>".encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text) + (1000 if broken_off else 0)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(text)
            self.close_connection = True

        do_GET = do_PUT = do_HEAD = do_DELETE = _answer

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
