"""conv_attention_lm: Convolutions for what is near and attention for what is far, in turns, read
Python's own reference and write some of their own.

Run it: python conv_attention_lm.py --epochs 80
Load the weights that it saves:
    Program().load_state_dict(load_file("conv_attention_lm.safetensors"))
"""

import argparse
import math
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.lr_scheduler import LRScheduler

EPOCHS = 80
SEED = 0
BATCH_SIZE = 8
EPOCH_SAMPLES = 80
FEATURES = 128
TEMPERATURE = 0.7


def in_heads(x: Tensor, num_heads: int) -> Tensor:
    """Features split into heads: (N, T, F) to (N, heads, T, F / heads)."""
    return x.reshape(*x.shape[:2], num_heads, -1).transpose(1, 2)


def rotated(x: Tensor, first: int = 0) -> Tensor:
    """Rotary embedding: rotate each pair of features by an angle that grows with the step, counted
    from `first`: (…, T, F) with an even F (Su et al. 2021, arXiv 2104.09864).
    """
    length, features = x.shape[-2:]
    position = torch.arange(first, first + length, device=x.device)[:, None]
    angle = position * 10_000 ** -(torch.arange(0, features, 2, device=x.device) / features)
    left, right = x[..., ::2], x[..., 1::2]
    cosine, sine = angle.cos(), angle.sin()
    return torch.stack([left * cosine - right * sine, left * sine + right * cosine], -1).flatten(-2)


def alibi_slopes(num_heads: int) -> list[float]:
    """ALiBi slopes: how much each head weighs down distance (Press et al. 2021, arXiv 2108.12409).

    Where their number is no power of 2, the slopes of the next smaller one come first, then those
    that lie between, as in the authors' code.
    """
    power = 2 ** int(math.log2(num_heads))
    slopes = [2 ** (-8 * number / power) for number in range(1, power + 1)]
    between = [2 ** (-4 * number / power) for number in range(1, 2 * power, 2)]
    return [*slopes, *between][:num_heads]


class DotProductAttention(nn.Module):
    """Scaled dot-product attention in several heads: (N, T, F), (N, S, F) and (N, S, V) to
    (N, T, V). Each step of a query takes from the values what matches by its key.

    `positions` are "none", "rotary" or "alibi". While it `remembers` and is causal, the keys and
    values that it has seen are its `past`, the key-value cache.
    """

    past: tuple[Tensor, Tensor] | None = None
    remembers = False

    def __init__(
        self, num_heads: int, dropout: float = 0.0, causal: bool = False, positions: str = "none"
    ) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.dropout = dropout
        self.causal = causal
        self.positions = positions

    def forward(
        self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
    ) -> Tensor:
        """The weighted values for each step; `mask` (N, S) is true at the steps that may be looked
        at.
        """
        query, key, value = (in_heads(x, self.num_heads) for x in (query, key, value))
        if self.positions == "rotary":
            seen = 0 if self.past is None else self.past[0].shape[2]
            query, key = rotated(query, seen), rotated(key, seen)
        if self.past is not None:
            key, value = torch.cat([self.past[0], key], 2), torch.cat([self.past[1], value], 2)
        if self.remembers and self.causal:
            self.past = key, value
        bias = self.bias(query, key, mask)
        result = F.scaled_dot_product_attention(
            query,
            key,
            value,
            bias,
            dropout_p=self.dropout if self.training else 0.0,
            is_causal=self.causal and bias is None and query.shape[2] == key.shape[2],
        )
        joined: Tensor = result.transpose(1, 2).flatten(2)
        return joined

    def bias(self, query: Tensor, key: Tensor, mask: Tensor | None) -> Tensor | None:
        """The attention bias: how far a step looks back, and what it may not look at.

        The steps of the query are the last of those that there are keys for.
        """
        length, seen = query.shape[2], key.shape[2]
        alibi = self.positions == "alibi"
        if mask is None and not alibi and (length in (1, seen) or not self.causal):
            return None
        bias = query.new_zeros(length, seen)
        if self.causal or alibi:
            step = torch.arange(seen, device=query.device)
            ahead = step - step[seen - length :, None]
            if alibi:
                slopes = query.new_tensor(alibi_slopes(self.num_heads))
                bias = bias - slopes[:, None, None] * ahead.abs()
            if self.causal:
                bias = bias.masked_fill(ahead > 0, -math.inf)
        if mask is not None:
            bias = bias.masked_fill(~mask[:, None, None], -math.inf)
        return bias


class SelfAttention(nn.Module):
    """Multi-head self-attention, (N, T, F), with the weights and the initialisation of
    nn.MultiheadAttention.
    """

    def __init__(
        self,
        features: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        causal: bool = False,
        positions: str = "none",
    ) -> None:
        super().__init__()
        self.read = nn.Linear(features, 3 * features, bias=bias)
        self.attend = DotProductAttention(num_heads, dropout, causal, positions)
        self.write = nn.Linear(features, features, bias=bias)
        nn.init.xavier_uniform_(self.read.weight)
        if bias:
            nn.init.zeros_(self.read.bias)
            nn.init.zeros_(self.write.bias)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """The attended sequence; `mask` (N, T) is true at real steps, false at padding."""
        query, key, value = self.read(x).chunk(3, 2)
        result: Tensor = self.write(self.attend(query, key, value, mask))
        return result


class CausalConv1d(nn.Conv1d):
    """Causal 1d convolution, in which no step sees a later one: (N, C, T) to (N, out, T).

    While it `remembers`, the inputs that it saw last are its `past`, and stand before what it sees
    next.
    """

    past: Tensor | None = None
    remembers = False

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        dilation: int = 1,
        bias: bool = True,
    ) -> None:
        super().__init__(in_channels, out_channels, kernel_size, dilation=dilation, bias=bias)
        self.reach = dilation * (kernel_size - 1)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve after as many zeros, or steps of the past, as the filter reaches back."""
        x = F.pad(x, (self.reach, 0)) if self.past is None else torch.cat([self.past, x], 2)
        if self.remembers:
            self.past = x[:, :, x.shape[2] - self.reach :]
        if x.shape[2] == self.reach + 1:  # one step: only those that the filter looks at
            return F.conv1d(x[:, :, :: self.dilation[0]], self.weight, self.bias)
        return super().forward(x)


def gated_tanh(x: Tensor) -> Tensor:
    """Gated activation: the tanh of the first half of the channels, times the sigmoid of the
    second.
    """
    value, gate = x.chunk(2, 1)
    return torch.tanh(value) * torch.sigmoid(gate)


class GatedConvolution(nn.Module):
    """A residual layer: a causal convolution with a gated tanh, then a linear layer.

    From x (N, …, features) to (N, …, features).
    """

    def __init__(self, features: int, i: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(features)
        self.dilated = CausalConv1d(features, features * 2, 3, dilation=2**i)
        self.mix = nn.Linear(features, features)

    def forward(self, x: Tensor) -> Tensor:
        signal = torch.permute(self.norm(x), (0, 2, 1))  # (N, features, …)
        steps = torch.permute(gated_tanh(self.dilated(signal)), (0, 2, 1))  # (N, …, features)
        return x + self.mix(steps)  # (N, …, features)


class Passage(nn.Module):
    """Gated convolutions for what is near, then causal self-attention for what is far.

    From x (N, …, features) to (N, …, features).
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        self.near = nn.Sequential(*[GatedConvolution(features=features, i=i) for i in range(3)])
        self.norm = nn.LayerNorm(features)
        self.far = SelfAttention(features, 4, bias=False, causal=True)

    def forward(self, x: Tensor) -> Tensor:
        near = self.near(x)  # (N, …, features)
        x = self.norm(near)  # (N, …, features)
        return near + self.far(x)  # (N, …, features)


class LanguageModel(nn.Module):
    """A language model: the logits of each next token, from those before it.

    From tokens (N, …) to (N, …, 100).
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(100, features)
        self.layers = nn.Sequential(*[Passage(features=features) for _ in range(2)])
        self.norm = nn.LayerNorm(features)
        self.head = nn.Linear(features, 100)

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.embedding(tokens)  # (N, …, features)
        x = self.layers(x)  # (N, …, features)
        x = self.norm(x)  # (N, …, features)
        return self.head(x)  # (N, …, 100)


class ConvAttentionLm(nn.Module):
    """From tokens (N, 128) to (N, 128, 100)."""

    def __init__(self, features: int = FEATURES) -> None:
        super().__init__()
        self.model = LanguageModel(features=features)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.model(tokens)  # (N, 128, 100)


def bits_per_dimension(nats: Tensor, dimensions: int = 1) -> Tensor:
    """Bits per dimension: nats of a sample as bits for each of its values."""
    return nats / (dimensions * math.log(2))


def accuracy(prediction: Tensor, label: Tensor) -> Tensor:
    """Accuracy: how often the largest logit is the right class: (N, C, …), (N, …) -> ()."""
    return (prediction.argmax(1) == label).float().mean()


@contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """Evaluation mode for a while; then every part is as it was."""
    training = [part for part in module.modules() if part.training]
    module.eval()
    try:
        yield
    finally:
        for part in training:
            part.training = True


def can_remember(layer: nn.Module) -> bool:
    """Whether a layer is causal, and can go on where it ended."""
    if isinstance(layer, nn.RNNBase):
        return not layer.bidirectional
    return hasattr(layer, "past")


@contextmanager
def remembering(module: nn.Module, wanted: bool = True) -> Iterator[None]:
    """Key-value and state caches for a while: what a module sees goes on where it ended before, as
    if it had come at once.

    Recurrent layers start from their last state; other layers have a `past` to keep what they need
    of earlier steps. A layer that is used several times in one pass has a past for each use.
    """
    past: dict[tuple[nn.Module, int], Any] = {}
    uses: Counter[nn.Module] = Counter()

    def begin(_module: nn.Module, _args: Any) -> None:
        uses.clear()

    def before(layer: Any, args: Any) -> Any:
        known = past.get((layer, uses[layer]))
        if isinstance(layer, nn.RNNBase):
            return args if known is None else (args[0], known)
        layer.past, layer.remembers = known, True
        return args

    def after(layer: Any, _args: Any, result: Any) -> None:
        past[layer, uses[layer]] = result[1] if isinstance(layer, nn.RNNBase) else layer.past
        uses[layer] += 1

    layers: list[Any] = [layer for layer in module.modules() if wanted and can_remember(layer)]
    hooks = [module.register_forward_pre_hook(begin)]
    hooks += [layer.register_forward_pre_hook(before) for layer in layers]
    hooks += [layer.register_forward_hook(after) for layer in layers]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
        for layer in layers:
            if not isinstance(layer, nn.RNNBase):
                layer.past, layer.remembers = None, False


def drawn_class(scores: Tensor, temperature: float) -> Tensor:
    """One class for each row of logits: the argmax at temperature 0, else sampled."""
    if temperature == 0:
        return scores.argmax(1)
    return torch.multinomial((scores / temperature).softmax(1), 1)[:, 0]


@torch.no_grad()
def generate(
    module: nn.Module,
    prompt: Tensor,
    *others: Tensor,
    steps: int,
    temperature: float,
    sees: str = "everything",
    cached: bool = False,
) -> Tensor:
    """Lengthen sequences autoregressively: (N, T, …) grows to (N, T + steps, …).

    The module sees everything so far, or the last steps, as many as the prompt has; `cached`, it
    sees the prompt and then one new step at a time, and remembers those before. For integers
    (N, T) it gives the logits of the next one, (N, C) or (N, T, C): temperature 0 takes the most
    probable, else one is sampled. For vectors (N, T, F) it gives the next one. Of several outputs
    the first counts. It is in evaluation mode meanwhile, and no gradient passes through.
    """
    sequence = new = prompt
    with evaluating(module), remembering(module, cached):
        for _ in range(steps):
            first = sequence.shape[1] - prompt.shape[1] if sees == "last_steps" else 0
            result = module(new if cached else sequence[:, first:], *others)
            next_ = result[0] if isinstance(result, tuple) else result
            if next_.dim() == 3:
                next_ = next_[:, -1]
            if not prompt.is_floating_point():
                next_ = drawn_class(next_, temperature)
            new = next_[:, None]
            sequence = torch.cat([sequence, new], 1)
    return sequence


class Program(nn.Module):
    """What happens on one batch."""

    def __init__(self, features: int = FEATURES, temperature: float = TEMPERATURE) -> None:
        super().__init__()
        self.network = ConvAttentionLm(features=features)
        self.temperature = temperature

    def evaluate(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Losses and metrics of one batch."""
        tokens = batch["tokens"]  # (N, 128)
        target = batch["target"]  # (N, 128)
        prediction = self.network(tokens)  # (N, 128, 100)
        surprise = F.cross_entropy(
            torch.flatten(prediction, 0, 1), torch.flatten(target), label_smoothing=0.0
        )
        return {
            "surprise": surprise,
            "bits": bits_per_dimension(surprise),
            "accuracy": accuracy(torch.transpose(prediction, 1, 2), target),
        }

    def configure_optimizers(self, steps_per_epoch: int, epochs: int = EPOCHS) -> None:
        """Make the optimizer; their learning rates follow a schedule over the whole training."""
        self.adamw_optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=0.003, betas=(0.9, 0.98), weight_decay=0.05
        )
        self.adamw_scheduler = torch.optim.lr_scheduler.OneCycleLR(
            self.adamw_optimizer,
            max_lr=0.003,
            total_steps=epochs * steps_per_epoch,
            cycle_momentum=False,
        )

    def step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Evaluate one batch, then let the optimizer move its weights."""
        values = self.evaluate(batch)

        # minimise surprise
        self.adamw_optimizer.zero_grad()
        values["surprise"].backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.adamw_optimizer.step()
        self.adamw_scheduler.step()

        return {name: value.detach() for name, value in values.items()}

    def probe(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """What the probes show of one batch."""
        tokens = batch["tokens"]  # (N, 128)
        writer = generate(
            self.network.model, tokens[:, :32], steps=168, temperature=self.temperature, cached=True
        )  # (N, 200)
        return {"written.tokens": writer[:4]}


def reference_text() -> str:
    """Python's own reference, with each paragraph once: about 400,000 characters."""
    from pydoc_data.topics import topics

    parts = (part.strip("\n") for name in sorted(topics) for part in topics[name].split("\n\n"))
    return "\n\n".join(dict.fromkeys(part for part in parts if part))


def frequent(text: str, vocabulary: int) -> list[str]:
    """The vocabulary: the most frequent characters of a text, one fewer than there are tokens."""
    return [letter for letter, _ in Counter(text).most_common(vocabulary - 1)]


def characters(text: str, vocabulary: int) -> Tensor:
    """A text as tokens: 0 is any rare character, 1 the most frequent, and so on."""
    number = {letter: place for place, letter in enumerate(frequent(text, vocabulary), start=1)}
    return torch.tensor([number.get(letter, 0) for letter in text])


def equal_pieces(tokens: Tensor, length: int) -> dict[str, Tensor]:
    """A text cut into windows of equal length, what is left over dropped."""
    count = max(len(tokens) - 1, 0) // length
    return {
        "tokens": tokens[: count * length].reshape(count, length),
        "target": tokens[1 : count * length + 1].reshape(count, length),
    }


def continued(fields: dict[str, Tensor], readers: int) -> dict[str, Tensor]:
    """Windows in such an order that the same place in the next batch has the next window."""
    count = len(fields["tokens"]) // readers
    if not count:
        pieces_ = len(fields["tokens"])
        raise ValueError(f"the text has {pieces_} pieces, and a batch has {readers}: use fewer")
    order = torch.arange(readers * count).reshape(readers, count).T.flatten()
    return {name: values[order] for name, values in fields.items()}


def windows(
    tokens: Tensor, length: int, validation: float, test: float, side_by_side: int = 0
) -> dict[str, dict[str, Tensor]]:
    """Windows of a text and the tokens that come next, (N, T): its beginning to train on, its end
    for the test, and what lies between for validation.

    With a number of readers side by side, batches of that many go on where the last one ended, for
    stateful training.
    """
    tested, validated = round(len(tokens) * test), round(len(tokens) * validation)
    ends = [len(tokens) - tested - validated, len(tokens) - tested, len(tokens)]
    parts = {
        "train": tokens[: ends[0]],
        "validation": tokens[ends[0] : ends[1]],
        "test": tokens[ends[1] : ends[2]],
    }
    if len(parts["train"]) <= length:
        count = len(parts["train"])
        raise ValueError(f"there are {count} tokens to train on: more than {length} are needed")
    splits = {name: equal_pieces(part, length) for name, part in parts.items()}
    if side_by_side:
        splits["train"] = continued(splits["train"], side_by_side)
    return splits


def load(device: str) -> dict[str, dict[str, Tensor]]:
    """Every split of the data, on a device: split -> field -> tensor."""
    splits = windows(characters(reference_text(), 100), 128, validation=0.01, test=0.05)
    return {
        split: {name: values.to(device) for name, values in fields.items()}
        for split, fields in splits.items()
    }


def size_of(batch: dict[str, Tensor]) -> int:
    """How many samples a batch has."""
    return len(next(iter(batch.values())))


def steps_in(split: dict[str, Tensor], batch_size: int) -> int:
    """How many mini-batches an epoch of training has."""
    return math.ceil(min(len(split["tokens"]), EPOCH_SAMPLES) / batch_size)


def epoch_order(split: dict[str, Tensor], batch_size: int) -> Tensor:
    """The indices of an epoch's samples, in the order in which they come."""
    return torch.randperm(len(split["tokens"]))[:EPOCH_SAMPLES]


def batches(
    split: dict[str, Tensor], batch_size: int, shuffle: bool = False
) -> Iterator[dict[str, Tensor]]:
    """Cut a split into mini-batches, in the order of a new epoch when shuffled."""
    if shuffle:
        order = epoch_order(split, batch_size)
        split = {name: values[order] for name, values in split.items()}
    for start in range(0, size_of(split), batch_size):
        yield {name: values[start : start + batch_size] for name, values in split.items()}


def average(values: list[dict[str, Tensor]], sizes: list[int]) -> dict[str, float]:
    """The mean over all samples of what was measured on each batch."""
    weights = torch.tensor(sizes, dtype=torch.float64) / max(sum(sizes), 1)
    return {
        name: float(torch.stack([value[name] for value in values]).cpu().double() @ weights)
        for name in (values[0] if values else {})
    }


def with_progress(
    loader: Iterator[dict[str, Tensor]], title: str, count: int
) -> Iterator[dict[str, Tensor]]:
    """The same mini-batches; in a terminal a line that is written over says once a second how many
    of them are done.
    """
    watched, told, line = sys.stderr.isatty(), monotonic(), ""
    for number, batch in enumerate(loader, 1):
        yield batch
        if watched and monotonic() - told > 1:
            told, line = monotonic(), f"{title}: batch {number} of {count}"
            print(f"\r{line}", end="", file=sys.stderr, flush=True)
    if line:
        print(f"\r{' ' * len(line)}\r", end="", file=sys.stderr, flush=True)


def moving_parts(program: nn.Module) -> dict[str, Any]:
    """The optimizers and learning-rate schedulers of a program, by name."""
    kinds = (torch.optim.Optimizer, LRScheduler)
    return {name: part for name, part in vars(program).items() if isinstance(part, kinds)}


def save_training(path: Path, program: nn.Module, epoch: int, best: float) -> None:
    """Keep all that the training needs to go on: weights, optimizers, schedulers, gradients that
    are being accumulated, and the states of torch's random generators.
    """
    device = next(program.parameters()).device
    state = {
        "epoch": epoch,
        "best": best,
        "batches": getattr(program, "batches", 0),
        "weights": program.state_dict(),
        "gradients": {name: weight.grad for name, weight in program.named_parameters()},
        "parts": {name: part.state_dict() for name, part in moving_parts(program).items()},
        "random": torch.get_rng_state(),
        "cuda_random": torch.cuda.get_rng_state(device) if device.type == "cuda" else None,
    }
    unfinished = path.with_name(f"{path.name}.unfinished")
    torch.save(state, unfinished)
    unfinished.replace(path)


def resume_training(path: Path, program: Any) -> tuple[int, float]:
    """Go on from what a file keeps; the epoch that comes next, and the best loss so far. Only
    tensors and plain values are read: nothing in the file is executed.
    """
    device = next(program.parameters()).device
    state = torch.load(path, map_location="cpu", weights_only=True)
    program.load_state_dict(state["weights"])
    program.batches = state["batches"]
    for name, part in moving_parts(program).items():
        part.load_state_dict(state["parts"][name])
    for name, weight in program.named_parameters():
        gradient = state["gradients"][name]
        weight.grad = None if gradient is None else gradient.to(device)
    torch.set_rng_state(state["random"])
    if state["cuda_random"] is not None and device.type == "cuda":
        torch.cuda.set_rng_state(state["cuda_random"], device)
    return state["epoch"] + 1, state["best"]


def train(
    program: Program,
    split: dict[str, Tensor],
    batch_size: int = BATCH_SIZE,
    title: str = "training",
) -> dict[str, float]:
    """One epoch of training; the mean of what each step saw."""
    program.train()
    values, sizes = [], []
    for batch in with_progress(
        batches(split, batch_size, shuffle=True), title, steps_in(split, batch_size)
    ):
        values.append(program.step(batch))
        sizes.append(size_of(batch))
    return average(values, sizes)


@torch.no_grad()
def measure(
    program: Program, split: dict[str, Tensor], batch_size: int = BATCH_SIZE
) -> dict[str, float]:
    """Losses and metrics on a split, with nothing updated."""
    program.eval()
    values, sizes = [], []
    for batch in batches(split, batch_size):
        values.append(program.evaluate(batch))
        sizes.append(size_of(batch))
    return average(values, sizes)


@torch.no_grad()
def probed(program: Program, data: dict[str, dict[str, Tensor]]) -> dict[str, Tensor]:
    """What the probes show of the validation data. Random numbers drawn later stay the same."""
    program.eval()
    device = next(program.parameters()).device
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.manual_seed(SEED)
        split = data["validation"]
        if next(batches(split, BATCH_SIZE), None) is None:
            split = data["train"]
        shown: dict[str, Tensor] = program.probe(next(batches(split, BATCH_SIZE)))
    return {
        name: value.clone(memory_format=torch.contiguous_format).cpu()
        for name, value in shown.items()
    }


def report(name: str, values: dict[str, float]) -> None:
    """Print one line of measurements."""
    print(name, *(f"{key} {value:.9g}" for key, value in values.items()), sep="  ")


def main() -> None:
    """Train, say after each epoch how it goes, and save the last and the best weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    parser.add_argument("--device", default=device, help="cpu, cuda, cuda:1, mps")
    parser.add_argument("--epochs", type=int, default=EPOCHS, help="passes over the training data")
    parser.add_argument("--batch-size", type=int, default=BATCH_SIZE, help="samples a step")
    parser.add_argument("--seed", type=int, default=SEED, help="fixes every random choice")
    parser.add_argument(
        "--save",
        type=Path,
        default="conv_attention_lm.safetensors",
        help="where the last weights go; those of the lowest validation surprise go to …_best",
    )
    parser.add_argument(
        "--resume",
        type=Path,
        help="keeps the training's state after each epoch, and goes on from it",
    )
    parser.add_argument("--probes", type=Path, help="folder for what the probes show, by epoch")
    parser.add_argument(
        "--features",
        type=int,
        default=FEATURES,
        help=(
            "Embedding size of a character, in steps of 8, 32 to 256: more write better, and "
            "take longer by their square."
        ),
    )
    parser.add_argument(
        "--temperature",
        type=float,
        default=TEMPERATURE,
        help="Sampling temperature, 0.3 to 1.2: how freely samples are drawn.",
    )
    arguments = parser.parse_args()

    torch.manual_seed(arguments.seed)
    data = load(arguments.device)
    steps_per_epoch = steps_in(data["train"], arguments.batch_size)
    program = Program(features=arguments.features, temperature=arguments.temperature).to(
        arguments.device
    )
    program.configure_optimizers(steps_per_epoch, arguments.epochs)
    first, best = 1, math.inf
    if arguments.resume and arguments.resume.exists():
        first, best = resume_training(arguments.resume, program)
    for epoch in range(first, arguments.epochs + 1):
        title = f"epoch {epoch} train"
        training = train(program, data["train"], arguments.batch_size, title)
        report(title, training)
        validation = measure(program, data["validation"], arguments.batch_size)
        report(f"epoch {epoch} validation", validation)
        if arguments.probes:
            arguments.probes.mkdir(parents=True, exist_ok=True)
            save_file(probed(program, data), arguments.probes / f"epoch_{epoch}.safetensors")
        loss = (validation or training)["surprise"]
        if loss < best:
            best = loss
            best_weights = arguments.save.with_stem(f"{arguments.save.stem}_best")
            save_file(program.state_dict(), best_weights)
        if arguments.resume:
            save_training(arguments.resume, program, epoch, best)
    report("test", measure(program, data["test"], arguments.batch_size))
    save_file(program.state_dict(), arguments.save)


if __name__ == "__main__":
    main()
