"""What conditions say of one another, as far as their words show it: one that follows from another, one that cannot hold.

Both err on the side of silence: what is not seen here may still be so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gateway.core.conditions import Condition, Range, listed, matches

_ONE_OF = ("request_class", "semantic", "surface", "key")  # a request has one of each
_SPANS = ("difficulty", "confidence", "input_tokens", "budget_left")
_WHOLE = {"input_tokens": Range(at_least=0)}  # what there is at all
_SHARE = Range(at_least=0, at_most=1)


def implies(one: Condition, other: Condition) -> bool:
    """Whether what `one` holds of, `other` holds of as well."""
    given = list(atoms(one))
    return all(
        any(_settles(atom, wanted) for atom in given) or _one_of(one, wanted) for wanted in atoms(other)
    )


def is_impossible(condition: Condition) -> bool:
    """Whether no request can be as the condition says."""
    return _clash(list(atoms(condition)))


def atoms(condition: Condition) -> Iterator[Condition]:
    """The condition as parts that all must hold, each of them one question."""
    for name in condition.__struct_fields__:
        value = getattr(condition, name)
        if value is None or name in {"tag", "all_"}:
            continue
        yield Condition(**{name: value})
    for name, values in (condition.tag or {}).items():
        yield Condition(tag={name: values})
    for part in condition.all_ or ():
        yield from atoms(part)


def _one_of(condition: Condition, wanted: Condition) -> bool:
    return wanted.any_ is not None and any(implies(condition, part) for part in wanted.any_)


def _settles(given: Condition, wanted: Condition) -> bool:
    """Of two questions, whether the answer yes to the first is one to the second."""
    if given == wanted:
        return True
    if given.any_ is not None:
        return bool(given.any_) and all(implies(part, wanted) for part in given.any_)
    if given.not_ is not None and wanted.not_ is not None:
        return implies(wanted.not_, given.not_)
    if given.tag is not None and wanted.tag is not None:
        return all(
            name in given.tag and _within(given.tag[name], values) for name, values in wanted.tag.items()
        )
    if given.has is not None and wanted.has is not None:
        return _within(wanted.has, given.has)
    if given.share is not None and wanted.share is not None:
        return given.share <= wanted.share
    if given.requested_model is not None and wanted.requested_model is not None:
        return _all_match(given.requested_model, wanted.requested_model)
    return _settles_value(given, wanted)


def _settles_value(given: Condition, wanted: Condition) -> bool:
    for name in _ONE_OF:
        mine, theirs = getattr(given, name), getattr(wanted, name)
        if mine is not None and theirs is not None:
            return _within(mine, theirs)
    for name in _SPANS:
        mine, theirs = getattr(given, name), getattr(wanted, name)
        if mine is not None and theirs is not None:
            return _inside(mine, theirs)
    return False


def _clash(parts: Sequence[Condition]) -> bool:
    for name in _ONE_OF:
        sets = [set(listed(getattr(part, name))) for part in parts if getattr(part, name) is not None]
        if sets and not set.intersection(*sets):
            return True
    for name in _SPANS:
        spans = [getattr(part, name) for part in parts if getattr(part, name) is not None]
        if spans and not _together([*spans, _WHOLE.get(name, _SHARE)]).can_hold:
            return True
    tags: dict[str, set[str]] = {}
    for part in parts:
        for name, values in (part.tag or {}).items():
            tags[name] = tags.get(name, set(listed(values))) & set(listed(values))
    return not all(tags.values()) or _is_denied(parts)


def _is_denied(parts: Sequence[Condition]) -> bool:
    """Whether what the parts say follows from what they deny, or none of the ways that they leave open is one."""
    for part in parts:
        others = [other for other in parts if other is not part]
        if part.not_ is not None and implies(Condition(all_=tuple(others)), part.not_):
            return True
        if part.any_ and all(_clash([*others, *atoms(way)]) for way in part.any_):
            return True
    return False


def _together(spans: Sequence[Range]) -> Range:
    return Range(
        at_least=max((span.at_least for span in spans if span.at_least is not None), default=None),
        at_most=min((span.at_most for span in spans if span.at_most is not None), default=None),
        below=min((span.below for span in spans if span.below is not None), default=None),
    )


def _inside(inner: Range, outer: Range) -> bool:
    tops = [top for top in (inner.at_most, inner.below) if top is not None]
    low = outer.at_least is None or (inner.at_least is not None and inner.at_least >= outer.at_least)
    high = outer.at_most is None or any(top <= outer.at_most for top in tops)
    under = outer.below is None or (
        (inner.below is not None and inner.below <= outer.below)
        or (inner.at_most is not None and inner.at_most < outer.below)
    )
    return low and high and under


def _within[T: str](inner: T | tuple[T, ...], outer: T | tuple[T, ...]) -> bool:
    return set(listed(inner)) <= set(listed(outer))


def _all_match(inner: str | tuple[str, ...], outer: str | tuple[str, ...]) -> bool:
    return all(
        any(mine == theirs or matches(theirs, mine) for theirs in listed(outer)) for mine in listed(inner)
    )
