"""Dense layers: what no row of the table can say."""

import torch

import nodes.library  # noqa: F401  registers the node types
from tests.nodes.bench import applied, outcome


def test_bilinear_is_a_sum_of_all_products() -> None:
    torch.manual_seed(0)
    layer = applied("Bilinear", {"out_features": 4}, (2, 5), (2, 3))
    a, b = torch.randn(2, 5), torch.randn(2, 3)
    sums = torch.einsum("ni,oij,nj->no", a, layer.weight, b) + layer.bias
    assert torch.allclose(layer(a, b), sums, atol=1e-6)


def test_a_padding_token_is_zero_and_stays_so() -> None:
    tokens = torch.tensor([[2, 0, 1], [0, 0, 2]])
    (vectors,) = outcome("Embedding", {"num_embeddings": 3, "padding_idx": 0}, tokens)
    assert torch.equal((vectors == 0).all(-1), tokens == 0)
    (weight,) = torch.autograd.grad(vectors.square().sum(), _leaf(vectors))
    assert weight[0].eq(0).all() and weight[1].ne(0).any()


def _leaf(value: torch.Tensor) -> torch.Tensor:
    """The one weight that a value was looked up in."""
    (function,) = (f for f, _ in value.grad_fn.next_functions)
    return function.variable
