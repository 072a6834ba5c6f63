"""Downloading one file: resumable, checked, and under its own name only when it is whole and right."""

import http.client
import os
import urllib.error
import urllib.request
from pathlib import Path

from reslab.data.archives import digest
from reslab.errors import DataError
from reslab.locks import alone
from reslab.progress import Progress, Say, silent, unseen

CHUNK = 1 << 18  # bytes between two calls of progress
TIMEOUT = 30  # seconds without a byte
ATTEMPTS = 4  # a connection that broke off is taken up again where it broke, as long as that helps


ELSEWHERE = "name another source with --data-url or the folder that has it with --data-root"


def fetch(
    url: str, file: Path, checksum: str, say: Say = silent, progress: Progress = unseen, by_hand: str = ELSEWHERE
) -> Path:
    """Download `url` to `file` unless it is there; `checksum` is "md5:..." or "sha256:...", or the beginning of one.

    What is there of an earlier attempt (`<name>.part`) is kept and continued. DataError says how to go on by hand:
    by putting the file there, or as `by_hand` says.
    """
    way_out = f"put {file.name} into {file.parent} by hand, or {by_hand}"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with alone(file.with_name(f".{file.name}.lock"), f"fetching {file.name}", say):
            if not file.exists() or mismatch(file, checksum):
                _download(url, file, checksum, way_out, say, progress)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise DataError(f"could not fetch {url} ({_reason(error)}); {way_out}") from error
    return file


def mismatch(file: Path, checksum: str) -> str:
    """What is wrong with the file's checksum, as "sha256 is X, not Y"; empty if it is right."""
    algorithm, _, expected = checksum.partition(":")
    found = digest(file, algorithm)
    return "" if expected and found.startswith(expected) else f"{algorithm} is {found}, not {expected}"


def _download(url: str, file: Path, checksum: str, way_out: str, say: Say, progress: Progress) -> None:
    part = file.with_name(file.name + ".part")
    resumed = part.exists() and part.stat().st_size > 0
    say(f"{'continuing' if resumed else 'fetching'} {file.name} from {url}")
    _fill(url, part, progress)
    wrong = mismatch(part, checksum)
    if wrong and resumed:  # the beginning may have been another version's
        say(f"what was there of {file.name} does not fit; fetching it from its beginning")
        part.unlink()
        _fill(url, part, progress)
        wrong = mismatch(part, checksum)
    if wrong:
        part.unlink()
        raise DataError(f"{url}: wrong checksum, its {wrong}; nothing was kept; {way_out}")
    os.replace(part, file)  # noqa: PTH105 - atomic, also over a wrong file of that name


def _fill(url: str, part: Path, progress: Progress) -> None:
    """Complete `part`, taking a broken connection up again as long as it brings something."""
    for attempt in range(1, ATTEMPTS + 1):
        before = _size(part)
        try:
            _receive(url, part, progress)
            return
        except urllib.error.HTTPError as error:
            error.close()
            if error.code != http.client.REQUESTED_RANGE_NOT_SATISFIABLE or not before:
                raise
            part.unlink()  # it is longer than the file: start over
        except (OSError, http.client.HTTPException):
            if attempt == ATTEMPTS or _size(part) <= before:
                raise


def _receive(url: str, part: Path, progress: Progress) -> None:
    """One request, from where `part` ends. ConnectionError if the server breaks off."""
    start = _size(part)
    request = urllib.request.Request(url, headers={"Range": f"bytes={start}-"} if start else {})
    with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
        if not _continues(response, start):
            start = 0
        left = response.headers.get("Content-Length")
        total = start + int(left) if left else 0
        done = start
        with part.open("r+b" if start else "wb") as out:
            out.seek(start)
            while chunk := response.read(CHUNK):
                out.write(chunk)
                done += len(chunk)
                progress(done, total)
    if done < total:
        raise ConnectionError(f"the connection broke off after {done:,} of {total:,} bytes")


def _continues(response: http.client.HTTPResponse, start: int) -> bool:
    """Does the answer begin at byte `start`? A server that knows no ranges sends everything."""
    span = response.headers.get("Content-Range", "")
    return start > 0 and response.status == http.client.PARTIAL_CONTENT and span.startswith(f"bytes {start}-")


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _reason(error: Exception) -> str:
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
    return f"HTTP {error.code} {reason}" if isinstance(error, urllib.error.HTTPError) else str(reason)
