"""Blocks: graphs used inside others, once, several times, or in a row."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, PositiveInt
from torch import nn

from graphs.document.identifiers import identifier
from graphs.nodetypes.block_ports import BlockInput, BlockOutput
from graphs.nodetypes.expressions import Apply, Call, call
from graphs.nodetypes.node_type import BlockInterface, BlockName, File, Misfit, NodeType, Port
from graphs.nodetypes.outputs import Outputs
from graphs.nodetypes.safetensors_header import Start
from graphs.nodetypes.tensor_kinds import (
    NAMED,
    OF_GRAPHS,
    Classes,
    Features,
    GraphSizes,
    Numbers,
    Tensor,
)
from graphs.nodetypes.time_dependence import inside
from graphs.runtime.blocks.freezing import frozen
from graphs.runtime.blocks.moving_average import Average
from graphs.runtime.blocks.repeating import Again, Chain

_KINDS = {
    kind.title: kind
    for kind in (Tensor, Numbers, Features, Classes, *NAMED, *OF_GRAPHS, GraphSizes)
}


class Input(BlockInput):
    """What arrives at a block: an input port of the block, named after this node.

    Use it inside a block, once for each thing that the block is given.
    """

    keywords = (
        "block input",
        "placeholder",
        "port",
        "argument",
        "parameter of a block",
        "subgraph input",
    )

    kind: Literal[
        "tensor",
        "numbers",
        "features",
        "image",
        "volume",
        "sequence",
        "vector",
        "labels",
        "tokens",
        "classes",
        "mask",
        "scalar",
        "node features",
        "edge features",
        "edge index",
        "graph index",
        "graph sizes",
    ] = "tensor"
    """What may arrive; `tensor` is anything."""

    @property
    def takes(self) -> type[Tensor]:
        return _KINDS[self.kind]

    def build(self) -> Any:
        raise Misfit("an input stands inside a block")


class Output(BlockOutput):
    """What leaves a block: an output port of the block, named after this node.

    Use it inside a block, once for each thing that the block gives.
    """

    keywords = ("block output", "return", "port", "result", "subgraph output")

    def build(self, value: Tensor) -> Any:
        return value


class _Holder(NodeType, base=True):
    """A node with the ports of the block that it holds."""

    block: BlockName = ""
    """Which block of the document it is."""
    arguments: dict[str, int | float] = Field(default={})
    """Values of the block's parameters; those not named have the block's own."""

    def ports(self, blocks: Mapping[str, BlockInterface]) -> tuple[Port, ...]:
        return blocks[self.block].inputs if self.block in blocks else ()

    def results(self, blocks: Mapping[str, BlockInterface]) -> Outputs:
        names = blocks[self.block].outputs if self.block in blocks else ()
        return names[0] if len(names) == 1 else names


class BlockUse(_Holder, base=True):
    """A node whose block has weights that other nodes may share."""

    weights: str = ""
    """A name for its weights, to share them (weight sharing): uses of the block with the same name
    have the same. Empty: its own.
    """
    state: Literal["trained", "frozen"] = "trained"
    """Trained, or frozen: in evaluation mode, and moved by no optimizer."""
    start_from: Annotated[str, File] = ""
    """A safetensors file in the document's folder or below it, such as a run or an exported file
    saves, whose weights these are at first; a training that is resumed goes on with its own.
    """
    start_part: str = ""
    """What stands before the names of these weights in the file, such as `network.encoder`; empty
    where the file holds this block and nothing else.
    """

    @property
    def shared_weights(self) -> str:
        return f"{self.block} {self.weights}" if self.weights else ""

    @property
    def module_name(self) -> str:
        return identifier(self.weights or self.block)

    @property
    def frozen(self) -> bool:
        return self.state != "trained"

    @property
    def starts_from(self) -> Start | None:
        return Start(self.start_from, self.start_part) if self.start_from else None


class Block(BlockUse):
    """A use of a block (submodule), which is a graph of the same document drawn once and used many
    times.

    Give two uses the same name of weights, and they share them: a discriminator that sees real and
    generated images is one block, used twice. Two names, or none, are two sets of weights.
    """

    keywords = (
        "module",
        "nn.Module",
        "subgraph",
        "submodule",
        "group",
        "function",
        "shared weights",
        "weight sharing",
        "siamese",
        "ema",
        "exponential moving average",
        "frozen",
        "freeze",
        "pretrained",
        "load weights",
        "checkpoint",
        "transfer learning",
        "fine-tuning",
    )
    over_time = inside
    state: Literal["trained", "frozen", "frozen_here", "average"] = "trained"  # type: ignore[assignment]
    """Trained; frozen: in evaluation mode, and moved by no optimizer; frozen_here: so in this use
    alone, while another use trains the same weights; or the moving average of another use's
    weights, in evaluation mode too.
    """
    average_of: str = ""
    """For a moving average (EMA): the name of the weights that it follows, step by step."""
    decay: Annotated[float, Field(gt=0, lt=1)] = 0.999
    """For a moving average: its decay, how much of it stays at each step, from 0 to 1."""

    @property
    def frozen(self) -> bool:
        return self.state in ("frozen", "average")

    @property
    def learns(self) -> bool:
        return self.state == "trained"

    @property
    def follows(self) -> str:
        return f"{self.block} {self.average_of}" if self.state == "average" else ""

    @property
    def module_name(self) -> str:
        name = super().module_name
        return f"{name}_average" if self.state == "average" and not self.weights else name

    def build(self, *inputs: Tensor, block: Any) -> Call | Apply:
        made = call(block, **self.arguments)
        if self.state == "average":
            return call(Average, made, decay=self.decay)(*inputs)
        return call(frozen, made, *inputs) if self.state == "frozen_here" else made


class Repeat(_Holder):
    """Stack of copies of a block: the output of one copy is the input of the next.

    The first output and the first input are the chain, such as a residual stream. Other inputs
    reach every copy; other outputs are summed over all copies, as skip connections are. A parameter
    inside may say `=2 ** i`, where `i` is the number of the copy, from 0.
    """

    keywords = (
        "nn.Sequential",
        "sequential",
        "modulelist",
        "stack of layers",
        "layers in a row",
        "for loop",
        "depth",
        "repeated block",
    )

    copies: PositiveInt = 3
    """How many stand in the row."""
    weights: Literal["own", "shared"] = "own"
    """Each copy with weights of its own, or all with the same."""

    over_time = inside

    def build(self, *inputs: Tensor, block: Any) -> Apply:
        if self.weights == "shared":
            return call(Again, call(block, **self.arguments, i=0), self.copies)(*inputs)
        copies = [call(block, **self.arguments, i=number) for number in range(self.copies)]
        if len(block.interface.inputs) == len(block.interface.outputs) == 1:
            return call(nn.Sequential, *copies)(*inputs)
        return call(Chain, copies)(*inputs)
