"""Loops over blocks: over time, over an axis, or over tasks."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, PositiveFloat, PositiveInt

from graphs.nodetypes.expressions import Call, call
from graphs.nodetypes.node_type import BlockInterface, Misfit, Port
from graphs.nodetypes.outputs import Outputs
from graphs.nodetypes.tensor_kinds import (
    Labels,
    Meta,
    Numbers,
    Sequence,
    Tensor,
    Tokens,
    Vector,
    is_symbolic,
)
from graphs.runtime.blocks.scan_map_adapt import adapt, over_axis, scan
from nodes.blocks.blocks import BlockUse

_OVER_STEPS: dict[type[Tensor], type[Tensor]] = {Vector: Sequence, Labels: Tokens}
"""The kind that has a value of another kind at each step."""


class Scan(BlockUse):
    """Recurrent loop: runs a block over time with a state, a recurrent network whose cell you draw.

    The block is one step. An input of it that has an output's name is a state: what leaves there
    comes in again at the next step. Other inputs get one step each of the sequences wired here;
    other outputs leave as sequences, states as their last value. A state begins as what is wired to
    it, or as zeros.
    """

    keywords = (
        "rnn loop",
        "recurrent loop",
        "for loop over time",
        "unroll",
        "unrolled",
        "custom rnn",
        "recurrent cell",
        "nn.RNN",
        "jax.lax.scan",
        "while loop",
    )

    features: PositiveInt = 64
    """Hidden size of a state that begins as zeros, (N, features)."""
    whole: tuple[str, ...] = ()
    """Inputs that every step sees whole, such as the sequence that an attention looks at."""

    def ports(self, blocks: Mapping[str, BlockInterface]) -> tuple[Port, ...]:
        if self.block not in blocks:
            return ()
        return tuple(self._port(port, blocks[self.block]) for port in blocks[self.block].inputs)

    def _port(self, port: Port, interface: BlockInterface) -> Port:
        if port.name in interface.outputs:
            return port._replace(optional=True)
        if port.name in self.whole:
            return port
        return port._replace(takes=_OVER_STEPS.get(port.takes, Tensor))

    def build(self, *inputs: Tensor | None, block: Any) -> Call:
        takes = tuple(port.name for port in block.interface.inputs)
        gives = block.interface.outputs
        given = dict(zip(takes, inputs, strict=True))
        metas = self._step(given, gives)
        for name, result in zip(gives, block.results(metas.values(), self.arguments), strict=True):
            if name in takes:
                self._require_same(name, metas[name], result, given[name])
        while inputs and inputs[-1] is None:
            inputs = inputs[:-1]
        cell = call(block, **self.arguments)
        options = {"whole": self.whole} if self.whole else {}
        return call(
            scan, cell, *inputs, takes=takes, gives=gives, features=self.features, **options
        )

    def _step(self, given: Mapping[str, Tensor | None], gives: tuple[str, ...]) -> dict[str, Meta]:
        """What each input of the block gets at a step, where all fits."""
        metas = {name: value.meta for name, value in given.items() if value is not None}
        cut = [name for name in given if name not in (*gives, *self.whole)]
        zeros = Meta((_batch_of({name: metas[name] for name in cut}), self.features))
        return {
            name: _one_step(metas[name]) if name in cut else metas.get(name, zeros)
            for name in given
        }

    def _require_same(self, name: str, state: Meta, result: Meta, wired: Tensor | None) -> None:
        if state == result:
            return
        fits = wired is None and len(result.shape) == 2
        advice = f"set features to {result.shape[1]}" if fits else "wire it what it begins with"
        raise Misfit(
            f"{name} is {state.text}, and {self.block} gives {result.text} back: {advice}",
            use={"features": result.shape[1]} if fits else None,
        )


class Map(BlockUse):
    """Maps a block over an axis: applies it at every place, as if each place were a sample of its
    own.

    Use it to show each step of a sequence, each frame or each patch to a network that is made for
    one (time-distributed). The block's weights are the same everywhere.
    """

    keywords = (
        "vmap",
        "timedistributed",
        "time distributed",
        "apply along axis",
        "per step",
        "per frame",
        "batched",
    )

    axis: Annotated[int, Field(ge=1)] = 1
    """The axis whose places are taken one by one: 1 is time of (N, T, F)."""

    def ports(self, blocks: Mapping[str, BlockInterface]) -> tuple[Port, ...]:
        return tuple(port._replace(takes=Tensor) for port in super().ports(blocks))

    def build(self, *inputs: Tensor, block: Any) -> Call:
        shapes = " and ".join(value.meta.text for value in inputs)
        if any(len(value.shape) <= self.axis for value in inputs):
            raise Misfit(f"there is no axis {self.axis} in {shapes}")
        if len({value.shape[self.axis] for value in inputs}) > 1:
            raise Misfit(f"needs equal sizes of axis {self.axis}, got {shapes}")
        return call(over_axis, call(block, **self.arguments), *inputs, axis=self.axis)


class Adapt(BlockUse):
    """Model-agnostic meta-learning (MAML): adapts a block to each task by gradient steps on a few
    examples, and applies it to the task's queries.

    Every sample of a batch is a task: `support`, (N, K, …), are its K examples, `answer` what is
    right for them, `query`, (N, Q, …), what is asked. The weights that the inner gradient steps
    start from are what an optimizer trains here (Finn et al. 2017, arXiv 1703.03400). The block has
    one input and one output, and keeps no running means.
    """

    keywords = (
        "maml",
        "meta-learning",
        "inner loop",
        "fast weights",
        "inner gradient steps",
        "learning to learn",
        "bilevel",
    )

    steps: PositiveInt = 1
    """How many inner gradient steps each task takes."""
    lr: PositiveFloat = 0.01
    """Learning rate of the inner gradient steps."""
    loss: Literal["mean_squared_error", "cross_entropy"] = "mean_squared_error"
    """The loss of the inner steps: for real numbers, or for classes (N, K)."""
    order: Literal["second", "first"] = "second"
    """Second order: the gradient runs through the inner steps; first order: their gradients are
    taken as constants, which is cheaper and nearly as good.
    """

    outputs = "prediction"

    def ports(self, blocks: Mapping[str, BlockInterface]) -> tuple[Port, ...]:
        return self.inputs()

    def results(self, blocks: Mapping[str, BlockInterface]) -> Outputs:
        return self.outputs

    def build(self, support: Numbers, answer: Tensor, query: Numbers, *, block: Any) -> Call:
        if len(block.interface.inputs) != 1 or len(block.interface.outputs) != 1:
            raise Misfit(f"needs a block with one input and one output: {self.block} is not one")
        examples, asked = _one_task(support), _one_task(query)
        (result,) = block.results([examples], self.arguments)
        self._require_answers(result, _one_task(answer))
        return call(
            adapt,
            call(block.with_weights_for(asked), **self.arguments),
            support,
            answer,
            query,
            steps=self.steps,
            lr=self.lr,
            loss=self.loss,
            order=self.order,
        )

    def _require_answers(self, result: Meta, answer: Meta) -> None:
        classes = Meta(result.shape[:1], "int64")
        wanted = classes if self.loss == "cross_entropy" else result
        if answer != wanted:
            kind = " of integers" if self.loss == "cross_entropy" else ""
            raise Misfit(
                f"{self.block} gives {result.text} for a task's examples: its answers need "
                f"{wanted.text}{kind}, got {answer.text}"
            )


def _one_task(tasks: Tensor) -> Meta:
    if len(tasks.shape) < 2:
        raise Misfit(f"needs the examples of each task, (N, K, …), got {tasks.meta.text}")
    return tasks.meta._replace(shape=tasks.shape[1:])


def _one_step(meta: Meta) -> Meta:
    return meta._replace(shape=(meta.shape[0], *meta.shape[2:]))


def _batch_of(sequences: Mapping[str, Meta]) -> int:
    """The batch size of sequences that fit together."""
    if not sequences:
        raise Misfit("its block needs an input that is no state: add one, for a step of a sequence")
    shapes = " and ".join(meta.text for meta in sequences.values())
    if any(len(meta.shape) < 2 or is_symbolic(meta.shape[1]) for meta in sequences.values()):
        raise Misfit(f"needs sequences, (N, T, …), got {shapes}")
    if len({meta.shape[:2] for meta in sequences.values()}) > 1:
        raise Misfit(f"needs sequences of one length, got {shapes}")
    return next(iter(sequences.values())).shape[0]
