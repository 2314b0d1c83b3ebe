"""Convolutions: what no row of the table can say."""

import torch

import nodes.library  # noqa: F401  registers the node types
from graphs.document import Node
from graphs.inference import validated
from nodes.modules.convolutions import CausalConv1d


def test_the_words_of_version_1_are_numbers() -> None:
    for old, new in (("same", None), ("valid", 0)):
        node = Node(type="Conv2d", version=1, parameters={"padding": old})
        assert validated(node).padding == new


def test_a_causal_convolution_sees_no_future() -> None:
    """The gradient of a step is zero at all later ones, and reaches as far back as it says."""
    x = torch.randn(1, 2, 20, requires_grad=True)
    CausalConv1d(2, 3, kernel_size=3, dilation=4)(x)[0, :, 12].sum().backward()
    seen = x.grad[0].abs().sum(0).nonzero().flatten().tolist()
    assert seen == [4, 8, 12]
