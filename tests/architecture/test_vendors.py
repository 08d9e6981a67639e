"""A vendor is a row, a protocol is a file: outside `dialects/` no Python names a vendor or its models.

The name of a protocol is not a vendor's: `"anthropic"` may say which wire a path speaks, `Surface.ANTHROPIC`
what an answer looks like. Only a whole text or name counts as one, so `"anthropic/claude-…"` never does.
"""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.sources import ROOT, name_of, python_files

VENDORS = re.compile(
    r"openai|anthropic|claude|\bgpt|gemini|google|vertex.?ai|bedrock|cohere\b|mistral|llama|deepseek|qwen|xai|grok"
    r"|azure|ollama|vllm|fireworks|cerebras|perplexity|openrouter",
    re.IGNORECASE,
)
PROTOCOLS = {
    "openai_chat",
    "openai_responses",
    "openai_completions",
    "openai_embeddings",
    "anthropic",
    "azure",
    "azure_responses",
    "gemini",
    "bedrock",
    "bedrock_anthropic",
    "cohere",
    "ollama",
    "vertex_anthropic",
    "vertex_gemini",
}
SPEAKS_FOR_ITSELF = (
    "gateway/dialects/",
    "gateway/signing/",
    "gateway/core/service_account.py",
    "gateway/simulator/",
    "console/management/commands/demo",
)
ALLOWED = {
    "console/interface/formatting.py": "OpenAI ",  # how the name of a protocol is written
    "console/catalogue/specs.py": "local/llama-3.3-8b",  # an example of an id, in an error
    "console/keys/entered.py": "simulator:/openai/v1 or simulator:/anthropic",  # an example of an address
    "console/supervisor/welcome.py": "gpt-5",  # what an application asks for, in the line to paste
    "gateway/core/addresses.py": "metadata.google.internal",  # refused as a provider's address
    "gateway/core/signals/lexicon.py": "google sheets",  # a word of people's questions
}


def test_no_vendor_is_named() -> None:
    named = {
        f"{name_of(file)}:{line}": word
        for file in python_files("gateway", "console", "billing")
        if not name_of(file).startswith(SPEAKS_FOR_ITSELF)
        for line, word in words(file.read_text())
        if word.lower() not in PROTOCOLS and VENDORS.search(word.replace(ALLOWED.get(name_of(file), "-"), ""))
    }
    assert named == {}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('"""openai"""\n', []),
        ('x = "openai/gpt-5"\n', ["x", "openai/gpt-5"]),
        ("claude = 1\n", ["claude"]),
        ('f"{x} on Bedrock"\n', [" on Bedrock", "x"]),
        ("from openai import x\n", ["openai", "x"]),
    ],
)
def test_what_counts_as_a_word(source: str, found: list[str]) -> None:
    assert [word for _, word in words(source)] == found


def test_exceptions_are_needed() -> None:
    for name, excepted in ALLOWED.items():
        assert any(excepted in word for _, word in words((ROOT / name).read_text())), name


def words(source: str) -> Iterator[tuple[int, str]]:
    """Names and texts of the code. Comments and docstrings may say whatever explains it."""
    tree = ast.parse(source)
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        for word in _words_of(node, told):
            yield getattr(node, "lineno", 0), word


def _words_of(node: ast.AST, told: set[int]) -> Iterator[str]:
    match node:
        case ast.Constant(value=str(text)) if id(node) not in told:
            yield text
        case (
            ast.Name(id=name)
            | ast.Attribute(attr=name)
            | ast.FunctionDef(name=name)
            | ast.ClassDef(name=name)
        ):
            yield name
        case ast.AsyncFunctionDef(name=name) | ast.arg(arg=name):
            yield name
        case ast.ImportFrom(module=str(module)):
            yield module
        case ast.alias(name=name):
            yield name
