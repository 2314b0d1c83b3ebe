"""How an exported file loads its data and cuts it into mini-batches: tensors in memory, or splits
that give samples by their indices; in the order that the options of its data nodes ask for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from graphs.nodetypes.node_type import Data
from graphs.runtime.training import (
    in_memory,
    in_memory_sources,
    indexed_sources,
    indexed_split,
    read_ahead,
    sampling,
)

_MODULES: dict[tuple[bool, bool], Any] = {
    (False, False): in_memory,
    (False, True): in_memory_sources,
    (True, False): indexed_split,
    (True, True): indexed_split,
}
"""By index or not, from several sources or not: what cuts a split into mini-batches."""

_ORDERS: dict[str, tuple[str, Callable[..., Any] | None]] = {
    "shuffled": ("torch.randperm({count})", None),
    "fixed": ("torch.arange({count})", None),
    "weighted": ("weighted_by_class({classes})", sampling.weighted_by_class),
    "balanced": ("classes_in_turn({classes})", sampling.classes_in_turn),
}
"""What draws the order of an epoch, and the function of ours that it needs."""


@dataclass(frozen=True)
class Source:
    """A data node in printed code."""

    type: Data
    count: str
    """The Python that says how many samples it has in a split."""
    classes: str
    """The Python that gives the classes of all its samples."""
    limit: str
    """The Python that says how many samples an epoch has at most; nothing: all."""

    @property
    def places(self) -> str:
        """The Python that says how many samples an epoch has."""
        count = f"min({self.count}, {self.limit})" if self.limit else self.count
        return f"whole_batches({count}, batch_size)" if self.type.drop_last else count

    @property
    def order(self) -> str:
        """The Python that draws the order of an epoch."""
        text = _ORDERS[self.type.sampling][0].format(count=self.count, classes=self.classes)
        if self.type.drop_last:
            return f"{text}[: {self.places}]"
        return f"{text}[:{self.limit}]" if self.limit else text

    @property
    def needs(self) -> list[Callable[..., Any]]:
        """The functions of ours that these use."""
        drawn = _ORDERS[self.type.sampling][1]
        whole = [sampling.whole_batches] if self.type.drop_last else []
        return [*([drawn] if drawn else []), *whole]


@dataclass(frozen=True)
class DataSources:
    """The data nodes of a program, by id; if one gives samples by index, then all do."""

    data: Mapping[str, Data]

    @property
    def indexed(self) -> bool:
        """Whether splits give samples by their indices."""
        return any(type_.hands_out for type_ in self.data.values())

    @property
    def several(self) -> bool:
        """Whether there are several data nodes."""
        return len(self.data) > 1

    @property
    def split(self) -> str:
        """The type of a split, as it is printed."""
        if not self.indexed:
            return "dict[str, Tensor]"
        return "Together" if self.several else "Split"

    @property
    def epoch_samples(self) -> int | None:
        """How many samples an epoch has at most, where the data nodes agree."""
        limits = {type_.epoch_samples for type_ in self.data.values()}
        limit = limits.pop()
        return None if limits or limit is None else int(limit)

    @property
    def before_load(self) -> list[Callable[..., Any]]:
        """What is copied in front of `load`, which names it."""
        if not self.indexed:
            return []
        types = self.data.values()
        wraps: list[Callable[..., Any]] = [indexed_split.Split]
        if not all(type_.hands_out for type_ in types):
            wraps.append(indexed_sources.in_memory)
        if any(_workers(type_) for type_ in types):
            wraps.append(read_ahead.read_ahead)
        return [*wraps, *([indexed_sources.Together] if self.several else [])]

    @property
    def batches(self) -> Callable[..., Any]:
        """The function that cuts a split into mini-batches."""
        function: Callable[..., Any] = _MODULES[self.indexed, self.several].batches
        return function

    @property
    def usual_order(self) -> list[Callable[..., Any]]:
        """The functions that say an epoch's length and order, where all samples are shuffled; none
        where the file has functions of its own.
        """
        plain = all(not _options(type_) for type_ in self.data.values())
        module = _MODULES[self.indexed, self.several]
        ordering = indexed_sources if self.indexed and self.several else module
        return [module.steps_in, ordering.epoch_order] if plain else []

    @property
    def order_needs(self) -> list[Callable[..., Any]]:
        """The functions of ours that a file's own functions for the order use."""
        found = [need for source in self._sources().values() for need in source.needs]
        return [*found, *([sampling.again] if self.several else [])]

    def order_texts(self) -> list[str]:
        """The file's own functions that say an epoch's length and order."""
        sources = self._sources()
        places = ", ".join(source.places for source in sources.values())
        longest = f"max({places})" if self.several else places
        given = f"split: {self.split}, batch_size: int"
        steps = [f"return math.ceil({longest} / batch_size)"]
        order = self._ordered(sources, longest)
        about = "The indices of an epoch's samples, in the order in which they come"
        again = "; a shorter source\n    starts again until the longest ends.\n    "
        return [
            _function(f"steps_in({given}) -> int", _ABOUT_STEPS, steps),
            _function(
                f"epoch_order({given}) -> {self._order_type}",
                f"{about}{again if self.several else '.'}",
                order,
            ),
        ]

    @property
    def _order_type(self) -> str:
        return "dict[str, Tensor]" if self.several and not self.indexed else "Tensor"

    def _ordered(self, sources: Mapping[str, Source], longest: str) -> list[str]:
        if not self.several:
            return [f"return {source.order}" for source in sources.values()]
        draws = {id: f"again(lambda: {source.order}, longest)" for id, source in sources.items()}
        head = f"longest = {longest}"
        if self.indexed:
            return [head, f"return torch.stack([{', '.join(draws.values())}], 1)"]
        named = ", ".join(f"{id!r}: {draw}" for id, draw in draws.items())
        return [head, f"return {{{named}}}"]

    def _sources(self) -> dict[str, Source]:
        return {id: self._source(id, type_) for id, type_ in self.data.items()}

    def _source(self, id: str, type_: Data) -> Source:
        limit = "EPOCH_SAMPLES" if self.epoch_samples else str(type_.epoch_samples or "")
        if self.indexed:
            split = f"split.sources[{id!r}]" if self.several else "split"
            return Source(type_, f"len({split})", f"{split}.column({type_.class_field!r})", limit)
        first = f"{id}." if self.several else ""
        fields = list(type_.fields())
        count = f"len(split[{first + fields[0]!r}])"
        return Source(type_, count, f"split[{first + str(type_.class_field)!r}]", limit)

    @property
    def moved(self) -> list[str]:
        """The end of `load`, which brings the splits to the device."""
        return _MOVED[self.indexed, self.several]

    def loaded(self, node: str, text: str) -> str:
        """The call of a node's loader, so that it gives samples as all others do."""
        type_ = self.data[node]
        if self.indexed and not type_.hands_out:
            return f"in_memory({text})"
        workers = _workers(type_)
        return f"read_ahead({text}, workers={workers})" if workers else text

    def size_text(self) -> str:
        """The function that says how many samples a batch has that was given by indices."""
        node, type_ = next(iter(self.data.items()))
        if type_.counted is None:
            return _size_of(": always one, whatever the lengths of its fields.", "1")
        field = f"{node}.{type_.counted}" if self.several else type_.counted
        return _size_of("; other fields of it may differ in length.", f"len(batch[{field!r}])")


def _options(type_: Data) -> bool:
    """Whether an epoch of a data node is other than all of its samples, shuffled."""
    return bool(type_.sampling != "shuffled" or type_.drop_last or type_.epoch_samples)


def _workers(type_: Data) -> int:
    return type_.read_ahead if type_.hands_out else 0


def _function(head: str, about: str, body: list[str]) -> str:
    return "\n".join([f"def {head}:", f'    """{about}"""', *(f"    {line}" for line in body)])


_ABOUT_STEPS = "How many mini-batches an epoch of training has."

_MOVED = {
    (False, False): [
        "return {",
        "    split: {name: values.to(device) for name, values in fields.items()}",
        "    for split, fields in splits.items()",
        "}",
    ],
    (False, True): [
        "return {",
        "    split: {",
        '        f"{source}.{name}": values.to(device)',
        "        for source, splits in sources.items()",
        "        for name, values in splits[split].items()",
        "    }",
        '    for split in ("train", "validation", "test")',
        "}",
    ],
    (True, False): ["return {name: split.to(device) for name, split in splits.items()}"],
    (True, True): [
        "return {",
        "    name: Together({id: splits[name] for id, splits in sources.items()}).to(device)",
        '    for name in ("train", "validation", "test")',
        "}",
    ],
}
"""By index or not, from several sources or not."""


def _size_of(about: str, size: str) -> str:
    head = "def size_of(batch: dict[str, Tensor]) -> int:"
    return f'{head}\n    """How many samples a batch has{about}"""\n    return {size}'
