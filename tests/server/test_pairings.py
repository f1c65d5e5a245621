"""What people do, on each database with and without Redis, done by the real processes.

PostgreSQL with Redis has it among the outages; SQLite alone, and ``up`` with a Redis of its own, among the processes.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.server.whole import Whole, a_day_in_the_lab, whole

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.fixture(params=["postgres alone", "sqlite and redis"])
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    database, queue = request.param.split(maxsplit=1)
    found = request.getfixturevalue("postgres_server" if database == "postgres" else "tables")
    with whole(tmp_path_factory.mktemp("pairing") / "home", database=found, redis=queue == "and redis") as made:
        yield made


def test_a_day_in_the_lab(lab: Whole) -> None:
    a_day_in_the_lab(lab)
    assert "Traceback" not in lab.log()
