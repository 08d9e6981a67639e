"""The tenant whose traffic it is, and the processes that serve it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from console.tenants.models import Tenant
from tests.faults.company import company
from tests.faults.processes import Plant, plant
from tests.faults.settling import new_tenant

type Works = Callable[..., Plant]


@pytest.fixture
def tenant(db: None) -> Tenant:
    return new_tenant()


@pytest.fixture
def works(tmp_path: Path) -> Iterator[Works]:
    with ExitStack() as stack:

        def started(gateways: int = 1, *, speed: str = "inf", graceful: int = 25, **rest: Any) -> Plant:
            made = stack.enter_context(plant(tmp_path, company(**rest), speed=speed))
            for _ in range(gateways):
                made.start_gateway(graceful=graceful)
            return made

        yield started
