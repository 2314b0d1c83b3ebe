"""What a node type is: a class whose fields are parameters and whose `build` has the input ports as
its signature.
"""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import (
    Annotated,
    Any,
    ClassVar,
    Literal,
    NamedTuple,
    Self,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from pydantic import (
    ConfigDict,
    Field,
    JsonValue,
    PositiveFloat,
    PositiveInt,
    model_validator,
)

from graphs.nodetypes.expressions import Expression
from graphs.nodetypes.field_help import help_of
from graphs.nodetypes.file_dependencies import FromFiles
from graphs.nodetypes.outputs import Outputs, output_paths
from graphs.nodetypes.parameters import Parameter, parameter_of
from graphs.nodetypes.safetensors_header import Start
from graphs.nodetypes.tensor_kinds import SYMBOLS, Meta, Scalar, Tensor, Weights
from graphs.nodetypes.time_dependence import OverTime, looks

Role = Literal["layer", "data", "loss", "metric", "probe", "optimizer", "input", "output"]
Shapes = list[tuple[int, ...] | Meta]


class Port(NamedTuple):
    """Where a wire ends at a node. `many` takes any number of wires, in order."""

    name: str
    takes: type[Tensor]
    optional: bool = False
    many: bool = False

    @property
    def kind(self) -> str:
        """The kind's name: image, labels, tensor, …"""
        return self.takes.title


class BlockInterface(NamedTuple):
    """What a block shows: its input ports, the names of its outputs, its parameters' defaults."""

    inputs: tuple[Port, ...]
    outputs: tuple[str, ...]
    parameters: Mapping[str, int | float]


class Example(NamedTuple):
    """A row of the table test: parameters, what arrives, what must leave or what is wrong."""

    parameters: dict[str, Any]
    inputs: Shapes
    outputs: Shapes | None = None
    problem: str | None = None


class Misfit(ValueError):
    """Raised by `build` when parameters and wires do not fit; `use` are parameters that would."""

    def __init__(self, text: str, use: Mapping[str, JsonValue] | None = None) -> None:
        super().__init__(text)
        self.use = use or {}


def axis_of(x: Tensor, dim: int) -> int:
    """An axis counted from the front. Raises Misfit where the tensor has no such axis."""
    rank = len(x.shape)
    if not -rank <= dim < rank:
        raise Misfit(f"there is no axis {dim} in {x.meta.text}", use={"dim": -1} if rank else {})
    return dim % rank


class NodeType(FromFiles):
    """A kind of node. A subclass registers itself under its name, unless it is made with
    `base=True`: what several types have in common.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    version: ClassVar[int] = 1
    """Raised when the meaning of saved parameters changes; `migrate` then mends older ones."""
    keywords: ClassVar[tuple[str, ...]] = ()
    """Other words for it that a search finds: torch's name, abbreviations, synonyms, the task."""
    role: ClassVar[Role] = "layer"
    outputs: ClassVar[Outputs] = "output"
    """Names of the outputs; a tuple where `build` returns several, nested as it returns them."""
    examples: ClassVar[tuple[Example, ...]] = ()
    stops_gradient: ClassVar[bool] = False
    """Whether no gradient passes through to what stands before it."""
    adapter: ClassVar[bool] = False
    """Whether it may be offered, with its default parameters, to make a wire fit a port."""
    over_time: ClassVar[OverTime] = looks
    """How it treats the steps of a sequence: alone, remembers(1), … A method, where it depends."""

    def __init_subclass__(cls, *, base: bool = False, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if base:
            return
        if cls.__name__ in _registry and _registry[cls.__name__].__module__ != cls.__module__:
            raise TypeError(
                f"there is a node type {cls.__name__} in {_registry[cls.__name__].__module__}"
            )
        _registry[cls.__name__] = cls
        port_names.cache_clear()

    @classmethod
    def type_name(cls) -> str:
        """The name that documents know it by."""
        return cls.__name__

    @classmethod
    def help(cls) -> str:
        """What it does and when to use it."""
        return inspect.cleandoc(cls.__doc__ or "")

    @classmethod
    def summary(cls) -> str:
        """The help's first sentence."""
        return " ".join(cls.help().split("\n\n")[0].split())

    @classmethod
    @functools.cache
    def inputs(cls) -> tuple[Port, ...]:
        """The input ports, read off the signature of `build`."""
        build = inspect.signature(cls.build).parameters.values()
        hints = get_type_hints(cls.build)
        return tuple(
            _port(parameter, hints[parameter.name])
            for parameter in build
            if parameter.name != "self" and parameter.kind is not parameter.KEYWORD_ONLY
        )

    @classmethod
    def output_names(cls) -> tuple[str, ...]:
        """The names of the output ports, in order."""
        return tuple(path_name for path_name, _ in output_paths(cls.outputs))

    @classmethod
    @functools.cache
    def parameters(cls) -> tuple[Parameter, ...]:
        """The parameters, as a form shows them."""
        schema = cls.model_json_schema()["properties"] if cls.model_fields else {}
        return tuple(
            parameter_of(name, entry, help_of(cls, name)) for name, entry in schema.items()
        )

    @classmethod
    def migrate(cls, version: int, parameters: dict[str, JsonValue]) -> dict[str, JsonValue]:
        """Parameters that an older version saved, as this one means them."""
        return parameters

    @classmethod
    @functools.cache
    def block_fields(cls) -> tuple[str, ...]:
        """The parameters that name a block; `build` takes each block as a keyword."""
        return tuple(parameter.name for parameter in cls.parameters() if parameter.form == "block")

    @classmethod
    def varies(cls) -> bool:
        """Whether the ports of a node follow its parameters, such as the block that it holds."""
        return cls.ports is not NodeType.ports or cls.results is not NodeType.results

    def ports(self, blocks: Mapping[str, BlockInterface]) -> tuple[Port, ...]:
        """The input ports of one node; a type that holds a block reads them off the block."""
        return self.inputs()

    def results(self, blocks: Mapping[str, BlockInterface]) -> Outputs:
        """The outputs of one node; a type that holds a block reads them off the block."""
        return self.outputs

    @property
    def shared_weights(self) -> str:
        """A name for the node's weights that other nodes of the graph may give theirs too."""
        return ""

    @property
    def module_name(self) -> str:
        """What its module is called in printed code, where that is not the node's own name."""
        return ""

    @property
    def frozen(self) -> bool:
        """Whether its weights stay as they are, in evaluation mode, whatever optimizers say."""
        return False

    @property
    def learns(self) -> bool:
        """Whether an optimizer may move its weights by what comes of this node."""
        return not self.frozen

    @property
    def follows(self) -> str:
        """The shared weights that its own are the moving average of."""
        return ""

    @property
    def starts_from(self) -> Start | None:
        """The file that its weights start from, if there is one."""
        return None

    def picks(self, wires: int) -> int | None:
        """Of so many wires, the number of the only one that it needs; None: it needs all of them.
        Raises Misfit.
        """
        return None

    def build(self, *args: Any, **blocks: Any) -> Any:
        """Describe the Python of this node. The signature of a subclass names its input ports."""
        raise TypeError(f"{type(self).__name__} has no build")


class Data(NodeType, base=True):
    """Where samples come from. `build` describes a loader that returns split -> field -> tensor."""

    role = "data"
    common: ClassVar[tuple[str, ...]] = ("batch_size", "sampling", "drop_last", "epoch_samples")
    """Parameters that stand last in the form, since all data nodes have them."""
    downloads: ClassVar[bool] = False
    """Whether its samples come over the network."""
    batch_size: PositiveInt = 64
    """Batch size: how many samples the network sees between two updates."""
    sampling: Literal["shuffled", "fixed", "weighted", "balanced"] = "shuffled"
    """The order of training samples: at random, as they lie (fixed), drawn so that classes come
    equally often (weighted), or classes in turn (balanced)."""
    drop_last: bool = False
    """Leave out the last batch of an epoch when it is not full."""
    epoch_samples: PositiveInt | None = None
    """How many training samples an epoch has, each time others: a large set is then measured and
    looked at more often than once in a pass over all of it; none: all of them."""

    @model_validator(mode="after")
    def _has_classes(self) -> Self:
        if self.sampling in ("weighted", "balanced") and self.class_field is None:
            raise ValueError(f"{self.sampling} sampling needs a field of classes, (N,)")
        if self.epoch_samples and self.sampling == "fixed":
            raise ValueError("in a fixed order epoch_samples would always take the same ones")
        return self

    @classmethod
    @functools.cache
    def parameters(cls) -> tuple[Parameter, ...]:
        """Its own first, then those that all data nodes have."""
        found = super().parameters()
        return tuple(sorted(found, key=lambda parameter: parameter.name in cls.common))

    @property
    def class_field(self) -> str | None:
        """The field with the classes by which samples may be drawn."""
        fields, labels = self.fields(), Meta((SYMBOLS["N"],), "int64")
        return next((name for name in fields if fields[name] == labels), None)

    def letters(self, folder: Path | None) -> Sequence[str] | None:
        """What its tokens stand for, by index, for people to read; None: nothing but numbers."""
        return None

    @property
    def read_ahead(self) -> int:
        """How many processes read the next batches, where samples are given by index."""
        return 0

    @property
    def hands_out(self) -> bool:
        """Whether each split that the loader returns is an object with `__len__()`, `to(device)`
        and `take(index) -> field -> tensor`: for graphs, and files that are read on demand.
        """
        return False

    @property
    def counted(self) -> str | None:
        """A field with one row a sample, by which batches are counted; None: one sample a batch."""
        one = ((SYMBOLS["N"],), (SYMBOLS["G"],))
        fields = self.fields()
        return next((name for name in fields if fields[name].shape[:1] in one), None)

    def fields(self) -> dict[str, Meta]:
        """What a batch holds, by output port; the first axis is the batch."""
        raise TypeError(f"{type(self).__name__} does not say its fields")

    def fields_from(self, given: Mapping[str, Meta]) -> dict[str, Meta]:
        """The same, for data that is made from other data: what is wired to its ports."""
        return self.fields()


class Loss(NodeType, base=True):
    """A scalar to minimise. It is logged under the node's name."""

    role = "loss"


class Metric(NodeType, base=True):
    """A scalar to watch. It is logged under the node's name and moves nothing."""

    role = "metric"
    better: ClassVar[Literal["max", "min"]] = "max"
    over_split: ClassVar[bool] = False
    """Whether it is no mean over batches: `build` then describes `finish(kept)`, and over a split
    what was kept of all batches is finished together (`graphs/codegen/classes/split_metrics.py`).
    """


class Optimizer(NodeType, base=True):
    """A statement: minimise this scalar over these weights, or over all that the loss reaches."""

    role = "optimizer"
    outputs = ()
    needs_closure: ClassVar[bool] = False
    """Whether it looks at its loss several times in one step, which a closure computes again."""
    every: PositiveInt = 1
    """On which batches it acts: 1 is each, 5 every fifth. Others only measure its loss."""
    times: PositiveInt = 1
    """How often it acts on one batch; what its loss needs is computed anew each time."""
    first_epoch: PositiveInt | None = None
    """The epoch in which it begins to act; none: the first."""
    last_epoch: PositiveInt | None = None
    """The last epoch in which it acts; none: the run's last."""
    clip_norm: PositiveFloat | None = None
    """Gradient clipping: the largest norm that its gradient may have, over all its weights
    together; none: no limit.
    """
    accumulate: PositiveInt = 1
    """Gradient accumulation: over how many of its batches the gradient is averaged before the
    weights move.
    """
    schedule: Literal[
        "constant", "step", "exponential", "cosine", "one_cycle", "warm_up", "plateau"
    ] = "constant"
    """Learning-rate schedule: lower after every few epochs (step) or each (exponential), to 0 along
    a cosine, up and down (one_cycle), up at first (warm_up), lower when the validation loss stops
    falling (plateau).
    """
    schedule_factor: Annotated[float, Field(gt=0, lt=1)] | None = None
    """What the learning rate is multiplied by each time (step and plateau: 0.1, exponential: 0.95
    where none), or the share of it with which warm_up begins (0.1 where none).
    """
    schedule_length: PositiveInt | None = None
    """Epochs between steps (none: 10) or that plateau waits (5), or updates of warm_up (100)."""

    @classmethod
    @functools.cache
    def parameters(cls) -> tuple[Parameter, ...]:
        """Its own first, then those that all optimizers have."""
        return tuple(sorted(super().parameters(), key=lambda p: p.name in Optimizer.model_fields))

    def complaint(self, shapes: Iterable[tuple[int, ...]]) -> str:
        """What is wrong with weights of these shapes; nothing where it can move them."""
        return ""

    def build(self, loss: Scalar, *weights: Weights) -> Expression:
        """Describe the optimizer; `weights` is one expression, the parameters that it owns."""
        raise TypeError(f"{type(self).__name__} has no build")


_registry: dict[str, type[NodeType]] = {}


def node_types() -> Mapping[str, type[NodeType]]:
    """Every node type by its name."""
    return types.MappingProxyType(_registry)


@functools.cache
def port_names(type_name: str) -> tuple[frozenset[str] | None, frozenset[str] | None]:
    """The names of a type's input and output ports; None where the type is unknown."""
    type_ = _registry.get(type_name)
    if type_ is None:
        return None, None
    return frozenset(port.name for port in type_.inputs()), frozenset(type_.output_names())


def _port(parameter: inspect.Parameter, hint: Any) -> Port:
    optional = get_origin(hint) in (Union, types.UnionType) and type(None) in get_args(hint)
    kind = next(arg for arg in get_args(hint) if arg is not type(None)) if optional else hint
    many = parameter.kind is inspect.Parameter.VAR_POSITIONAL
    return Port(parameter.name, kind, optional, many)


File = Field(json_schema_extra={"form": "file"})
"""Marks a parameter that names a file in the document's folder."""
BlockName = Annotated[str, Field(json_schema_extra={"form": "block"})]
"""A parameter that names a block of the document."""
