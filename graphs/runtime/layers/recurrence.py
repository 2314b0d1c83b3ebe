"""Recurrent layers over sequences of different lengths."""

from typing import Any

from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


def read_real_steps(layer: nn.RNNBase, x: Tensor, mask: Tensor, state: Any = None) -> Any:
    """Run a recurrent layer over the real steps of each sequence (N, T, F), so that what fills them
    up changes nothing; its answers to that are zeros.

    `mask` (N, T) is true at real steps, which come first; a sequence has at least one.
    """
    lengths = mask.sum(1).clamp(min=1).cpu()
    packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    result, state = layer(packed, state)
    sequence, _ = pad_packed_sequence(result, batch_first=True, total_length=x.shape[1])
    return sequence, state
