"""A private PostgreSQL cluster in a temporary folder, reached through a socket alone."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

_USER = "postgres"
_PLACES = Path("/usr/lib/postgresql")


def find_program(name: str) -> str:
    """The newest one: Debian keeps them out of the way."""
    found = sorted(_PLACES.glob(f"*/bin/{name}"))
    return str(found[-1]) if found else shutil.which(name) or name


class Cluster:
    """A running server; every database in it is new."""

    def __init__(self, socket: Path) -> None:
        self._socket, self._count = socket, 0

    def make_database(self) -> str:
        """The address of an empty database."""
        self._count += 1
        name = f"test{self._count}"
        command = [find_program("createdb"), "-h", str(self._socket), "-U", _USER, name]
        subprocess.run(command, check=True, timeout=60)
        return f"postgresql://{_USER}@/{name}?host={quote(str(self._socket), safe='')}"


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    """Made, started, and removed again; root lets the user of the package run it."""
    folder = Path(tempfile.mkdtemp(prefix="nianbao-pg-"))
    as_user: list[str] = []
    if os.getuid() == 0:
        owner = pwd.getpwnam(_USER)
        os.chown(folder, owner.pw_uid, owner.pw_gid)
        as_user = ["setpriv", f"--reuid={_USER}", f"--regid={_USER}", "--clear-groups"]
    data = folder / "data"
    make = [find_program("initdb"), "-D", str(data), "-U", _USER, "-A", "trust", "--no-sync"]
    subprocess.run([*as_user, *make], check=True, capture_output=True, timeout=120, cwd=folder)
    server = [find_program("postgres"), "-D", str(data), "-k", str(folder)]
    options = ["-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=200"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*as_user, *server, *options], stderr=log, cwd=folder)
    try:
        _wait(folder)
        yield Cluster(folder)
    finally:
        process.terminate()
        process.wait(60)
        shutil.rmtree(folder, ignore_errors=True)


def _wait(socket: Path) -> None:
    command = [find_program("pg_isready"), "-h", str(socket), "-q"]
    for _ in range(300):
        if subprocess.run(command, check=False).returncode == 0:
            return
        time.sleep(0.1)
    raise TimeoutError((socket / "log").read_text(encoding="utf-8", errors="replace"))
