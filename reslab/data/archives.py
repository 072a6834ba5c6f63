"""Reading the members of a data set from an unpacked folder or straight from its .tar.gz, without extracting it."""

import hashlib
import tarfile
import zlib
from collections.abc import Callable, Collection
from pathlib import Path, PurePosixPath, PureWindowsPath

from reslab.errors import DataError

ReadMember = Callable[[str], bytes]


def folder_reader(folder: Path) -> ReadMember:
    """A function from a file's name to its bytes; DataError if the file is missing or unreadable."""

    def read(name: str) -> bytes:
        try:
            return (folder / name).read_bytes()
        except FileNotFoundError as error:
            raise DataError(f"{folder}: the file {name} is missing; unpack the official archive again") from error
        except OSError as error:
            raise DataError(f"{folder / name}: cannot be read ({error.strerror})") from error

    return read


def tar_reader(archive: Path, wanted: Collection[str]) -> ReadMember:
    """A function from a member's name (without folders) to its bytes; all `wanted` members are read at once."""
    members = _read_tar(archive, wanted)

    def read(name: str) -> bytes:
        if name not in members:
            raise DataError(f"{archive}: the member {name} is missing")
        return members[name]

    return read


def digest(file: Path, algorithm: str) -> str:
    """The checksum of a file, "md5" or "sha256", in hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.new(algorithm, usedforsecurity=False)).hexdigest()


def _read_tar(archive: Path, wanted: Collection[str]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(archive, "r:gz") as tar:
            for member in tar:
                _refuse_unsafe(member, archive)
                name = PurePosixPath(member.name).name
                stream = tar.extractfile(member) if name in wanted else None
                if stream is not None:
                    found[name] = stream.read()
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise DataError(f"{archive}: damaged archive ({error})") from error
    return found


def _refuse_unsafe(member: tarfile.TarInfo, archive: Path) -> None:
    # Nothing is written, so none of these could do harm; the official archives have none, so it is not one of them.
    path = PurePosixPath(member.name)
    if path.is_absolute() or PureWindowsPath(member.name).drive or ".." in path.parts or "\\" in member.name:
        raise DataError(f"{archive}: refused, its member {member.name!r} points outside the archive")
    if not (member.isfile() or member.isdir()):
        raise DataError(f"{archive}: refused, its member {member.name!r} is a link or a device, not a file")
