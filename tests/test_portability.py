"""Coordinators sit at Windows: nothing in the core may need what only POSIX has.

What a Windows Python lacks is taken away in a fresh interpreter before anything is imported.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import xlsx_tools

ROOT = Path(__file__).parent.parent
PACKAGE = Path(xlsx_tools.__file__).parent

_WINDOWS = """
# These have their own ways on Windows, and are there.
import multiprocessing.connection, multiprocessing.context, subprocess, tempfile
import errno, os, signal, stat, sys

for name in (
    "fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "readline",
    "syslog", "crypt", "nis", "spwd",
):
    sys.modules[name] = None  # an import of it fails
for name in (
    "O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_DIRECTORY", "O_SYNC", "O_DSYNC", "O_NOATIME",
    "O_PATH", "O_TMPFILE", "fork", "forkpty", "register_at_fork", "geteuid", "getuid", "getgid",
    "getegid", "getpgid", "setsid", "chown", "fchown", "lchown", "fchmod", "fdatasync", "mkfifo",
    "sched_getaffinity", "sched_setaffinity", "nice", "statvfs", "fstatvfs", "sync",
    "pread", "pwrite", "posix_fadvise", "posix_fallocate", "getloadavg", "wait3", "wait4",
    "killpg", "lockf", "sendfile", "sysconf", "WNOHANG",
):
    if hasattr(os, name):
        delattr(os, name)
for name in ("SIGALRM", "SIGHUP", "SIGKILL", "SIGUSR1", "SIGUSR2", "SIGCHLD", "alarm",
             "setitimer", "pthread_sigmask"):
    if hasattr(signal, name):
        delattr(signal, name)

real_open, real_fsync = os.open, os.fsync


def open_(path, flags, *rest, **named):
    if os.path.isdir(path):
        raise PermissionError(errno.EACCES, "a folder cannot be opened", path)
    return real_open(path, flags, *rest, **named)


def fsync(descriptor):
    if stat.S_ISDIR(os.fstat(descriptor).st_mode):
        raise OSError(errno.EBADF, "a folder cannot be synced")
    return real_fsync(descriptor)


os.open, os.fsync = open_, fsync
os.supports_dir_fd.clear()
os.supports_follow_symlinks.clear()
"""

_CORE = """
import pathlib
import os
assert not hasattr(os, "fork") and not hasattr(os, "O_NOFOLLOW")
from dataclasses import replace
from xlsx_tools import (
    build_template, check_filing, dumps_filing, fill_workbook, load_form, merge_filings,
    parse_filing, read_workbook,
)
from xlsx_tools.errors import UnusableFileError
from xlsx_tools.filing import Organisation
from xlsx_tools.forms import form_ids
from xlsx_tools.output import write_whole

for form in map(load_form, form_ids()):
    path = pathlib.Path(f"{form.id} 某局.xlsx")
    data = build_template(form, year=form.first_year, organisation=Organisation("某局"))
    write_whole(path, data)
    write_whole(path, data)
    blank = read_workbook(path)
    assert check_filing(blank).status == "not_filled"
    fill_workbook(blank, path)
    assert parse_filing(dumps_filing(read_workbook(path)), strict=True) == blank
    other = replace(blank, organisation=Organisation("某办"))
    merged = merge_filings([blank, other], Organisation("某县"))
    fill_workbook(merged, path)
    assert sorted(read_workbook(path).includes) == ["某办", "某局"]
for wrong in ("没有.xlsx", "."):
    try:
        read_workbook(pathlib.Path(wrong))
    except UnusableFileError as error:
        print(error.reason)
"""

_ENCODING = "'error', category=EncodingWarning, module='xlsx_tools'"


def _modules() -> list[str]:
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        found.append(".".join(part for part in parts if part != "__init__"))
    return found


@pytest.fixture(scope="module")
def windows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that, on the path of a Python, takes away what Windows lacks."""
    folder = tmp_path_factory.mktemp("windows")
    (folder / "sitecustomize.py").write_text(_WINDOWS, encoding="utf-8")
    return folder


def _run(windows: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(windows), str(ROOT)])
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=120,
    )


def test_every_module_is_imported_without_posix(windows: Path, tmp_path: Path) -> None:
    modules = [name for name in _modules() if not name.endswith("__main__")]
    assert len(modules) > 40

    done = _run(windows, "-c", "\n".join(f"import {name}" for name in modules), cwd=tmp_path)

    assert done.returncode == 0, done.stderr


def test_the_whole_round_runs_without_posix(windows: Path, tmp_path: Path) -> None:
    done = _run(windows, "-c", _CORE, cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["fs.missing", "fs.not_regular"]
    assert not list(tmp_path.glob("~nianbao-*"))


def test_the_commands_run_without_posix(windows: Path, tmp_path: Path) -> None:
    nianbao = ("-m", "xlsx_tools")
    make = ("template", "--year", "2023", "--organisation", "某局", "-o", "某局.xlsx")
    runs = {
        command: _run(windows, *nianbao, *command, cwd=tmp_path).returncode
        for command in (
            ("--help",),
            make,
            ("read", "某局.xlsx", "-o", "某局.json"),
            ("fill", "某局.json", "-o", "再填.xlsx"),
            ("check", "再填.xlsx"),
            ("rules",),
            ("schema",),
        )
    }

    assert runs == {command: 1 if command[0] == "check" else 0 for command in runs}


def test_text_files_never_depend_on_the_language_of_the_system(
    windows: Path, tmp_path: Path
) -> None:
    """Chinese Windows reads and writes GBK where no encoding is named."""
    script = f"import warnings\nwarnings.filterwarnings({_ENCODING})\n{_CORE}"

    done = _run(windows, "-X", "warn_default_encoding", "-c", script, cwd=tmp_path)

    assert done.returncode == 0, done.stderr


def test_no_module_names_what_only_posix_has_without_asking() -> None:
    """`os.O_NOFOLLOW` is fine as ``getattr(os, "O_NOFOLLOW", 0)`` only."""
    words = ("os.O_NOFOLLOW", "os.O_NONBLOCK", "os.fork", "\nimport fcntl", "\nimport resource")

    for path in PACKAGE.rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        assert not [word for word in words if word in source], path
