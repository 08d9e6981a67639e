"""A ledger worker for tests to kill: drains until the stream has been empty for a while."""

import django
from django.conf import settings
from redis import Redis

django.setup()

from billing import ingest  # noqa: E402 (Django first)
from billing.stream import Stream  # noqa: E402

if __name__ == "__main__":
    with Redis.from_url(settings.REDIS_URL) as redis:
        while True:
            ingest.drain(Stream(redis), seconds=5, batch=100)
