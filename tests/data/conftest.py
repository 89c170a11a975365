import functools
import http.server
import threading

import pytest


@pytest.fixture
def site(monkeypatch, tmp_path):
    """A folder and the address at which a server on this machine offers what lies in it."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.setattr(http.server.SimpleHTTPRequestHandler, "log_message", lambda *_: None)
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder)
    # A client that hangs up early, as a probe may, is told by a traceback, which is none of what the client prints.
    monkeypatch.setattr(http.server.ThreadingHTTPServer, "handle_error", lambda *_: None)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield folder, f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def _digits(digits_are_read_once):
    pass
