"""Networks that read sequences of different lengths, and what their judges hold them to."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import nodes.library  # noqa: F401  registers the node types
from app.commands.documents import FOLDER
from app.examples_check.judges.reading_and_writing import Bag, padding_changes, without_attention
from graphs.compiler import check, export
from graphs.document.document_io import SUFFIX, read
from graphs.document.edits import apply
from graphs.load_module import load_source
from graphs.runtime.data_synthetic.warped_digits import warped_digits


@pytest.fixture(scope="module")
def network() -> nn.Module:
    """The network of the exported file, before any training."""
    module: Any = load_source(export(read(FOLDER / f"lstm_lengths{SUFFIX}")), Path("lengths.py"))
    torch.manual_seed(0)
    return module.Program().network.eval()


@pytest.fixture(scope="module")
def samples() -> dict[str, Tensor]:
    return {name: values[:40] for name, values in warped_digits(3, 0.1, 0.2, 0)["test"].items()}


def test_padding_changes_nothing(network: nn.Module, samples: dict[str, Tensor]) -> None:
    assert padding_changes(network, samples) < 1e-6


def test_what_reads_on_is_seen(network: nn.Module, samples: dict[str, Tensor]) -> None:
    """A network that takes every step for a real one is changed by what fills up."""

    class ReadsOn(nn.Module):
        def forward(self, sequence: Tensor, mask: Tensor) -> Any:
            return network(sequence, torch.ones_like(mask))

    assert padding_changes(ReadsOn(), samples) > 1e-3


def test_the_baseline_is_blind_to_order(samples: dict[str, Tensor]) -> None:
    torch.manual_seed(0)
    bag, length = Bag(), samples["length"].min()
    sequence, mask = samples["sequence"][:, :length], samples["mask"][:, :length]
    found = bag(sequence, mask)
    torch.testing.assert_close(bag(sequence.flip(1), mask.flip(1)), found)


def test_without_attention_it_is_whole() -> None:
    """What the judge compares with has no problem, and nothing that looks at the memory."""
    document = read(FOLDER / f"seq2seq_attention{SUFFIX}")
    blind = apply(document, *without_attention(document))
    assert check(blind).problems == ()
    assert all(
        node.type != "AdditiveAttention"
        for graph in blind.graphs.values()
        for node in graph.nodes.values()
    )
    assert "mean" in blind.graphs["DecoderStep"].nodes
