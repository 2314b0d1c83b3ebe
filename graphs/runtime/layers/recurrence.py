"""Recurrent layers over padded sequences."""

from typing import Any

from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


def read_real_steps(layer: nn.RNNBase, x: Tensor, mask: Tensor, state: Any = None) -> Any:
    """Run a recurrent layer over padded sequences (N, T, F), so that padding changes nothing; its
    outputs there are zeros.

    `mask` (N, T) is true at real steps, which come first; a sequence has at least one.
    """
    lengths = mask.sum(1).clamp(min=1).cpu()
    packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    result, state = layer(packed, state)
    sequence, _ = pad_packed_sequence(result, batch_first=True, total_length=x.shape[1])
    return sequence, state
