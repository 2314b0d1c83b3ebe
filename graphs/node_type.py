"""What a node type is: a class whose fields are parameters and whose `build` has the input ports as
its signature.
"""

from __future__ import annotations

import functools
import inspect
import sys
import types
from collections.abc import Mapping
from pathlib import Path
from typing import (
    Annotated,
    Any,
    ClassVar,
    Literal,
    NamedTuple,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from pydantic import BaseModel, ConfigDict, Field, JsonValue, PositiveFloat, PositiveInt

from graphs.expressions import Expression
from graphs.kinds import Meta, Scalar, Tensor, Weights
from graphs.parameters import Parameter, parameter_of

Role = Literal["layer", "data", "loss", "metric", "optimizer", "input", "output"]
Outputs = str | tuple["Outputs", ...]
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


class Interface(NamedTuple):
    """What a block shows: its input ports, the names of its outputs, its parameters' defaults."""

    inputs: tuple[Port, ...]
    outputs: tuple[str, ...]
    parameters: Mapping[str, int | float]


class Example(NamedTuple):
    """A row of the table test: parameters, what arrives, what must leave or the words of the
    problem.
    """

    parameters: dict[str, Any]
    inputs: Shapes
    outputs: Shapes | None = None
    problem: str | None = None


class Misfit(ValueError):
    """Raised by `build` when parameters and wires do not fit; `use` are parameters that would."""

    def __init__(self, text: str, use: Mapping[str, JsonValue] | None = None) -> None:
        super().__init__(text)
        self.use = use or {}


class Complaint(NamedTuple):
    """What is wrong with a node's files, and parameters that would mend it."""

    text: str
    parameter: str | None = None
    use: Mapping[str, JsonValue] = types.MappingProxyType({})
    trusts: str = ""
    """The Python file that has to be looked at and trusted first."""


def axis_of(x: Tensor, dim: int) -> int:
    """An axis counted from the front. Raises Misfit where the tensor has no such axis."""
    rank = len(x.shape)
    if not -rank <= dim < rank:
        raise Misfit(f"there is no axis {dim} in {x.meta.text}", use={"dim": -1} if rank else {})
    return dim % rank


class NodeType(BaseModel):
    """A kind of node. A subclass outside this file registers itself under its name."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False
    )
    version: ClassVar[int] = 1
    """Raised when the meaning of saved parameters changes; `migrate` then mends older ones."""
    role: ClassVar[Role] = "layer"
    outputs: ClassVar[Outputs] = "output"
    """Names of the outputs; a tuple is what `build` returns several of, nested as it returns them.
    """
    examples: ClassVar[tuple[Example, ...]] = ()
    stops_gradient: ClassVar[bool] = False
    """Whether nothing before it learns from what comes after."""
    remembered: ClassVar[bool] = True
    """Whether its parameters and what arrives decide all about it, so that it is known for good."""
    adapter: ClassVar[bool] = False
    """Whether it may be offered, with its default parameters, to make a wire fit a port."""

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        if cls.__module__ == __name__ or cls.__name__.startswith("_"):
            return  # a base of node types, not one itself
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
    def family(cls) -> str:
        """The part of the palette it lies in: the first words of its file's docstring."""
        return (sys.modules[cls.__module__].__doc__ or cls.__module__).split(":")[0].strip()

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
        return tuple(parameter_of(name, entry) for name, entry in schema.items())

    @classmethod
    def migrate(cls, version: int, parameters: dict[str, JsonValue]) -> dict[str, JsonValue]:
        """Parameters that an older version saved, as this one means them."""
        return parameters

    @classmethod
    @functools.cache
    def block_fields(cls) -> tuple[str, ...]:
        """The parameters that name a block; `build` takes each block as a keyword."""
        return tuple(parameter.name for parameter in cls.parameters() if parameter.form == "block")

    def placed(self, folder: Path | None) -> NodeType:
        """The node as it is in a document's folder: a type that is made from a file reads it here.
        Raises Misfit where there is no such file.
        """
        return self

    def complaints(self, folder: Path | None) -> list[Complaint]:
        """What is wrong with the files it needs, looking no further than their first lines."""
        return []

    @property
    def python_files(self) -> Mapping[str, bytes]:
        """The user's Python files that it is made from: name in the document's folder -> bytes."""
        return {}

    @property
    def about(self) -> str:
        """Help for this node alone, beyond its type's."""
        return ""

    @property
    def argument_forms(self) -> tuple[Parameter, ...]:
        """What its `arguments` may be, as a form shows them, where no block says it."""
        return ()

    @classmethod
    def varies(cls) -> bool:
        """Whether the ports of a node follow its parameters, such as the block that it holds."""
        return cls.ports is not NodeType.ports or cls.results is not NodeType.results

    def ports(self, blocks: Mapping[str, Interface]) -> tuple[Port, ...]:
        """The input ports of one node; a type that holds a block reads them off the block."""
        return self.inputs()

    def results(self, blocks: Mapping[str, Interface]) -> Outputs:
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
    def follows(self) -> str:
        """The shared weights that its own are the moving average of."""
        return ""

    def build(self, *args: Any, **blocks: Any) -> Any:
        """Describe the Python of this node. The signature of a subclass names its input ports."""
        raise TypeError(f"{type(self).__name__} has no build")


class Data(NodeType):
    """Where samples come from. `build` describes a loader that returns split -> field -> tensor."""

    role = "data"
    batch_size: PositiveInt = 64
    """How many samples the network sees between two updates."""

    def fields(self) -> dict[str, Meta]:
        """What a batch holds, by output port; the first axis is the batch."""
        raise TypeError(f"{type(self).__name__} does not say its fields")


class Loss(NodeType):
    """A number to make small. It is logged under the node's name."""

    role = "loss"


class Metric(NodeType):
    """A number to watch. It is logged under the node's name and moves nothing."""

    role = "metric"
    better: ClassVar[Literal["max", "min"]] = "max"


class Optimizer(NodeType):
    """A statement: minimise this scalar over these weights; with none, over all that the loss
    reaches.
    """

    role = "optimizer"
    outputs = ()
    every: PositiveInt = 1
    """Acts on each so many batches: 5 is every fifth. On the others its loss is only measured."""
    times: PositiveInt = 1
    """How often it acts on one batch; what its loss needs is computed anew each time."""
    first_epoch: PositiveInt | None = None
    """The epoch in which it begins to act; none: the first."""
    last_epoch: PositiveInt | None = None
    """The last epoch in which it acts; none: the run's last."""
    clip_norm: PositiveFloat | None = None
    """The longest that its gradient may be, over all its weights together; none: any length."""
    accumulate: PositiveInt = 1
    """Over how many of its batches the gradient is averaged before the weights move."""
    schedule: Literal[
        "constant", "step", "exponential", "cosine", "one_cycle", "warm_up", "plateau"
    ] = "constant"
    """How the learning rate goes: lower after every few epochs (step) or each (exponential), to 0
    along a cosine, up and down (one_cycle), up at first (warm_up), lower when the validation loss
    stops falling (plateau).
    """
    schedule_factor: Annotated[float, Field(gt=0, lt=1)] | None = None
    """The rate times this is the next (step and plateau: 0.1, exponential: 0.95 where none), or the
    first (warm_up: 0.1)."""
    schedule_length: PositiveInt | None = None
    """Epochs between steps (none: 10) or that plateau waits (5), or updates of warm_up (100)."""

    @classmethod
    @functools.cache
    def parameters(cls) -> tuple[Parameter, ...]:
        """Its own first, then those that all optimizers have."""
        found = super().parameters()
        return tuple(sorted(found, key=lambda parameter: parameter.name in Optimizer.model_fields))

    def build(self, loss: Scalar, *weights: Weights) -> Expression:
        """Describe the optimizer; `weights` is one expression, the parameters that it owns."""
        raise TypeError(f"{type(self).__name__} has no build")


class BlockInput(NodeType):
    """An input port of a block, seen from inside."""

    role = "input"

    @property
    def takes(self) -> type[Tensor]:
        """What may arrive at the port."""
        return Tensor


class BlockOutput(NodeType):
    """An output port of a block, seen from inside."""

    role = "output"
    outputs = ()

    def build(self, value: Tensor) -> Any:
        """The value itself leaves the block."""
        return value


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


def output_paths(outputs: Outputs) -> list[tuple[str, tuple[int, ...]]]:
    """Each output's name and where it lies in what `build` returns: `("last", (1, 0))`."""
    if isinstance(outputs, str):
        return [(outputs, ())]
    return [
        (name, (index, *path))
        for index, part in enumerate(outputs)
        for name, path in output_paths(part)
    ]


def _port(parameter: inspect.Parameter, hint: Any) -> Port:
    optional = get_origin(hint) in (Union, types.UnionType) and type(None) in get_args(hint)
    kind = next(arg for arg in get_args(hint) if arg is not type(None)) if optional else hint
    many = parameter.kind is inspect.Parameter.VAR_POSITIONAL
    return Port(parameter.name, kind, optional, many)


File = Field(json_schema_extra={"form": "file"})
"""Marks a parameter that names a file in the document's folder."""
BlockName = Annotated[str, Field(json_schema_extra={"form": "block"})]
"""A parameter that names a block of the document."""
