"""Gates against their formulas."""

import torch
from torch import nn

from graphs.runtime.layers.gating import SqueezeExcite


def test_squeeze_and_excite_is_its_paper() -> None:
    """Section 3 of arXiv 1709.01507: a mean, two layers, a weight a channel."""
    torch.manual_seed(0)
    gate = SqueezeExcite(8, reduction=4)
    x = torch.randn(2, 8, 3, 5)
    assert gate.squeeze.out_features == 2
    hidden = nn.functional.relu(x.mean((2, 3)) @ gate.squeeze.weight.T + gate.squeeze.bias)
    weight = torch.sigmoid(hidden @ gate.excite.weight.T + gate.excite.bias)
    torch.testing.assert_close(gate(x), x * weight[:, :, None, None])
    assert SqueezeExcite(3, reduction=16).squeeze.out_features == 1
