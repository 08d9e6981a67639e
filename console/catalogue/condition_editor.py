"""A condition as a form, with groups of conditions one level deep. What lies deeper is said, and kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import msgspec
from django.http import QueryDict
from msgspec.structs import replace

from console.catalogue import phrases
from console.catalogue.condition_form import ConditionForm, if_empty, initial_of, kept, split, written
from console.catalogue.condition_parts import FIRST, Part, TagRow, asked_for, hide, parts_of_form, show
from gateway.core.conditions import ALWAYS, Condition, listed, parts_of

GROUPS = {
    "all": "All of these hold",
    "any": "At least one of these holds",
    "not": "Except when this holds",
}
OFFERS = {"all": "Several that all hold", "any": "Alternatives", "not": "An exception"}


@dataclass(frozen=True)
class Group:
    """Conditions joined by all, any or not."""

    kind: str
    prefix: str
    members: tuple[tuple[str, ConditionEditor], ...]  # number in the form → editor

    @property
    def title(self) -> str:
        return GROUPS[self.kind]

    @property
    def offer(self) -> str:
        return OFFERS[self.kind]

    @property
    def ids(self) -> str:
        return ",".join(number for number, _ in self.members)

    @property
    def is_full(self) -> bool:
        return self.kind == "not" and bool(self.members)


class ConditionEditor:
    """The form of one condition with those of its groups."""

    def __init__(
        self,
        form: ConditionForm,
        tags: Sequence[TagRow],
        groups: Sequence[Group],
        *,
        asked: Sequence[str] = (),
        deeper: str = "",
    ):
        self.form = form
        self.tags = tuple(tags)
        self.groups = tuple(groups)
        self.asked = tuple(asked)  # rows that are shown though they say nothing yet
        self.deeper = deeper  # what the form cannot show, in words

    @classmethod
    def of(cls, condition: Condition, *, prefix: str = "when", nested: bool = False) -> Self:
        form = ConditionForm(prefix=prefix, initial=initial_of(condition))
        rows = [TagRow(name, ", ".join(listed(values))) for name, values in (condition.tag or {}).items()]
        if nested:
            return cls(form, rows, (), deeper=_deeper(condition))
        members = {
            "all": condition.all_ or (),
            "any": condition.any_ or (),
            "not": (condition.not_,) if condition.not_ is not None else (),
        }
        groups = [
            Group(kind, f"{prefix}-{kind}", tuple(_opened(cls, parts, f"{prefix}-{kind}")))
            for kind, parts in members.items()
        ]
        return cls(form, rows, groups, asked=FIRST if condition == ALWAYS else ())

    @classmethod
    def read(
        cls, data: QueryDict, *, prefix: str = "when", judged: bool = True, nested: bool = False
    ) -> Self:
        form = ConditionForm.read(data, prefix=prefix, judged=judged)
        names, values = data.getlist(f"{prefix}-tag_name"), data.getlist(f"{prefix}-tag_values")
        rows = [TagRow(name, value) for name, value in zip(names, values, strict=False)]
        asked = asked_for(data, prefix)
        if nested:
            return cls(form, rows, (), asked=asked, deeper=_deeper(_carried(data, prefix)))
        groups = []
        for kind in GROUPS:
            place = f"{prefix}-{kind}"
            members = [
                (number, cls.read(data, prefix=f"{place}-{number}", judged=judged, nested=True))
                for number in numbers(data, place)
            ]
            groups.append(Group(kind, place, tuple(members)))
        return cls(form, rows, groups, asked=asked)

    @property
    def editors(self) -> Iterator[ConditionEditor]:
        return (editor for group in self.groups for _, editor in group.members)

    @property
    def parts(self) -> list[Part]:
        """The rows that are shown."""
        return [part for part in self._all_parts if part.says_something or part.name in self.asked]

    @property
    def offers(self) -> list[Part]:
        """The rows that a button would add."""
        return [part for part in self._all_parts if not part.says_something and part.name not in self.asked]

    @property
    def asked_names(self) -> str:
        return ",".join(self.asked)

    @property
    def _all_parts(self) -> list[Part]:
        return list(parts_of_form(self.form, self.tags))

    @property
    def sentence(self) -> str:
        return phrases.sentence(_carried_in(self.form))

    def is_valid(self) -> bool:
        return all([self.form.is_valid(), *(editor.is_valid() for editor in self.editors)])

    @property
    def condition(self) -> Condition:
        """Only after `is_valid`."""
        was: Condition = self.form.cleaned_data["was"]
        groups = {group.kind: tuple(editor.condition for _, editor in group.members) for group in self.groups}
        parts = written(was, self.form.cleaned_data, self._tag(was))
        if not self.groups:
            return parts
        return replace(
            parts,
            all_=groups["all"] or if_empty(was.all_),
            any_=groups["any"] or if_empty(was.any_),
            not_=groups["not"][0] if groups["not"] else None,
        )

    def _tag(self, was: Condition) -> Mapping[str, str | tuple[str, ...]] | None:
        rows = {row.name.strip(): split(row.values) for row in self.tags if row.name.strip()}
        old = was.tag or {}
        tag = {name: kept(old.get(name), values) for name, values in rows.items()}
        return {name: value for name, value in tag.items() if value is not None} or if_empty(was.tag)


def numbers(data: QueryDict, place: str) -> list[str]:
    """Which members a list in the form has, by the numbers in their fields' names."""
    written = data.get(place, "").split(",")
    return list(dict.fromkeys(number for number in written if number.isdecimal() and len(number) < 4))[:100]


def reshape(data: QueryDict, order: str) -> QueryDict:
    """The form after a button that only shapes it: `add when-any`, `drop when-any 0`, `show when tag`."""
    data = data.copy()
    match order.split():
        case ["add", place]:
            have = numbers(data, place)
            fresh = 1 + max(map(int, have), default=-1)
            data[place] = ",".join((*have, str(fresh)))
            data[f"{place}-{fresh}-parts"] = ",".join(FIRST)
        case ["drop", place, number]:
            data[place] = ",".join(one for one in numbers(data, place) if one != number)
        case ["tag", prefix]:
            data.appendlist(f"{prefix}-tag_name", "")
            data.appendlist(f"{prefix}-tag_values", "")
        case ["show", prefix, name]:
            show(data, prefix, name)
        case ["hide", prefix, name]:
            hide(data, prefix, name)
        case _:
            pass
    return data


def _opened(
    cls: type[ConditionEditor], parts: Sequence[Condition], prefix: str
) -> Iterator[tuple[str, ConditionEditor]]:
    for number, part in enumerate(parts):
        yield str(number), cls.of(part, prefix=f"{prefix}-{number}", nested=True)


def _deeper(condition: Condition) -> str:
    if not parts_of(condition):
        return ""
    return phrases.sentence(Condition(all_=condition.all_, any_=condition.any_, not_=condition.not_))


def _carried(data: QueryDict, prefix: str) -> Condition:
    return _decoded(data.get(f"{prefix}-was", ""))


def _carried_in(form: ConditionForm) -> Condition:
    return _decoded(str(form["was"].value() or ""))


def _decoded(text: str) -> Condition:
    try:
        return msgspec.json.decode(text or "{}", type=Condition)
    except (msgspec.DecodeError, RecursionError):
        return ALWAYS
