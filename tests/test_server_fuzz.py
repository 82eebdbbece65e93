"""Requests made up from the OpenAPI document: no crash of ours, no answer it does not promise.

NIANBAO_FUZZ_EXAMPLES says how many for each operation; ``make fuzz-http`` asks for many.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.support.serving import SECRET, Running, own_database, running, settings_for
from xlsx_tools.server.app import create_app

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLES = int(os.environ.get("NIANBAO_FUZZ_EXAMPLES", "8"))
BY_CONTENT = ("PUT /api/v1/roster", "POST /api/v1/waivers")
"""What these take cannot be told by a schema alone: a roster in CSV, rules that there are."""
HEADERS = {"Authorization": f"Bearer {SECRET}"}


def read_document() -> dict[str, object]:
    """What the server says of itself, without running it."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(settings_for(own_database(Path(folder))))
        app.state.services.base.close()
        return app.openapi()


SCHEMA = schemathesis.openapi.from_dict(read_document())


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("fuzz") / "state") as found:
        yield found


@SCHEMA.parametrize()
@settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None
)
def test_every_operation_keeps_its_promise(case: schemathesis.Case[Any], server: Running) -> None:
    by_content = case.operation.label in BY_CONTENT
    case.call_and_validate(
        base_url=server.url,
        headers=HEADERS,
        excluded_checks=[positive_data_acceptance] if by_content else [],
    )
