"""Attention and layers of Transformers: against torch, against their papers, and blind ahead."""

import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import nodes.library  # noqa: F401  registers the node types
from graphs.compiler import check, export
from graphs.document.document import Document
from graphs.runtime.layers.attention import (
    AdditiveAttention,
    DotProductAttention,
    RotaryPositions,
    SelfAttention,
    TransformerLayer,
    alibi_slopes,
    rotated,
)
from tests.graphs.drawing import drawn
from tests.graphs.test_blocks import program, with_blocks

CLOSE = {"atol": 1e-5, "rtol": 0}
POSITIONS = ("none", "rotary", "alibi")


def some(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def real(*lengths: int, steps: int = 7) -> Tensor:
    """A mask of sequences with these lengths."""
    return torch.arange(steps) < torch.tensor(lengths)[:, None]


def causal(steps: int = 7) -> Tensor:
    return nn.Transformer.generate_square_subsequent_mask(steps)


def share_attention(ours: SelfAttention, theirs: nn.MultiheadAttention) -> None:
    """Give torch's attention the weights of ours, biases that are not 0 too."""
    with torch.no_grad():
        for linear in (ours.read, ours.write):
            linear.bias.normal_()
        theirs.in_proj_weight.copy_(ours.read.weight)
        theirs.in_proj_bias.copy_(ours.read.bias)
        theirs.out_proj.load_state_dict(ours.write.state_dict())


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("is_causal", [False, True])
def test_self_attention_is_torchs(is_causal: bool, masked: bool) -> None:
    ours, theirs = (
        SelfAttention(8, 2, causal=is_causal),
        nn.MultiheadAttention(8, 2, batch_first=True),
    )
    share_attention(ours, theirs)
    x, mask = some(2, 7, 8), real(7, 4) if masked else None
    hidden = None if mask is None else torch.zeros(2, 7).masked_fill(~mask, -math.inf)
    order = causal() if is_causal else None
    wanted = theirs(x, x, x, attn_mask=order, key_padding_mask=hidden, need_weights=False)[0]
    torch.testing.assert_close(ours(x, mask), wanted, **CLOSE)


def test_it_begins_as_torchs_does() -> None:
    torch.manual_seed(0)
    ours, theirs = SelfAttention(64, 4), nn.MultiheadAttention(64, 4)
    left, right = ours.read.weight.std(), theirs.in_proj_weight.std()
    torch.testing.assert_close(left, right, atol=0, rtol=0.02)
    assert not ours.read.bias.any() and not ours.write.bias.any()


def test_dot_products_are_torchs() -> None:
    query, key, value = some(2, 7, 8), some(2, 5, 8, seed=1), some(2, 5, 6, seed=2)
    mask = real(5, 3, steps=5)
    heads = [x.unflatten(2, (2, -1)).transpose(1, 2) for x in (query, key, value)]
    wanted = F.scaled_dot_product_attention(*heads, attn_mask=mask[:, None, None])
    found = DotProductAttention(2)(query, key, value, mask)
    torch.testing.assert_close(found, wanted.transpose(1, 2).flatten(2), **CLOSE)


def test_rotary_positions_are_those_of_the_paper() -> None:
    """Complex numbers times exp(i m theta), theta = 10000^(-2k / d) (arXiv 2104.09864, 3.2)."""
    x = some(2, 9, 6)
    pairs = torch.view_as_complex(x.reshape(2, 9, 3, 2).contiguous())
    theta = torch.tensor([10_000 ** (-2 * k / 6) for k in range(3)])
    turn = torch.polar(torch.ones(9, 3), torch.arange(9)[:, None] * theta)
    wanted = torch.view_as_real(pairs * turn).flatten(2)
    torch.testing.assert_close(rotated(x), wanted, **CLOSE)
    torch.testing.assert_close(RotaryPositions()(x), wanted, **CLOSE)
    halves = RotaryPositions(2)(some(2, 9, 8)).unflatten(2, (2, 4))
    torch.testing.assert_close(halves[:, :, 1], rotated(some(2, 9, 8)[:, :, 4:]), **CLOSE)


def test_rotary_products_know_distances_alone() -> None:
    query, key = some(1, 1, 8), some(1, 1, 8, seed=1)
    products = [rotated(query, first=a) @ rotated(key, first=b).mT for a, b in ((3, 1), (13, 11))]
    torch.testing.assert_close(*products, **CLOSE)


def test_alibi_is_that_of_the_paper() -> None:
    """Scores q k / sqrt(d) - m (i - j), m = 2^(-8h / n) (arXiv 2108.12409, 3), written as loops."""
    query, key, value = some(1, 6, 8), some(1, 6, 8, seed=1), some(1, 6, 8, seed=2)
    found = DotProductAttention(4, causal=True, positions="alibi")(query, key, value)
    for head in range(4):
        part = slice(2 * head, 2 * head + 2)
        q, k, v = query[0, :, part], key[0, :, part], value[0, :, part]
        for i in range(6):
            scores = [
                q[i] @ k[j] / math.sqrt(2) - 2 ** (-8 * (head + 1) / 4) * (i - j)
                for j in range(i + 1)
            ]
            wanted = torch.stack(scores).softmax(0) @ v[: i + 1]
            torch.testing.assert_close(found[0, i, part], wanted, **CLOSE)


def test_slopes_where_heads_are_no_power_of_two() -> None:
    """As the authors' code gives them for 12 heads: those of 8, then every second of 16."""
    wanted = [2.0**-n for n in range(1, 9)] + [2.0 ** -(n + 0.5) for n in range(4)]
    assert alibi_slopes(12) == pytest.approx(wanted)
    assert alibi_slopes(1) == [2**-8]


@pytest.mark.parametrize("steps", [False, True])
def test_additive_attention_is_that_of_the_paper(steps: bool) -> None:
    """e = v tanh(W s + U h), a softmax over the memory, a weighted sum (arXiv 1409.0473, A.1.2)."""
    module = AdditiveAttention(8, 6, 5)
    query, memory, mask = some(2, 3, 8), some(2, 7, 6, seed=1), real(7, 4)
    found, shares = module(query if steps else query[:, 0], memory, mask)
    for n in range(2):
        for t in range(3 if steps else 1):
            h = memory[n, mask[n]]
            e = torch.tanh(module.query(query[n, t]) + module.memory(h)) @ module.score.weight[0]
            a = e.softmax(0)
            at = (n, t) if steps else (n,)
            torch.testing.assert_close(shares[at][mask[n]], a, **CLOSE)
            torch.testing.assert_close(found[at], a @ h, **CLOSE)
            assert not shares[at][~mask[n]].any()


LAYER = {"dim_feedforward": 16, "dropout": 0.0}


@pytest.mark.parametrize("norm_first", [False, True])
@pytest.mark.parametrize("activation", ["relu", "gelu"])
@pytest.mark.parametrize("reads_memory", [False, True])
def test_a_layer_is_torchs(norm_first: bool, activation: str, reads_memory: bool) -> None:
    options = {**LAYER, "norm_first": norm_first, "activation": activation}
    kind = nn.TransformerDecoderLayer if reads_memory else nn.TransformerEncoderLayer
    ours = TransformerLayer(8, 2, **options, reads_memory=reads_memory)
    theirs = kind(8, 2, **options, batch_first=True)
    share_attention(ours.attention, theirs.self_attn)
    for number, norm in enumerate(ours.norms, 1):
        getattr(theirs, f"norm{number}").load_state_dict(norm.state_dict())
    theirs.linear1.load_state_dict(ours.dense[0].state_dict())
    theirs.linear2.load_state_dict(ours.dense[3].state_dict())
    x, memory, mask, seen = some(2, 7, 8), some(2, 5, 8, seed=1), real(7, 4), real(5, 2, steps=5)
    hidden = [torch.zeros(m.shape).masked_fill(~m, -math.inf) for m in (mask, seen)]
    if not reads_memory:
        wanted = theirs(x, src_mask=causal(), src_key_padding_mask=hidden[0])
        torch.testing.assert_close(ours(x, mask=mask), wanted, **CLOSE)
        return
    theirs.multihead_attn.load_state_dict(ours.across.state_dict())
    masks = {"tgt_key_padding_mask": hidden[0], "memory_key_padding_mask": hidden[1]}
    wanted = theirs(x, memory, tgt_mask=causal(), **masks)
    torch.testing.assert_close(ours(x, memory, mask, seen), wanted, **CLOSE)


def changed_ahead(x: Tensor, step: int) -> Tensor:
    """The same up to a step, other numbers after it."""
    return torch.cat([x[:, : step + 1], some(*x[:, step + 1 :].shape, seed=9)], 1)


@pytest.mark.parametrize("positions", POSITIONS)
@pytest.mark.parametrize("made", [SelfAttention, TransformerLayer])
def test_changing_the_future_changes_nothing_before(made: type[nn.Module], positions: str) -> None:
    """Exactly; and something after it."""
    module = made(8, 2, causal=True, positions=positions).eval()
    x = some(2, 7, 8)
    before, after = module(x), module(changed_ahead(x, 3))
    assert torch.equal(before[:, :4], after[:, :4]) and not torch.equal(before, after)


@pytest.mark.parametrize("positions", POSITIONS)
def test_what_fills_up_changes_nothing(positions: str) -> None:
    module = TransformerLayer(8, 2, causal=False, positions=positions).eval()
    x, mask = some(2, 7, 8), real(4, 4)
    short = module(x[:, :4])
    torch.testing.assert_close(module(x, mask=mask)[:, :4], short, **CLOSE)
    torch.testing.assert_close(module(changed_ahead(x, 3), mask=mask)[:, :4], short, **CLOSE)


def scored(**layers: tuple) -> Document:
    """Digits as rows, layers from `digits.image` to `steps`, and a loss."""
    return drawn(
        "scored",
        digits=("Digits", {}, {"form": "rows"}),
        **layers,
        last=("Select", {"x": "steps"}, {"index": -1}),
        head=("Linear", {"x": "last"}, {"out_features": 10}),
        loss=("CrossEntropy", {"prediction": "head", "label": "digits.label"}),
        adamw=("AdamW", {"loss": "loss"}),
    )


def snail() -> Document:
    """A SNAIL (arXiv 1707.03141, figure 2) from parts: attention, dense convolutions, attention."""
    dense = drawn(
        x=("Input", {}),
        conv=("CausalConv1d", {"x": "x"}, {"out_channels": 12, "dilation": "=2 ** i"}),
        gate=("GatedTanh", {"x": "conv"}),
        joined=("Concat", {"values": ["x", "gate"]}),
        y=("Output", {"value": "joined"}),
    )
    read = drawn(
        x=("Input", {}),
        query=("Linear", {"x": "x"}, {"out_features": 8}),
        key=("Linear", {"x": "x"}, {"out_features": 8}),
        value=("Linear", {"x": "x"}, {"out_features": 6}),
        attention=(
            "DotProductAttention",
            {"query": "query", "key": "key", "value": "value"},
            {"causal": True},
        ),
        joined=("Concat", {"values": ["x", "attention"]}, {"dim": -1}),
        y=("Output", {"value": "joined"}),
    )
    main = scored(
        first=("Block", {"x": "digits.image"}, {"block": "Read"}),
        signal=("Permute", {"x": "first.y"}),
        convolved=("Repeat", {"x": "signal"}, {"block": "Dense", "copies": 3}),
        sequence=("Permute", {"x": "convolved.y"}),
        second=("Block", {"x": "sequence"}, {"block": "Read"}),
        steps=("Linear", {"x": "second.y"}, {"out_features": 5}),
    )
    return with_blocks(main, Dense=dense, Read=read)


def test_a_snail_is_drawn_from_parts() -> None:
    """8 features, 6 read, 3 times 6 convolved, 6 read; no step sees a later one, exactly."""
    document = snail()
    assert check(document).problems == ()
    network = program(document).network.eval()
    assert network.steps.in_features == 8 + 6 + 3 * 6 + 6
    seen = []
    network.steps.register_forward_hook(lambda _m, _a, result: seen.append(result))
    x = some(2, 8, 8)
    network(x)
    network(changed_ahead(x, 4))
    assert torch.equal(seen[0][:, :5], seen[1][:, :5]) and not torch.equal(*seen)


def test_a_decoder_that_looks_back_is_drawn() -> None:
    """Scan over a block of a GRUCell and additive attention over the whole memory."""
    cell = drawn(
        x=("Input", {}, {"kind": "vector"}),
        h=("Input", {}, {"kind": "vector"}),
        memory=("Input", {}, {"kind": "sequence"}),
        found=("AdditiveAttention", {"query": "h", "memory": "memory"}, {"hidden_size": 8}),
        both=("Concat", {"values": ["x", "found.found"]}),
        new=("GRUCell", {"x": "both", "h": "h"}),
        y=("Output", {"value": "new"}),
        kept=("Output", {"value": "new"}),
    )
    nodes = {**cell.main.nodes, "kept": cell.main.nodes["kept"].model_copy(update={"label": "h"})}
    cell = cell.with_graph("main", cell.main.model_copy(update={"nodes": nodes}))
    document = scored(
        encoder=("GRU", {"x": "digits.image"}, {"hidden_size": 6}),
        decoder=(
            "Scan",
            {"x": "digits.image", "h": "encoder.last", "memory": "encoder.sequence"},
            {"block": "Cell", "whole": ["memory"]},
        ),
        steps=("Linear", {"x": "decoder.y"}, {"out_features": 5}),
    )
    document = with_blocks(document, Cell=cell)
    assert check(document).problems == ()
    assert "self.found(h, memory)[0]" in export(document)
    made = program(document)
    x = some(3, 8, 8).requires_grad_()
    made.network(x)[0].sum().backward()
    assert x.grad is not None and x.grad.abs().sum() > 0
