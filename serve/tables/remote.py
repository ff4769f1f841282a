"""Places that fsspec knows (`s3://`, `oss://`, `hdfs://`, `memory://` …): listed, fetched whole, put whole."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import unquote, urlsplit

from xuncha.labels.errors import XunchaError

_ATOMIC = {"s3", "s3a", "oss", "gs", "gcs", "abfs", "abfss", "az", "adl", "cos", "obs", "memory"}
"""Stores in which an object appears only when it is whole; elsewhere a file is renamed when it is."""

_PACKAGES = {
    "s3": "'xuncha[s3]'", "s3a": "'xuncha[s3]'", "oss": "ossfs", "gs": "gcsfs", "gcs": "gcsfs", "abfs": "adlfs",
    "az": "adlfs", "sftp": "paramiko", "http": "aiohttp", "https": "aiohttp",
}  # fmt: skip


def is_remote(path: str) -> bool:
    """Whether `path` is a URL for fsspec.

    >>> is_remote("s3://bucket/goods.csv"), is_remote("goods.csv"), is_remote("file:///tmp/goods.csv")
    (True, False, False)
    """
    return "://" in path and not path.startswith(("file://", "local://"))


def local_path(path: str) -> str:
    """`path`, or what a `file://` URL stands for."""
    return unquote(urlsplit(path).path) if path.startswith(("file://", "local://")) else path


@contextmanager
def reaching(url: str) -> Iterator[tuple[Any, str]]:
    """The file system of `url` and the path in it. What goes wrong in the block becomes a sentence."""
    protocol = url.split("://", 1)[0].split("::")[-1]
    try:
        from fsspec.core import url_to_fs

        files, path = url_to_fs(url)
        files.invalidate_cache()
        yield files, path
    except XunchaError:
        raise
    except ImportError as error:
        package = _PACKAGES.get(protocol, "")
        how = f"pip install {package}" if package else "install the fsspec package for it"
        raise XunchaError(f"{url}: reading {protocol}:// needs another package ({error}): {how}.") from None
    except FileNotFoundError:
        raise XunchaError(f"{url}: there is no such file or folder. Check the URL.") from None
    except PermissionError as error:
        raise XunchaError(f"{url}: permission denied ({error}). Check the credentials.") from None
    except OSError as error:
        if error.errno is not None and error.filename is not None:  # this machine's own disk
            raise
        raise _failed(url, error) from error
    except Exception as error:  # every store has its own errors
        if not type(error).__module__.startswith(("botocore", "aiobotocore", "aiohttp", "fsspec", "builtins", "oss2")):
            raise
        raise _failed(url, error) from error


def _failed(url: str, error: Exception) -> XunchaError:
    reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
    return XunchaError(f"{url}: it cannot be reached ({reason}). Check the URL, the credentials and the network.")


def fetch(url: str, copy: BinaryIO) -> None:
    """Copy all bytes of the file at `url`."""
    with reaching(url) as (files, path), files.open(path, "rb") as stream:
        while block := stream.read(1 << 22):
            copy.write(block)


def put(whole: Path, url: str) -> None:
    """Let the file `whole` appear at `url`, all of it or nothing."""
    with reaching(url) as (files, path):
        protocol = url.split("://", 1)[0]
        if protocol in _ATOMIC:
            files.put_file(str(whole), path)
            return
        parent, _, name = path.rpartition("/")
        files.makedirs(parent, exist_ok=True)
        part = f"{parent}/.{name[:60]}.part-{secrets.token_hex(4)}"
        try:
            files.put_file(str(whole), part)
            if files.exists(path):
                files.rm_file(path)
            files.mv(part, path)
        finally:
            if files.exists(part):
                files.rm_file(part)


def put_bytes(data: bytes, url: str) -> None:
    """Let a small file appear at `url`."""
    with reaching(url) as (files, path):
        files.pipe_file(path, data)


def exists(url: str) -> bool:
    """Whether there is a file at `url`."""
    with reaching(url) as (files, path):
        return bool(files.isfile(path))


def remove(url: str) -> None:
    """Take away the file at `url`, if there is one."""
    with reaching(url) as (files, path):
        if files.isfile(path):
            files.rm_file(path)


def listed_files(url: str) -> list[str] | None:
    """The files that a folder or glob URL stands for, in order of their names; None if it names one file."""
    with reaching(url) as (files, path):
        if any(mark in path for mark in "*?["):
            found = [one for one in files.glob(path) if files.isfile(one)]
        elif url.endswith("/") or files.isdir(path):
            found = files.find(path)
        else:
            return None
        return sorted(str(files.unstrip_protocol(one)) for one in found)
