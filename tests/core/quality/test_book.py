from hashlib import sha256

import msgspec
import pytest
from msgspec.structs import replace

from gateway.core.facts import Tier
from gateway.core.quality.book import FORMAT, Unreadable, parse
from gateway.core.quality.sketch import SHAPE
from tests.core.quality.world import RAW, READER, text

# Of the book that the measurements were made with: after `python -m tests.bench.routing.write`, measure anew.
DIGEST = "7fb5e8cd79eb9d6703af9ea1dd808d6004b8c8fe0d84830aa08115c88ef6f96d"
BOOK = READER.book


def test_it_is_the_book_that_was_measured() -> None:
    assert sha256(RAW).hexdigest() == DIGEST


def test_every_source_has_its_licence_and_digest() -> None:
    assert [source.name for source in BOOK.sources] == sorted(source.name for source in BOOK.sources)
    assert {source.licence for source in BOOK.sources} == {"Apache-2.0", "MIT"}
    assert all(len(source.sha256) == 64 and source.prompts > 0 for source in BOOK.sources)


def test_a_higher_tier_is_better_and_loses_less_where_it_is_hard() -> None:
    standings = [BOOK.standings[tier] for tier in Tier]
    assert [each.level for each in standings] == sorted(each.level for each in standings)
    assert [each.slope for each in standings] == sorted(each.slope for each in standings)
    assert all(each.slope <= 0 for each in standings)


def test_no_part_of_a_shape_makes_easier() -> None:
    assert all(weight >= 0 for weight in BOOK.hard)


def test_longer_is_harder_but_for_formulas() -> None:
    plain = "Tom has 3 apples, eats one, and buys as many as he has left. "
    assert text(plain * 3).hardness > text(plain).hardness
    assert text(plain * 3 + "\\[x\\]").hardness == text(plain + "\\[x\\]").hardness == 0.0


@pytest.mark.parametrize(
    ("raw", "because"),
    [
        (b"", "not readable"),
        (RAW[:-1], "not readable"),
        (
            msgspec.msgpack.encode(replace(BOOK, format=FORMAT + 1)),
            f"has format {FORMAT + 1}; this version reads {FORMAT}",
        ),
        (msgspec.msgpack.encode(replace(BOOK, rarity=b"1")), "not whole"),
        (msgspec.msgpack.encode(replace(BOOK, hard=(1.0,))), "not whole"),
        (msgspec.msgpack.encode(replace(BOOK, deviation=(0.0,) * len(SHAPE))), "not whole"),
    ],
)
def test_another_book_is_refused(raw: bytes, because: str) -> None:
    with pytest.raises(Unreadable, match=because):
        parse(raw)
