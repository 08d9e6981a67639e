"""The servers under the tests are the real ones, set up as the product needs them."""

import pytest
from django.db import connection
from redis import Redis


@pytest.mark.django_db
def test_the_product_is_no_superuser() -> None:
    with connection.cursor() as cursor:
        cursor.execute("select rolsuper, rolbypassrls from pg_roles where rolname = current_user")
        assert cursor.fetchone() == (False, False)


def test_valkey_evicts_nothing(redis: Redis) -> None:
    assert redis.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
