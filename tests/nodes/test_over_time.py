"""What node types say of the steps of a sequence, held to what they do with them."""

import itertools
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

import nodes.library  # noqa: F401  registers the node types
from graphs.check.shape_inference import Facts, infer, meta_of, meta_tensor
from graphs.document.document import End
from graphs.nodetypes.expressions import Evaluation
from graphs.nodetypes.node_type import Example, NodeType, node_types
from graphs.nodetypes.tensor_kinds import Meta
from graphs.nodetypes.time_dependence import Arriving, inside, looks
from graphs.runtime.blocks.generation import remembering
from tests.nodes.bench import described, ends_of, inputs_for, metas_of, printed_class

DECLARED = [
    pytest.param(type_, id=name)
    for name, type_ in sorted(node_types().items())
    if type_.over_time not in (looks, inside) and type_.role == "layer"
]
Axes = tuple[int | None, ...]
"""Which axis of each input is time, if one is."""


def ways(metas: list[Meta]) -> Iterator[Axes]:
    """All the ways in which time may run along what arrives, with as many steps everywhere."""
    for axes in itertools.product(*([None, *range(1, len(meta.shape))] for meta in metas)):
        sizes = {meta.shape[a] for meta, a in zip(metas, axes, strict=True) if a is not None}
        if len(sizes) == 1 and sizes.pop() > 2:
            yield axes


def resized(metas: list[Meta], axes: Axes, steps: int) -> list[Meta]:
    """The inputs with so many steps."""
    sizes = (list(meta.shape) for meta in metas)
    return [
        meta._replace(shape=tuple(steps if a == axis else s for a, s in enumerate(size)))
        for meta, axis, size in zip(metas, axes, sizes, strict=True)
    ]


def facts_of(type_: NodeType, metas: list[Meta]) -> Facts:
    """What leaves, and the weights that it takes."""
    sources = ends_of(type_, metas)
    arrivals = ((name, tuple(meta for _, meta in found)) for name, found in sources.items())
    return infer(type_, tuple(arrivals))


def grown(short: Meta, long: Meta) -> list[int]:
    """The axes that grew."""
    sizes = zip(short.shape, long.shape, strict=True)
    return [axis for axis, (a, b) in enumerate(sizes) if a != b]


def pieces(tensors: list[Tensor], axes: Axes, steps: int) -> list[list[Tensor]]:
    """The inputs in pieces: two steps, then one after another."""
    ends = [(0, 2), *((step, step + 1) for step in range(2, steps))]
    return [
        [
            x if a is None else x.narrow(a, start, end - start)
            for x, a in zip(tensors, axes, strict=True)
        ]
        for start, end in ends
    ]


def module_of(example: Example, made: NodeType, results: list[Meta]) -> nn.Module:
    """The printed module of a node, with numbers of its own."""
    node = described(example, made)
    metas = dict(zip((End("node", port) for port in node.outputs), results, strict=True))
    torch.manual_seed(0)
    return printed_class(node, len(example.inputs), metas)[1].eval()


def is_held(made: NodeType, example: Example, axes: Axes) -> bool:
    """Check a node in pieces against the whole, if it may run in pieces; whether it may."""
    metas = metas_of(example.inputs)
    ports = [name for name, found in ends_of(made, metas).items() for _ in found]
    ranks = [len(meta.shape) for meta in metas]
    arriving = tuple(map(Arriving, ports, ranks, axes))
    treatment = made.over_time(arriving)
    if treatment == "looks":
        return False
    steps = next(m.shape[a] for m, a in zip(metas, axes, strict=True) if a is not None)
    lengths = (1, 2, steps, steps + 1)
    found = [facts_of(made, resized(metas, axes, count)) for count in lengths]
    if any(facts.problem or facts.weights != found[0].weights for facts in found):
        return False
    results, longer = ([meta for _, meta in facts.outputs] for facts in found[2:])
    growth = list(map(grown, results, longer))
    if any(len(along) > 1 for along in growth):
        return False
    tensors = SURE.get(made.type_name(), list)(inputs_for(metas))
    check_pieces(module_of(example, made, results), tensors, axes, growth, steps, treatment)
    return True


def sure_mixture(tensors: list[Tensor]) -> list[Tensor]:
    """Narrow parts of a mixture beyond the outer levels, one of which has all the weight."""
    weights, means, scales = tensors[0].chunk(3, 1)
    return [torch.cat([weights * 1e6, 3 * means.sign(), scales - 60], 1)]


SURE = {
    "CategoricalSample": lambda tensors: [tensors[0] * 1e6],
    "LogisticMixtureSample": sure_mixture,
    "LogisticSample": lambda tensors: [tensors[0], tensors[1] - 60],
    "Reparameterise": lambda tensors: [tensors[0], tensors[1] - 60],
}
"""What draws, draws from what leaves no choice, so that pieces compare with the whole."""


def check_pieces(
    module: nn.Module,
    tensors: list[Tensor],
    axes: Axes,
    growth: list[list[int]],
    steps: int,
    treatment: str,
) -> None:
    """The outputs of the pieces, put together, are those of the whole."""
    with torch.no_grad():
        whole = module(*tensors)
        with remembering(module, treatment == "remembers"):
            parts = [module(*piece) for piece in pieces(tensors, axes, steps)]
    for number, along in enumerate(growth):
        found = [part[number] for part in parts]
        joined = torch.cat(found, along[0]) if along else found[-1]
        assert along or treatment != "alone"
        torch.testing.assert_close(joined, whole[number], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("type_", DECLARED)
def test_the_whole_is_its_steps(type_: type[NodeType]) -> None:
    """What says that it takes each step on its own, or remembers, gives in pieces what it gives at
    once, for every axis of its examples that it says this of.
    """
    rows = [example for example in type_.examples if example.problem is None]
    held = [
        is_held(made, example, axes)
        for example in rows
        for made in [type_.model_validate(example.parameters)]
        for axes in ways(metas_of(example.inputs))
    ]
    assert any(held), f"{type_.__name__} has no example with steps: add one"


LIARS = [("Mean", {}), ("Softmax", {}), ("Conv1d", {}), ("LSTM", {"bidirectional": True})]


@pytest.mark.parametrize(("name", "parameters"), LIARS)
def test_a_wrong_word_is_found(
    name: str, parameters: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test above would see a type that says what it does not do."""
    type_ = node_types()[name]
    example = next(e for e in type_.examples if e.problem is None and len(e.inputs[0]) >= 3)
    made = type_.model_validate({**example.parameters, **parameters})
    outputs = [meta for _, meta in facts_of(made, metas_of(example.inputs)).outputs]
    example = example._replace(outputs=list(outputs))
    monkeypatch.setattr(type_, "over_time", lambda node, arriving: "remembers")
    with pytest.raises(AssertionError, match="Tensor-likes are not"):
        assert [is_held(made, example, axes) for axes in ways(metas_of(example.inputs))]


LAYERS = [
    pytest.param(type_, example, id=f"{name}-{number}")
    for name, type_ in sorted(node_types().items())
    if type_.__module__ == "nodes.layers.recurrence"
    for number, example in enumerate(type_.examples)
    if example.problem is None and not any(isinstance(shape, Meta) for shape in example.inputs)
]


@pytest.mark.parametrize(("type_", "example"), LAYERS)
def test_shapes_found_sooner_are_the_same(
    type_: type[NodeType], example: Example, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shortcut on the meta device gives the shapes of the long way."""
    node = described(example, type_.model_validate(example.parameters))
    shapes = []
    for _ in range(2):
        run = Evaluation(meta_tensor)
        shapes.append([meta_of(run.value(value)) for value in node.outputs.values()])
        monkeypatch.setattr("graphs.nodetypes.expressions.SHORTCUTS", {})
    assert shapes[0] == shapes[1]
