import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from reslab.data.fetch import fetch
from reslab.errors import DataError

CONTENT = np.random.default_rng(0).bytes(700_000)
CHECKSUM = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"


class Handler(BaseHTTPRequestHandler):
    """Serves CONTENT; the first part of the path says how well."""

    def do_GET(self):
        self.server.requests.append(self.headers.get("Range"))
        manner = self.path.split("/")[1]
        if manner == "missing":
            self.send_error(404)
            return
        start = self._start(manner)
        if start > len(CONTENT):
            self.send_error(416)
            return
        body = CONTENT[start:]
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: {"breaks": 300_000, "dies": 0}.get(manner, len(body))])

    def _start(self, manner):
        span = self.headers.get("Range")
        return int(span.removeprefix("bytes=").removesuffix("-")) if span and manner != "rangeless" else 0

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        httpd.requests = []
        httpd.url = f"http://127.0.0.1:{httpd.server_port}"
        thread = threading.Thread(target=httpd.serve_forever, args=(0.02,))
        thread.start()
        yield httpd
        httpd.shutdown()
        thread.join()


def names(folder):
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def test_a_file_is_fetched_with_progress_and_checked(server, tmp_path):
    seen, said = [], []
    file = tmp_path / "new" / "a.bin"
    fetch(f"{server.url}/good/a.bin", file, CHECKSUM, said.append, lambda *at: seen.append(at))
    assert file.read_bytes() == CONTENT
    assert names(file.parent) == ["a.bin"]
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert seen == sorted(seen)
    assert said == [f"fetching a.bin from {server.url}/good/a.bin"]


def test_what_is_there_is_not_fetched_again(server, tmp_path):
    (tmp_path / "a.bin").write_bytes(CONTENT)
    fetch(f"{server.url}/good/a.bin", tmp_path / "a.bin", CHECKSUM)
    assert server.requests == []


def test_md5_is_known_too(server, tmp_path):
    fetch(f"{server.url}/good/a.bin", tmp_path / "a.bin", f"md5:{hashlib.md5(CONTENT).hexdigest()}")
    assert names(tmp_path) == ["a.bin"]


def test_an_earlier_attempt_is_continued(server, tmp_path):
    (tmp_path / "a.bin.part").write_bytes(CONTENT[:123_456])
    seen = []
    fetch(f"{server.url}/good/a.bin", tmp_path / "a.bin", CHECKSUM, progress=lambda *at: seen.append(at))
    assert server.requests == ["bytes=123456-"]
    assert (tmp_path / "a.bin").read_bytes() == CONTENT
    assert seen[0][0] > 123_456 and seen[-1] == (len(CONTENT), len(CONTENT))
    assert names(tmp_path) == ["a.bin"]


@pytest.mark.parametrize("part", [CONTENT[:123_456], b"something else", CONTENT + b"more", CONTENT])
@pytest.mark.parametrize("manner", ["good", "rangeless"])
def test_whatever_an_earlier_attempt_left_the_result_is_right(server, tmp_path, part, manner):
    (tmp_path / "a.bin.part").write_bytes(part)
    fetch(f"{server.url}/{manner}/a.bin", tmp_path / "a.bin", CHECKSUM)
    assert (tmp_path / "a.bin").read_bytes() == CONTENT
    assert names(tmp_path) == ["a.bin"]


def test_a_broken_connection_is_taken_up_where_it_broke(server, tmp_path):
    fetch(f"{server.url}/breaks/a.bin", tmp_path / "a.bin", CHECKSUM)
    assert server.requests == [None, "bytes=300000-", "bytes=600000-"]
    assert (tmp_path / "a.bin").read_bytes() == CONTENT


def test_a_server_that_sends_nothing_is_given_up_and_what_came_is_kept(server, tmp_path):
    (tmp_path / "a.bin.part").write_bytes(CONTENT[:1000])
    with pytest.raises(DataError, match="broke off after 1,000 of 700,000 bytes"):
        fetch(f"{server.url}/dies/a.bin", tmp_path / "a.bin", CHECKSUM)
    assert (tmp_path / "a.bin.part").read_bytes() == CONTENT[:1000]
    assert names(tmp_path) == ["a.bin.part"]


def test_a_wrong_file_is_not_kept(server, tmp_path):
    expected = "0" * 64
    with pytest.raises(DataError) as caught:
        fetch(f"{server.url}/good/a.bin", tmp_path / "a.bin", f"sha256:{expected}")
    assert expected in str(caught.value)
    assert CHECKSUM.removeprefix("sha256:") in str(caught.value)
    assert names(tmp_path) == []


def test_a_wrong_file_under_the_final_name_is_replaced(server, tmp_path):
    (tmp_path / "a.bin").write_bytes(b"torn")
    fetch(f"{server.url}/good/a.bin", tmp_path / "a.bin", CHECKSUM)
    assert (tmp_path / "a.bin").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("url", "reason"),
    [("{}/missing/a.bin", "HTTP 404"), ("http://127.0.0.1:1/a.bin", "refused"), ("nonsense", "unknown url type")],
)
def test_failure_says_what_to_do_by_hand(server, tmp_path, url, reason):
    with pytest.raises(DataError) as caught:
        fetch(url.format(server.url), tmp_path / "a.bin", CHECKSUM)
    message = str(caught.value)
    assert reason in message
    assert "\n" not in message
    for way_out in (f"put a.bin into {tmp_path} by hand", "--data-url", "--data-root"):
        assert way_out in message
    assert names(tmp_path) in ([], ["a.bin.part"])


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DataError, match="could not fetch"):
        fetch("http://127.0.0.1:1/a.bin", tmp_path / "file" / "a.bin", CHECKSUM)


def test_two_at_once_fetch_once(server, tmp_path):
    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(fetch, f"{server.url}/good/a.bin", tmp_path / "a.bin", CHECKSUM) for _ in range(2)]
        assert all(job.result().read_bytes() == CONTENT for job in jobs)
    assert len(server.requests) == 1
