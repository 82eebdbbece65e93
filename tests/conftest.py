"""What every test may ask for: golden files, programs of the system, published reports."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn

import pytest
from hypothesis import HealthCheck, settings

from tests.support.postgresql import Cluster, find_program, running_cluster

if TYPE_CHECKING:
    from collections.abc import Iterator

settings.register_profile("dev", deadline=None)
settings.register_profile(
    "ci", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


class Tier(NamedTuple):
    """Tests that need a program which pip cannot install; the marker has the tier's name."""

    programs: tuple[str, ...]
    packages: str

    @property
    def lacking(self) -> str:
        """Why the tests cannot run on this machine; empty if they can."""
        if any(shutil.which(program) for program in self.programs):
            return ""
        return f"{' / '.join(self.programs)} not found: apt-get install {self.packages}"


TIERS = {
    "office": Tier(("soffice",), "libreoffice-calc libreoffice-writer python3-uno"),
    "poppler": Tier(("pdftoppm",), "poppler-utils fonts-noto-cjk"),
    "browser": Tier(("chromium", "google-chrome"), "chromium"),
    "postgresql": Tier((find_program("initdb"),), "postgresql"),
    "node": Tier(("npm",), "nodejs npm"),
}
NO_CASES = "published reports not found: set NIANBAO_CASES to their folder"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="rewrite tests/golden/ from what the code produces now; read the diff",
    )


def pytest_configure(config: pytest.Config) -> None:
    for name, tier in TIERS.items():
        config.addinivalue_line("markers", f"{name}: needs {' or '.join(tier.programs)}")


def pytest_runtest_setup(item: pytest.Item) -> None:
    for name, tier in TIERS.items():
        if item.get_closest_marker(name) and (why := tier.lacking):
            _skip_or_fail(why, required_by="NIANBAO_REQUIRE_SYSTEM")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line per tier how much of the suite this machine could not run."""
    reasons = Counter(str(report.longrepr) for report in terminalreporter.stats.get("skipped", ()))
    lacking = {f"marked {name}": why for name, tier in TIERS.items() if (why := tier.lacking)}
    for tests, why in {**lacking, "on published reports": NO_CASES}.items():
        count = sum(n for reason, n in reasons.items() if why in reason)
        if count:
            terminalreporter.write_line(f"SKIPPED {count} tests {tests}: {why}", yellow=True)


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be rewritten instead of compared."""
    return bool(request.config.getoption("--update-golden"))


@pytest.fixture(scope="session")
def cases() -> Path:
    """The folder of published reports and their transcriptions; never part of the repository."""
    folder = os.environ.get("NIANBAO_CASES")
    if not folder or not Path(folder).is_dir():
        _skip_or_fail(NO_CASES, required_by="NIANBAO_REQUIRE_CASES")
    return Path(folder).resolve()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Cluster]:
    """A PostgreSQL server of our own; for tests marked so."""
    with running_cluster() as cluster:
        yield cluster


@pytest.fixture
def postgresql_url(postgresql: Cluster) -> str:
    """An empty database."""
    return postgresql.make_database()


def _skip_or_fail(why: str, *, required_by: str) -> NoReturn:
    """Skip the test that is running, or fail it where the environment asks for everything."""
    if os.environ.get(required_by):
        pytest.fail(f"{required_by} is set, but {why}", pytrace=False)
    pytest.skip(why)
