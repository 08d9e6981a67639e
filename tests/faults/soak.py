"""The fault tests at length, on servers of their own, until the minutes are over or a book disagrees:

    python -m tests.faults.soak [--minutes 10] [--gateways 2] [--seed 1]

Mixed requests never stop, while gateways are killed and Redis is killed, frozen and emptied by chance. At the
end everything is settled, and the providers' statement, the ledger and the rollups must agree.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

from tests.faults.harm import emptied, frozen, gateway_killed, killed
from tests.faults.processes import Plant, end
from tests.faults.traffic import Told, all_of, going_on, mixed


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--minutes", type=float, default=10)
    words.add_argument("--gateways", type=int, default=2)
    words.add_argument("--seed", type=int, default=1)
    given = words.parse_args()
    with database(), tempfile.TemporaryDirectory(prefix="rungway-soak-") as folder:
        return soak(Path(folder), minutes=given.minutes, gateways=given.gateways, seed=given.seed)


@contextmanager
def database() -> Iterator[None]:
    """An empty one, migrated, before anything reads Django's settings."""
    from tests.servers import running_servers

    with running_servers() as environ:
        os.environ.update(environ, DJANGO_SETTINGS_MODULE="console.settings")
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        yield


def soak(folder: Path, *, minutes: float, gateways: int, seed: int) -> int:
    # Django has to be set up before any of these are imported.
    from tests.faults.books import Books
    from tests.faults.company import company
    from tests.faults.processes import plant
    from tests.faults.settling import new_tenant, settle_all

    tenant = new_tenant()
    with plant(folder, company()) as works:
        for _ in range(gateways):
            works.start_gateway()
        worker = works.start_worker()
        told = asyncio.run(under_faults(works, random.Random(seed), seconds=minutes * 60))
        end(worker)
        settle_all(works)
        books = Books(tenant, works.statement)
        books.agree()
        missing = {each.request_id for each in told if each.request_id} - set(books.requests)
        interrupted = sum(request.interrupted for request in books.requests.values())
    print(dict(Counter(each.end for each in told)))
    print(f"{len(books.requests)} requests, {len(books.ledger)} attempts, {interrupted} interrupted")
    print(f"missing: {len(missing)}; everything else agrees")
    return 1 if missing else 0


async def under_faults(works: Plant, dice: random.Random, *, seconds: float) -> list[Told]:
    over, until = asyncio.Event(), monotonic() + seconds
    sending = asyncio.create_task(all_of(works.url, going_on(mixed(5000, seed=4), over), at_once=8))
    while monotonic() < until and not sending.done():
        await asyncio.sleep(dice.uniform(1, 6))
        fault = dice.choice((gateway_killed, killed, frozen, emptied))
        print(f"{seconds - (until - monotonic()):6.0f} s  {fault.__name__}", flush=True)
        await fault(works)
    over.set()
    return await sending


if __name__ == "__main__":
    sys.exit(main())
