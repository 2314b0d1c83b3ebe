"""Shape: what leaves holds the right values, not only the right sizes."""

import torch

import nodes.library  # noqa: F401  registers the node types
from graphs.compiler import check, export
from graphs.runtime.layers.shapes import shifted
from tests.graphs.drawing import classifier
from tests.nodes.bench import outcome


def test_parts_put_together_are_the_whole() -> None:
    x = torch.randn(2, 6, 4)
    for parts in (2, 3, (1, 5), (1, 2, 3)):
        assert torch.equal(torch.cat(outcome("Split", {"parts": parts}, x), 1), x)


def test_a_shift_moves_time() -> None:
    x = torch.arange(1, 5).repeat(2, 1)
    assert shifted(x, 1).tolist() == [[0, 1, 2, 3]] * 2
    assert shifted(x, -2).tolist() == [[3, 4, 0, 0]] * 2
    assert torch.equal(shifted(x, 0), x)
    signal = x[:, None].float()
    assert torch.equal(outcome("Shift", {"dim": 2}, signal)[0], shifted(x, 1)[:, None].float())


def test_stacked_expanded_and_squeezed() -> None:
    a, b = torch.randn(2, 5), torch.randn(2, 5)
    (stacked,) = outcome("Stack", {"dim": -1}, a, b)
    assert torch.equal(stacked[..., 1], b)
    (wide,) = outcome("Unsqueeze", {}, a)
    (every_step,) = outcome("Expand", {"sizes": (3, -1)}, wide)
    assert torch.equal(every_step[:, 2], a)
    assert torch.equal(outcome("Squeeze", {"dim": 1}, wide)[0], a)


def test_a_split_has_as_many_ports_as_parts() -> None:
    """Wires may end at the third part; a part that is gone says so at its wire."""
    nodes = {
        "split": ("Split", {"x": "relu"}, {"parts": [1, 1, 2]}),
        "join": ("Concat", {"values": ["split.third", "split.first"]}),
        "flatten": ("Flatten", {"x": "join"}),
    }
    document = classifier(**{name: nodes[name] for name in ("split", "join", "flatten")})
    checked = check(document)
    assert checked.problems == ()
    assert [port.name for port in checked.outputs("main", "split")] == ["first", "second", "third"]
    assert "third" in export(document)
    fewer = classifier(**{**nodes, "split": ("Split", {"x": "relu"})})
    texts = [problem.text for problem in check(fewer).problems]
    assert "there is no port third: remove its wire" in texts
