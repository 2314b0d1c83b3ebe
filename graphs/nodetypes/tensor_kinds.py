"""Kinds of wires: what a wire carries, by rank, dtype and the names of its axes.

Sizes that are known only when training runs, such as the batch, stand for themselves: each is a
prime number so large that no layer has it, and a size that is a multiple of it is printed as a
multiple of its letter. A meta run then carries symbolic sizes through every operator of torch at no
cost and with no formula of ours.
"""

from __future__ import annotations

import itertools
import re
from typing import ClassVar, Literal, NamedTuple

from graphs.document.document import End
from graphs.nodetypes.expressions import Attribute, Call, Expression, call

SYMBOLS = {"N": 100_003, "V": 100_019, "E": 100_043, "G": 100_049}
"""Samples of a batch; nodes and edges of all its graphs; how many graphs it has."""


Contents = Literal["numbers", "integers", "booleans"]
"""What a tensor holds, in words."""


class Meta(NamedTuple):
    """What is known of a tensor before anything runs."""

    shape: tuple[int, ...]
    dtype: str = "float32"

    @property
    def text(self) -> str:
        """The shape with symbolic sizes: `(N, 32, 8, 8)`."""
        sizes = ", ".join(size_text(size) for size in self.shape)
        return f"({sizes},)" if len(self.shape) == 1 else f"({sizes})"

    @property
    def floating(self) -> bool:
        return self.dtype.startswith(("float", "bfloat"))

    @property
    def holds(self) -> Contents:
        """What such a tensor holds, in words."""
        if self.dtype == "bool":
            return "booleans"
        return "numbers" if self.floating else "integers"


def size_text(size: int) -> str:
    """A size as people write it: `32`, `N`, `28N`, `N²`."""
    letters = dict.fromkeys(SYMBOLS, 0)
    for name, prime in SYMBOLS.items():
        while size and size % prime == 0:
            size //= prime
            letters[name] += 1
    words = "".join(
        name if power == 1 else f"{name}^{power}" for name, power in letters.items() if power
    )
    return f"{size if size != 1 or not words else ''}{words}"


def is_symbolic(size: int) -> bool:
    """Whether a size is known only when training runs."""
    return size != 0 and any(size % prime == 0 for prime in SYMBOLS.values())


def in_words(text: str) -> str:
    """A message of torch with symbolic sizes put back for the numbers that stood for them."""
    return re.sub(r"\d{6,}", lambda number: size_text(int(number[0])), text)


class Tensor(Expression):
    """Any tensor on a wire. A kind is a subclass; as the annotation of a port it says what may
    arrive there.
    """

    axes: ClassVar[tuple[str, ...] | None] = None
    """Names of the axes, outermost first; None is any number of them."""
    ranks: ClassVar[range | None] = None
    """How many axes there may be, where they have no names; None is any number."""
    layout: ClassVar[str] = ""
    """What such tensors look like, in words."""
    holds: ClassVar[Contents] = "numbers"
    """What the kind holds: integers, as labels and tokens do, or booleans, as masks."""
    title: ClassVar[str] = "tensor"
    strict: ClassVar[bool] = False
    """Whether an axis of unknown size must be the one that is named: nodes, and not edges."""

    def __init__(self, end: End, meta: Meta) -> None:
        self.end = end
        self.meta = meta

    @classmethod
    def accepts(cls, meta: Meta) -> bool:
        """Whether a tensor may arrive at a port of this kind."""
        ranks = range(len(cls.axes), len(cls.axes) + 1) if cls.axes is not None else cls.ranks
        fits = ranks is None or len(meta.shape) in ranks
        fits = fits and (not cls.strict or cls._fits_axes(meta.shape))
        return fits and (cls is Tensor or meta.holds == cls.holds)

    @classmethod
    def _fits_axes(cls, shape: tuple[int, ...]) -> bool:
        """Whether sizes that are known are the right ones, and letters stand where they should."""
        return all(
            size_text(size) == axis or not (axis.isdigit() or size in SYMBOLS.values())
            for axis, size in zip(cls.axes or (), shape, strict=True)
        )

    @classmethod
    def is_lettered(cls, meta: Meta) -> bool:
        """Whether every size that the kind has a letter for is that letter."""
        sizes = zip(cls.axes or (), meta.shape, strict=True)
        return all(size_text(size) == axis for axis, size in sizes if axis in SYMBOLS)

    @classmethod
    def needs(cls) -> str:
        """What the kind needs, in words."""
        if cls.axes is None:
            return cls.layout or f"{cls.holds} of any shape"
        if not cls.axes:
            return "a scalar, such as a loss"
        axes = f"({', '.join(cls.axes)}{',' * (len(cls.axes) == 1)})"
        return axes if cls.holds == "numbers" else f"{axes} of {cls.holds}"

    @property
    def shape(self) -> tuple[int, ...]:
        return self.meta.shape

    @property
    def batch(self) -> Call:
        """How many samples there are, as an expression: `len(image)`."""
        return call(len, self)

    @property
    def device(self) -> Attribute:
        """Where the tensor lies, as an expression: `image.device`."""
        return Attribute(self, "device")


class Features(Tensor):
    """Feature vectors, or sequences of them: (N, F) or (N, T, F)."""

    ranks = range(2, 4)
    layout = "(N, F) or (N, T, F)"
    title = "features"

    @property
    def features(self) -> int:
        return self.meta.shape[-1]


class Channels(Tensor):
    """Channels of samples, or of signals: (N, F) or (N, C, T)."""

    ranks = range(2, 4)
    layout = "(N, F) or (N, C, T)"
    title = "channels"

    @property
    def channels(self) -> int:
        return self.meta.shape[1]


class Numbers(Tensor):
    """Floating-point numbers of any shape."""

    title = "numbers"


class Image(Tensor):
    """Images: (N, C, H, W)."""

    axes = ("N", "C", "H", "W")
    title = "image"

    @property
    def channels(self) -> int:
        return self.meta.shape[1]


class Volume(Tensor):
    """Volumes, such as scans of a body, or films with time as depth: (N, C, D, H, W)."""

    axes = ("N", "C", "D", "H", "W")
    title = "volume"

    @property
    def channels(self) -> int:
        return self.meta.shape[1]


class Sequence(Features):
    """Sequences of feature vectors: (N, T, F)."""

    axes = ("N", "T", "F")
    title = "sequence"


class Signal(Tensor):
    """Channels over time: (N, C, T), as torch's one-dimensional convolutions take them."""

    axes = ("N", "C", "T")
    title = "signal"

    @property
    def channels(self) -> int:
        return self.meta.shape[1]


class Vector(Features):
    """Feature vectors: (N, F)."""

    axes = ("N", "F")
    title = "vector"


class Labels(Tensor):
    """A class for each sample: (N,), integers from 0."""

    axes = ("N",)
    holds = "integers"
    title = "labels"


class Tokens(Tensor):
    """A sequence of classes for each sample: (N, T), integers from 0."""

    axes = ("N", "T")
    holds = "integers"
    title = "tokens"


class Mask(Tensor):
    """Which steps of each sequence are real, and do not only fill it up: (N, T), true or false."""

    axes = ("N", "T")
    holds = "booleans"
    title = "mask"


class Classes(Tensor):
    """Whole numbers from 0, of any shape: labels, or tokens."""

    holds = "integers"
    title = "classes"


class NodeFeatures(Tensor):
    """Feature vectors of the nodes of all graphs of a batch: (V, F)."""

    axes = ("V", "F")
    strict = True
    title = "node features"

    @property
    def features(self) -> int:
        return self.meta.shape[1]


class EdgeFeatures(Tensor):
    """Feature vectors of edges, in the order of the edge index: (E, F)."""

    axes = ("E", "F")
    strict = True
    title = "edge features"

    @property
    def features(self) -> int:
        return self.meta.shape[1]


class EdgeIndex(Tensor):
    """Edges from the nodes in the first row to those in the second: (2, E), integers from 0.

    Both directions of an edge that has none are listed.
    """

    axes = ("2", "E")
    strict = True
    holds = "integers"
    title = "edge index"


class GraphIndex(Tensor):
    """Which graph of the batch each node belongs to: (V,), integers from 0."""

    axes = ("V",)
    strict = True
    holds = "integers"
    title = "graph index"


class GraphSizes(Tensor):
    """How many nodes each graph of the batch has: (G,). Its length is the number of graphs."""

    axes = ("G",)
    strict = True
    holds = "integers"
    title = "graph sizes"


class Scalar(Tensor):
    """One number: a loss."""

    axes = ()
    title = "scalar"


class Weights(Tensor):
    """The weights of a block, for an optimizer to move."""

    title = "weights"


OF_GRAPHS = (NodeFeatures, EdgeFeatures, EdgeIndex, GraphIndex)
"""The kinds that a tensor shows by the letters of its sizes."""
NAMED = (Image, Volume, Sequence, Vector, Labels, Tokens, Mask, Scalar)
"""The kinds that a tensor shows by its rank and dtype alone."""


def kind_of(meta: Meta) -> type[Tensor]:
    """The most telling kind of a tensor: an image, a sequence, …, or just a tensor."""
    told = (kind for kind in OF_GRAPHS if kind.accepts(meta) and kind.is_lettered(meta))
    plain = (kind for kind in NAMED if kind.accepts(meta))
    return next(itertools.chain(told, plain), Tensor)
