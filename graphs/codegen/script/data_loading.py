"""How an exported file hands out its data: as tensors that are cut into batches, or by number, from
splits of their own that the loaders give.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from graphs.nodetypes.node_type import Data
from graphs.runtime.training import (
    indexed_split,
    loop,
    multi_source,
    multi_source_samplers,
    multi_source_splits,
    samplers,
    subsampled_batches,
)


class Handing(NamedTuple):
    """The data nodes of a program, by id; if one hands out by number, then all do."""

    data: Mapping[str, Data]

    @property
    def by_number(self) -> bool:
        """Whether splits hand out their samples by number."""
        return self.samples or any(type_.hands_out for type_ in self.data.values())

    @property
    def samples(self) -> bool:
        """Whether samples come in an order of their own, or are read ahead."""
        return any(map(_options, self.data.values())) and not self.fewer

    @property
    def fewer(self) -> int | None:
        """How many samples an epoch has, of a source in memory that asks for nothing else."""
        (first, *others) = self.data.values()
        only = not others and not first.hands_out and set(_options(first)) == {"limit"}
        return first.epoch_samples if only else None

    @property
    def several(self) -> bool:
        """Whether there are several data nodes."""
        return len(self.data) > 1

    @property
    def split(self) -> str:
        """The type of a split, as it is printed."""
        if not self.by_number:
            return "dict[str, Tensor]"
        if self.samples:
            return "Together" if self.several else "Sampled"
        return "dict[str, Split]" if self.several else "Split"

    @property
    def length(self) -> str:
        """How many samples there are to train on, of several sources in the longest."""
        if self.samples:
            return 'data["train"].places(BATCH_SIZE)'
        fields = self.several or not self.by_number
        length = 'max(map(len, data["train"].values()))' if fields else 'len(data["train"])'
        return f"min({length}, EPOCH_SAMPLES)" if self.fewer else length

    @property
    def before_load(self) -> list[Callable[..., Any]]:
        """What is copied in front of `load`, which names it."""
        if not self.by_number:
            return []
        in_memory = [t for t in self.data.values() if not t.hands_out]
        wraps: list[Callable[..., Any]] = [multi_source_splits.in_memory] if in_memory else []
        if self.samples:
            together_ = [multi_source_samplers.Together] if self.several else []
            return [*wraps, samplers.sampled, *together_]
        return [indexed_split.Split, *wraps]

    @property
    def batches(self) -> Callable[..., Any]:
        """The function that cuts a split into batches."""
        if self.samples:
            return multi_source_samplers.batches if self.several else samplers.batches
        if self.fewer:
            return subsampled_batches.batches
        if self.by_number:
            return multi_source_splits.batches if self.several else indexed_split.batches
        return multi_source.batches if self.several else loop.batches

    @property
    def moved(self) -> list[str]:
        """The end of `load`, which brings the splits to the device."""
        if self.samples and self.several:
            return _TOGETHER
        return _MOVED[self.by_number, self.several]

    def loaded(self, node: str, text: str) -> str:
        """The call of a node's loader, so that it hands out as all others do."""
        type_ = self.data[node]
        wraps = self.by_number and not type_.hands_out
        split = f"in_memory({text})" if wraps else text
        options = "".join(f", {name}={value!r}" for name, value in _options(type_).items())
        return f"sampled({split}{options})" if self.samples else split

    def size_text(self) -> str:
        """The function that says how many samples a batch has that was handed out by number."""
        node, type_ = next(iter(self.data.items()))
        if type_.counted is None:
            return _size_of(": always one, whatever the lengths of its fields.", "1")
        field = f"{node}.{type_.counted}" if self.several else type_.counted
        return _size_of("; other fields of it may differ in length.", f"len(batch[{field!r}])")


def _options(type_: Data) -> dict[str, Any]:
    """How a data node's samples are drawn, where that is not the usual way."""
    by_class = type_.sampling in ("weighted", "balanced")
    options = {
        "order": type_.sampling if type_.sampling != "shuffled" else None,
        "by": type_.class_field if by_class else None,
        "drop_last": type_.drop_last,
        "limit": type_.epoch_samples,
        "workers": type_.read_ahead if type_.hands_out else 0,
    }
    return {name: value for name, value in options.items() if value}


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
        "    name: {source: splits[name].to(device) for source, splits in sources.items()}",
        '    for name in ("train", "validation", "test")',
        "}",
    ],
}
"""By number or not, from several sources or not."""

_TOGETHER = [
    "return {",
    "    name: Together({source: splits[name] for source, splits in sources.items()}).to(device)",
    '    for name in ("train", "validation", "test")',
    "}",
]


def _size_of(about: str, size: str) -> str:
    head = "def size_of(batch: dict[str, Tensor]) -> int:"
    return f'{head}\n    """How many samples a batch has{about}"""\n    return {size}'
