"""What an earlier version has recorded is on the books of this one, chained and summed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from django.conf import settings
from psycopg import sql

ROOT = Path(__file__).resolve().parents[2]
DATABASE = "rungway_before"
TENANT = uuid4()
RECORD = """
    SELECT set_config('app.tenant_id', '*', true);
    INSERT INTO tenants_tenant (id, slug, name, plan, tags, time_zone, suspended, created_at)
        VALUES ('{tenant}', 'old', 'Old', 'pro', '{{team}}', 'Asia/Kathmandu', false, now());
    INSERT INTO billing_requestrecord (tenant_id, request_id, at, process, seq, status, model, outcome, part, floors,
            tags, policy_version, snapshot_version, attempts, cost_nano, unpriced_attempts, baseline_nano, saved_nano,
            total_ms, first_byte_ms, decide_us, interrupted)
        SELECT '{tenant}', 'req_' || n, '2026-03-10 22:00Z'::timestamptz + n * interval '1 hour', 'gw', n, 200,
               'openai/gpt-5', 'answered', 'answer', '[]', '{{"team": "search"}}', 1, 1, 1, 100, 0, 500, 400, 1234,
               56, 78, false
        FROM generate_series(1, 5) AS n;
    INSERT INTO billing_ledgerentry (tenant_id, attempt_id, request_id, n, at, model, outcome, part, kind,
            attempt_outcome, status, usage_source, needs_review, cost_nano, price, baseline_nano, tags,
            policy_version, snapshot_version, started_ms, total_ms, input_tokens)
        SELECT '{tenant}', 'att_' || n, 'req_' || n, 1, '2026-03-10 22:00Z'::timestamptz + n * interval '1 hour',
               'openai/gpt-5', 'answered', 'answer', 'answer', 'answered', 200,
               CASE n WHEN 3 THEN 'estimated' ELSE 'provider_final' END, false, 100, '{{"input": 1}}', 500,
               '{{"team": "search"}}', 1, 1, 0, 1, 9
        FROM generate_series(1, 5) AS n;
"""
LOOK = """
    import django; django.setup()
    from datetime import UTC, datetime
    from zoneinfo import ZoneInfo
    from billing import rollup
    from billing.latency import latency
    from billing.periods import Period
    from billing.query import SpendQuery
    from billing.spend import spend
    from console.tenancy import within, every_tenant
    from console.tenants.models import Tenant
    tenant = Tenant.objects.get(slug="old")
    zone = ZoneInfo(tenant.time_zone)
    period = Period(start=datetime(2026, 3, 1, tzinfo=zone), end=datetime(2026, 4, 1, tzinfo=zone), zone=zone)
    with within(tenant):
        total = spend(tenant, SpendQuery(period=period)).total
        print(total.requests, total.known_cost, total.saved, total.verified_saved, total.estimated_saved,
              latency(tenant, period).median, tenant.ledger.count(), tenant.requests.count())
    print(rollup.differences(tenant))
"""


@pytest.fixture
def database() -> Iterator[str]:
    with psycopg.connect(settings.DATABASE_URL, dbname="postgres", autocommit=True) as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(DATABASE)))
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
        yield f"host={server.info.host} user={server.info.user} dbname={DATABASE}"
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(DATABASE)))


def run(database: str, *words: str) -> str:
    environment = {**os.environ, "DATABASE_URL": database, "DJANGO_SETTINGS_MODULE": "console.settings"}
    done = subprocess.run(
        [sys.executable, *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_an_old_ledger_is_partitioned_chained_and_summed(database: str) -> None:
    run(database, "-m", "django", "migrate", "billing", "0003", "-v", "0")
    with psycopg.connect(database) as old:
        old.execute(RECORD.format(tenant=TENANT).encode())

    run(database, "-m", "django", "migrate", "-v", "0")

    verified = run(database, "-m", "django", "verify_ledger")
    assert "2026-03-10  1 chain, 1 line: whole" in verified
    assert "2026-03-11  1 chain, 4 lines: whole" in verified
    told = run(database, "-c", "\n".join(line[4:] for line in LOOK.splitlines()))
    assert told.splitlines() == ["5 500 2000 1600 400 1200 5 5", "0"]


def test_nothing_in_the_models_waits_for_a_migration(database: str) -> None:
    run(database, "-m", "django", "makemigrations", "billing", "--check", "--dry-run")
