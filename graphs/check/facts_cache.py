"""What is known of nodes and of uses of blocks, remembered by content."""

from __future__ import annotations

import hashlib
import inspect
import json
import sys
from collections import OrderedDict
from collections.abc import Hashable
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch

from graphs.check import node_parameters, shape_inference
from graphs.check.shape_inference import Arrivals, Facts, Shapes, infer
from graphs.nodetypes.node_type import NodeType, node_types
from graphs.nodetypes.tensor_kinds import Meta

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Recent(Generic[K, V]):
    """A mapping that keeps what was put into it or asked for last."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._values: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K) -> V | None:
        """The value of a key; None where it is not known, or not any more."""
        if key in self._values:
            self._values.move_to_end(key)
        return self._values.get(key)

    def put(self, key: K, value: V) -> None:
        """Keep a value, perhaps in the place of the one that was not asked for longest."""
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > self.size:
            self._values.popitem(last=False)


REMEMBERED_USES = 4096
"""How many uses of blocks, and nodes that hold blocks, are remembered."""


class Cache:
    """Facts by content: a node's type, version and parameters, and what arrives. Kept in a file, if
    there is one.

    `blocks` and `held` are of uses of blocks and of nodes that hold blocks (`block_uses.Library`),
    for as long as the process lives.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self.misses = 0
        self.blocks: Recent[Hashable, Any] = Recent(REMEMBERED_USES)
        self.held: Recent[Hashable, Any] = Recent(REMEMBERED_USES)
        self._facts: dict[tuple[str, Arrivals], Facts] = {}
        self._stored = 0
        if path is not None:
            self._load(path)

    def facts(self, content: str, type_: NodeType, arrivals: Arrivals) -> Facts:
        """The facts of a node, computed when they are new."""
        key = (content, arrivals)
        if key not in self._facts:
            self.misses += 1
            self._facts[key] = infer(type_, arrivals)
        return self._facts[key]

    def save(self) -> None:
        """Append what is new to the file. Raises OSError."""
        if self.path is None:
            return
        new = list(self._facts.items())[self._stored :]
        if new:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as file:
                file.writelines(_line(key, facts) for key, facts in new)
            self._stored = len(self._facts)

    def _load(self, path: Path) -> None:
        if not path.exists():
            return
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                (content, arrivals), (outputs, weights, problem, port, use) = json.loads(line)
                key = (
                    content,
                    tuple((name, tuple(_meta(m) for m in metas)) for name, metas in arrivals),
                )
                known = tuple((name, _meta(meta)) for name, meta in outputs)
                self._facts[key] = Facts(known, _shapes(weights), problem, port, dict(use))
            except (ValueError, TypeError):
                continue  # a line that was cut when its writer was killed; it is computed again
        self._stored = len(self._facts)


def _line(key: tuple[str, Arrivals], facts: Facts) -> str:
    return json.dumps([key, facts._replace(use=dict(facts.use))]) + "\n"


def cache_name() -> str:
    """A file name that changes when torch or any node type does, since facts then may."""
    digest = hashlib.sha256(torch.__version__.encode())
    modules = {
        shape_inference.__name__,
        node_parameters.__name__,
        *(type_.__module__ for type_ in node_types().values()),
    }
    for module in sorted(modules):
        digest.update(inspect.getsource(sys.modules[module]).encode())
    return f"shapes-{digest.hexdigest()[:16]}.jsonl"


def _shapes(entry: Any) -> Shapes:
    return tuple(tuple(int(size) for size in shape) for shape in entry)


def _meta(entry: Any) -> Meta:
    shape, dtype = entry
    return Meta(tuple(int(size) for size in shape), str(dtype))
