"""How an exported file hands out its data: as tensors that are cut into batches, or by number, from
splits of their own that the loaders give.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from graphs import loop, taking, together, unpaired
from graphs.node_type import Data


class Handing(NamedTuple):
    """The data nodes of a program, by id; if one hands out by number, then all do."""

    data: Mapping[str, Data]

    @property
    def by_number(self) -> bool:
        """Whether splits hand out their samples by number."""
        return any(type_.hands_out for type_ in self.data.values())

    @property
    def several(self) -> bool:
        """Whether there are several data nodes."""
        return len(self.data) > 1

    @property
    def split(self) -> str:
        """The type of a split, as it is printed."""
        if not self.by_number:
            return "dict[str, Tensor]"
        return "dict[str, Split]" if self.several else "Split"

    @property
    def length(self) -> str:
        """How many samples there are to train on, of several sources in the longest."""
        fields = self.several or not self.by_number
        return 'max(map(len, data["train"].values()))' if fields else 'len(data["train"])'

    @property
    def before_load(self) -> list[Callable[..., Any]]:
        """What is copied in front of `load`, which names it."""
        if not self.by_number:
            return []
        if all(type_.hands_out for type_ in self.data.values()):
            return [taking.Split]
        return [taking.Split, together.in_memory]

    @property
    def batches(self) -> Callable[..., Any]:
        """The function that cuts a split into batches."""
        if self.by_number:
            return together.batches if self.several else taking.batches
        return unpaired.batches if self.several else loop.batches

    @property
    def moved(self) -> str:
        """The end of `load`, which brings the splits to the device."""
        return _MOVED[self.by_number, self.several]

    def loaded(self, node: str, text: str) -> str:
        """The call of a node's loader, so that it hands out as all others do."""
        wraps = self.by_number and not self.data[node].hands_out
        return f"in_memory({text})" if wraps else text

    def size_text(self) -> str:
        """The function that says how many samples a batch has that was handed out by number."""
        node, type_ = next(iter(self.data.items()))
        if type_.counted is None:
            return _ONE_SAMPLE
        field = f"{node}.{type_.counted}" if self.several else type_.counted
        return _SIZE_OF.replace("COUNTED", field)


_MOVED = {
    (False, False): """
    return {
        split: {name: values.to(device) for name, values in fields.items()}
        for split, fields in splits.items()
    }
""".strip("\n"),
    (False, True): """
    return {
        split: {
            f"{source}.{name}": values.to(device)
            for source, splits in sources.items()
            for name, values in splits[split].items()
        }
        for split in ("train", "validation", "test")
    }
""".strip("\n"),
    (True, False): """
    return {name: split.to(device) for name, split in splits.items()}
""".strip("\n"),
    (True, True): """
    return {
        name: {source: splits[name].to(device) for source, splits in sources.items()}
        for name in ("train", "validation", "test")
    }
""".strip("\n"),
}
"""By number or not, from several sources or not."""

_SIZE_OF = '''
def size_of(batch: dict[str, Tensor]) -> int:
    """How many samples a batch has; other fields of it may differ in length."""
    return len(batch["COUNTED"])
'''.strip()

_ONE_SAMPLE = '''
def size_of(batch: dict[str, Tensor]) -> int:
    """How many samples a batch has: always one, whatever the lengths of its fields."""
    return 1
'''.strip()
