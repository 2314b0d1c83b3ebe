"""Recurrent layers: against torch, and with sequences that are filled up."""

import pytest
import torch
from torch import Tensor, nn

import nodes.library  # noqa: F401  registers the node types
from graphs.document.document import End
from graphs.nodetypes.node_type import Example, node_types
from graphs.nodetypes.tensor_kinds import Meta
from graphs.runtime.blocks.scan_map_adapt import scan
from graphs.runtime.layers.positions import length_mask, padding_mask
from graphs.runtime.layers.recurrence import read_real_steps
from tests.nodes.bench import described, printed_class

CLOSE = {"atol": 1e-5, "rtol": 0}
LENGTHS = (7, 4, 1)
KINDS = {"LSTM": nn.LSTM, "GRU": nn.GRU, "RNN": nn.RNN}
SHAPES = [(1, False), (1, True), (2, True)]


def some(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def printed(name: str, inputs: list, parameters: dict, outputs: int = 1) -> nn.Module:
    """The printed module of one node."""
    made = node_types()[name].model_validate(parameters)
    node = described(Example(parameters, inputs), made)
    metas = {End("node", port): Meta(()) for port in node.outputs}
    torch.manual_seed(0)
    return printed_class(node, len(inputs), metas)[1]


def shapes_of(tensors: list[Tensor]) -> list[Meta]:
    return [Meta(tuple(x.shape), str(x.dtype).removeprefix("torch.")) for x in tensors]


@pytest.mark.parametrize(("layers", "both_ways"), SHAPES)
@pytest.mark.parametrize("name", KINDS)
def test_what_fills_up_changes_nothing(name: str, layers: int, both_ways: bool) -> None:
    """Each sequence of a batch is read as if it were alone and as short as it is."""
    size = {"hidden_size": 6, "num_layers": layers, "bidirectional": both_ways}
    x, mask = some(3, 7, 5), length_mask(torch.tensor(LENGTHS), some(3, 7))
    module = printed(name, shapes_of([x, mask]), size)
    layer = module.node
    found = module(x, mask)
    other = module(x.masked_fill(~mask[:, :, None], 9.0), mask)
    assert all(torch.equal(a, b) for a, b in zip(found, other, strict=True))
    for n, length in enumerate(LENGTHS):
        sequence, state = layer(x[n : n + 1, :length])
        torch.testing.assert_close(found[0][n, :length], sequence[0], **CLOSE)
        assert not found[0][n, length:].any()
        states = state if isinstance(state, tuple) else (state,)
        for ours, theirs in zip(found[1:], states, strict=True):
            top = torch.cat([theirs[-2], theirs[-1]], 1) if both_ways else theirs[-1]
            torch.testing.assert_close(ours[n], top[0], **CLOSE)


@pytest.mark.parametrize(("layers", "both_ways"), SHAPES)
@pytest.mark.parametrize("name", KINDS)
def test_a_state_to_begin_with(name: str, layers: int, both_ways: bool) -> None:
    """With a mask of real steps alone it is torch's layer, begun with the same state everywhere."""
    size = {"hidden_size": 6, "num_layers": layers, "bidirectional": both_ways}
    states = [some(3, 6, seed=n) for n in range(2 if name == "LSTM" else 1)]
    x, mask = some(3, 7, 5), torch.ones(3, 7, dtype=torch.bool)
    module = printed(name, shapes_of([x, mask, *states]), size)
    everywhere = [state.expand(layers * (1 + both_ways), -1, -1).contiguous() for state in states]
    wanted = module.node(x, tuple(everywhere) if name == "LSTM" else everywhere[0])[0]
    torch.testing.assert_close(module(x, mask, *states)[0], wanted, **CLOSE)


def test_a_sequence_of_nothing_is_read_as_one_step() -> None:
    layer = nn.GRU(5, 6, batch_first=True)
    x, mask = some(2, 7, 5), length_mask(torch.tensor([0, 7]), some(2, 7))
    sequence, _ = read_real_steps(layer, x, mask)
    assert torch.isfinite(sequence).all()


@pytest.mark.parametrize("name", KINDS)
def test_the_future_changes_nothing_before(name: str) -> None:
    layer = KINDS[name](5, 6, batch_first=True)
    x, other = some(2, 7, 5), some(2, 7, 5)
    other[:, 4:] = 0
    assert torch.equal(layer(x)[0][:, :4], layer(other)[0][:, :4])


@pytest.mark.parametrize("name", KINDS)
def test_a_cell_in_a_scan_is_the_layer(name: str) -> None:
    """Cells are torch's, and run over time they are the layer with the same weights."""
    states = [some(3, 6, seed=1)] * (2 if name == "LSTM" else 1)
    cell = printed(f"{name}Cell", shapes_of([some(3, 5), *states]), {})
    layer = KINDS[name](5, 6, batch_first=True)
    for kind in ("weight", "bias"):
        for end in ("ih", "hh"):
            getattr(layer, f"{kind}_{end}_l0").data = getattr(cell.node, f"{kind}_{end}").data

    def step(x: Tensor, *before: Tensor) -> tuple[Tensor, ...]:
        after = cell(x, *before)
        return after[0], *after

    names = ("h", "c")[: len(states)]
    found = scan(step, some(3, 7, 5), takes=("x", *names), gives=("y", *names), features=6)
    torch.testing.assert_close(found[0], layer(some(3, 7, 5))[0], **CLOSE)


def test_masks() -> None:
    tokens = torch.tensor([[4, 2, 0, 0], [1, 1, 1, 0]])
    mask = padding_mask(tokens, 0)
    assert mask.tolist() == [[True, True, False, False], [True, True, True, False]]
    assert torch.equal(length_mask(mask.sum(1), tokens), mask)
