"""A provider's base and a path after it."""

import pytest

from gateway.core.url import joined

DEPLOYED = "/openai/deployments/gpt-4o//chat/completions?api-version=2024-10-21"


@pytest.mark.parametrize(
    ("base", "path", "whole"),
    [
        ("https://a.test/v1", "/chat/completions", "https://a.test/v1/chat/completions"),
        ("https://a.test/", "/v2/chat", "https://a.test/v2/chat"),
        (
            "https://r.test",
            DEPLOYED,
            "https://r.test/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21",
        ),
        (
            "https://r.test?api-version=2025-04-01-preview",
            DEPLOYED,
            "https://r.test/openai/deployments/gpt-4o/chat/completions?api-version=2025-04-01-preview",
        ),
        ("https://r.test/openai/v1", DEPLOYED, "https://r.test/openai/v1/chat/completions"),
        ("https://r.test/openai/v1/", "/openai//models?a=1", "https://r.test/openai/v1/models"),
        ("https://a.test/v1", "/v1/messages", "https://a.test/v1/messages"),
        ("https://g.test/v1beta", "/v1beta/models/m:x?alt=sse", "https://g.test/v1beta/models/m:x?alt=sse"),
        ("https://g.test/v1", "/v1beta/models/m:x", "https://g.test/v1/v1beta/models/m:x"),
    ],
)
def test_joined(base: str, path: str, whole: str) -> None:
    assert joined(base, path) == whole
