"""The npm packages that tests of the front ends need, from the lock file and no newer."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

_LOCKED = Path(__file__).parent.parent / "frontends"
_PATIENCE = 300


def install_packages(folder: Path) -> Path:
    """Install the locked packages into a folder; where they are then.

    Without the registry the test skips, or fails where NIANBAO_REQUIRE_SYSTEM asks for everything.
    """
    for name in ("package.json", "package-lock.json"):
        shutil.copy(_LOCKED / name, folder)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, check=False, text=True, timeout=_PATIENCE
    )
    if done.returncode:
        why = f"npm cannot install the typings: {done.stderr[-300:]}"
        if os.environ.get("NIANBAO_REQUIRE_SYSTEM"):
            pytest.fail(why, pytrace=False)
        pytest.skip(why)
    return folder / "node_modules"
