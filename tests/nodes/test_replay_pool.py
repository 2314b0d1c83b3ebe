"""Replay pools: what is remembered from one batch to the next."""

import torch

from graphs.runtime.layers.replay_pool import ReplayPool


def test_an_empty_pool_passes_what_is_new_and_keeps_it() -> None:
    pool = ReplayPool((3,), size=8)
    x = torch.randn(5, 3, requires_grad=True)
    assert torch.equal(pool(x), x) and not pool(x).requires_grad
    assert pool.full.sum() >= 5


def test_a_full_pool_exchanges_half() -> None:
    torch.manual_seed(0)
    pool = ReplayPool((1,), size=50)
    pool(torch.arange(50.0)[:, None])
    assert pool.full.all()
    new = torch.arange(100.0, 150.0)[:, None]
    given = pool(new)
    old = given < 100
    assert 10 < old.sum() < 40
    everything = torch.cat([given, pool.values]).flatten().sort().values
    assert torch.equal(everything, torch.cat([torch.arange(50.0), new.flatten()]))


def test_more_than_it_has_places_for() -> None:
    pool = ReplayPool((2,), size=3)
    x = torch.randn(5, 2)
    assert torch.equal(pool(x), x)
    assert torch.equal(pool(x)[3:], x[3:])


def test_in_evaluation_nothing_is_kept() -> None:
    pool = ReplayPool((2,), size=3).eval()
    x = torch.randn(5, 2)
    assert torch.equal(pool(x), x) and not pool.full.any()
    assert set(pool.state_dict()) == {"values", "full"}
