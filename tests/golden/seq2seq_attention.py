"""seq2seq_attention: A GRU reads dates as people write them, and another writes them as
2024-05-31, looking back at the letters.

Run it: python seq2seq_attention.py --epochs 28
Load the weights that it saves:
    Program().load_state_dict(load_file("seq2seq_attention.safetensors"))
"""

import argparse
import datetime
import math
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from torch.optim.lr_scheduler import LRScheduler

EPOCHS = 28
SEED = 0
BATCH_SIZE = 64
EPOCH_SAMPLES = 1024
HIDDEN = 64


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


def scan(
    cell: nn.Module,
    *inputs: Tensor | None,
    takes: tuple[str, ...],
    gives: tuple[str, ...],
    features: int,
    whole: tuple[str, ...] = (),
) -> Tensor | tuple[Tensor, ...]:
    """Recurrent loop: run a cell over time, on one step of every sequence and its states.

    `takes` and `gives` name the cell's inputs and outputs. A name in both is a state: what the cell
    gives for it is what it takes at the next step. States begin as inputs, or as zeros
    (N, features); their last values leave. Other outputs leave for all steps, (N, T, …). Inputs in
    `whole` are not cut into steps.
    """
    given = dict(zip(takes, [*inputs, *[None] * len(takes)], strict=False))
    sequences = {
        name: value.unbind(1)
        for name, value in given.items()
        if value is not None and name not in (*gives, *whole)
    }
    first = next(iter(sequences.values()))[0]
    zeros = torch.zeros(len(first), features, device=first.device)
    given = {name: zeros if value is None else value for name, value in given.items()}
    rows: list[dict[str, Tensor]] = []
    for steps in zip(*sequences.values(), strict=True):
        given.update(zip(sequences, steps, strict=True))
        result = cell(*given.values())
        rows.append(
            dict(zip(gives, result if isinstance(result, tuple) else [result], strict=True))
        )
        given.update({name: value for name, value in rows[-1].items() if name in takes})
    outputs = tuple(
        rows[-1][name] if name in takes else torch.stack([row[name] for row in rows], 1)
        for name in gives
    )
    return outputs if len(outputs) > 1 else outputs[0]


class AdditiveAttention(nn.Module):
    """Additive attention (Bahdanau et al. 2014, arXiv 1409.0473): a small network compares a query
    with each step of a memory (N, S, F), whose weighted mean leaves.
    """

    def __init__(self, query_features: int, memory_features: int, hidden_size: int) -> None:
        super().__init__()
        self.query = nn.Linear(query_features, hidden_size, bias=False)
        self.memory = nn.Linear(memory_features, hidden_size)
        self.score = nn.Linear(hidden_size, 1, bias=False)

    def forward(
        self, query: Tensor, memory: Tensor, mask: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """The weighted mean and the attention weights: (N, F) and (N, S), or for a query with steps
        (N, T, F) and (N, T, S). `mask` (N, S) is true at real steps.
        """
        steps = query if query.dim() == 3 else query[:, None]
        fit = torch.tanh(self.query(steps)[:, :, None] + self.memory(memory)[:, None])
        scores = self.score(fit)[..., 0]
        if mask is not None:
            scores = scores.masked_fill(~mask[:, None], -math.inf)
        shares = scores.softmax(2)
        found = shares @ memory
        return (found, shares) if query.dim() == 3 else (found[:, 0], shares[:, 0])


class Encoder(nn.Module):
    """The encoder: a bidirectional GRU over the source.

    From source (N, 21), mask (N, 21) to (N, 21, hidden * 2), (N, hidden).
    """

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(70, 24)
        self.gru = nn.GRU(24, hidden, batch_first=True, bidirectional=True)
        self.bridge = nn.Linear(hidden * 2, hidden)

    def forward(self, source: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        x = self.embedding(source)  # (N, 21, 24)
        sequence, last = read_real_steps(self.gru, x, mask)
        tanh = torch.tanh(self.bridge(torch.cat([last[-2], last[-1]], 1)))  # (N, hidden)
        return sequence, tanh  # (N, 21, hidden * 2), (N, hidden)


class DecoderStep(nn.Module):
    """One step of the decoder: additive attention over the source, a GRU cell, logits.

    From x (N, 24), h (N, hidden), memory (N, 21, hidden * 2), mask (N, 21) to (N, hidden),
    (N, 70), (N, 21).
    """

    def __init__(self, hidden: int, input_size: int) -> None:
        super().__init__()
        self.attention = AdditiveAttention(hidden, hidden * 2, 32)
        self.cell = nn.GRUCell(input_size, hidden)
        self.head = nn.Linear(hidden * 3, 70)

    def forward(
        self, x: Tensor, h: Tensor, memory: Tensor, mask: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        found, shares = self.attention(h, memory, mask)
        cell = self.cell(torch.cat([x, found], dim=1), h)  # (N, hidden)
        # (N, hidden), (N, 70), (N, 21)
        return cell, self.head(torch.cat([cell, found], dim=1)), shares


class Decoder(nn.Module):
    """The decoder: attention and a GRU cell, step by step.

    From before (N, …), memory (N, 21, …), start (N, hidden), mask (N, 21) to (N, …, 70),
    (N, …, 21).
    """

    def __init__(self, hidden: int, input_size: int) -> None:
        super().__init__()
        self.hidden = hidden
        self.embedding = nn.Embedding(70, 24)
        self.decoder_step = DecoderStep(hidden=hidden, input_size=input_size)

    def forward(
        self, before: Tensor, memory: Tensor, start: Tensor, mask: Tensor
    ) -> tuple[Tensor, Tensor]:
        x = self.embedding(before)  # (N, …, 24)
        _, scores, shares = scan(
            self.decoder_step,
            x,
            start,
            memory,
            mask,
            takes=("x", "h", "memory", "mask"),
            gives=("h", "scores", "shares"),
            features=self.hidden,
            whole=("memory", "mask"),
        )
        return scores, shares  # (N, …, 70), (N, …, 21)


class Seq2seqAttention(nn.Module):
    """From source (N, 21), mask (N, 21), before (N, 11) to (N, 11, 70), (N, 21, 128), (N, 64),
    (N, 11, 21).
    """

    def __init__(self, hidden: int = HIDDEN) -> None:
        super().__init__()
        self.encoder = Encoder(hidden=hidden)
        self.decoder = Decoder(hidden=hidden, input_size=hidden * 2 + 24)

    def forward(
        self, source: Tensor, mask: Tensor, before: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        memory, summary = self.encoder(source, mask)
        scores, shares = self.decoder(before, memory, summary, mask)
        return scores, memory, summary, shares  # (N, 11, 70), (N, 21, 128), (N, 64), (N, 11, 21)


def right_and_counted(prediction: Tensor, label: Tensor, ignore_index: int = -100) -> Tensor:
    """How many classes are right and how many count: (N, C, …), (N, …) -> (1, 2)."""
    counts = label != ignore_index
    right = (prediction.argmax(1) == label) & counts
    return torch.stack([right.sum(), counts.sum()])[None].float()


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


def ratio_of_sums(kept: Tensor) -> Tensor:
    """The first of two sums, divided by the second: (…, 2) -> ()."""
    part, whole = kept.sum(0).unbind()
    return part / whole


class Program(nn.Module):
    """What happens on one batch."""

    def __init__(self, hidden: int = HIDDEN) -> None:
        super().__init__()
        self.network = Seq2seqAttention(hidden=hidden)

    def evaluate(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Losses and metrics of one batch."""
        source = batch["source"]  # (N, 21)
        mask = batch["mask"]  # (N, 21)
        before = batch["before"]  # (N, 11)
        target = batch["target"]  # (N, 11)
        # (N, 11, 70), (N, 21, 128), (N, 64), (N, 11, 21)
        scores, *_ = self.network(source, mask, before)
        surprise = F.cross_entropy(
            torch.flatten(scores, 0, 1), torch.flatten(target), label_smoothing=0.0, ignore_index=0
        )
        letters_right = right_and_counted(torch.transpose(scores, 1, 2), target, ignore_index=0)
        return {"surprise": surprise, "letters_right": letters_right}

    def configure_optimizers(self, steps_per_epoch: int, epochs: int = EPOCHS) -> None:
        """Make the optimizer; their learning rates follow a schedule over the whole training."""
        self.adam_optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=0.006, betas=(0.9, 0.999), weight_decay=0.0
        )
        self.adam_scheduler = torch.optim.lr_scheduler.OneCycleLR(
            self.adam_optimizer,
            max_lr=0.006,
            total_steps=epochs * steps_per_epoch,
            cycle_momentum=False,
        )

    def step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Evaluate one batch, then let the optimizer move its weights."""
        values = self.evaluate(batch)

        # minimise surprise
        self.adam_optimizer.zero_grad()
        values["surprise"].backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.adam_optimizer.step()
        self.adam_scheduler.step()

        return {name: value.detach() for name, value in values.items()}

    def probe(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """What the probes show of one batch."""
        source = batch["source"]  # (N, 21)
        mask = batch["mask"]  # (N, 21)
        before = batch["before"]  # (N, 11)
        # (N, 11, 70), (N, 21, 128), (N, 64), (N, 11, 21)
        _, memory, summary, shares = self.network(source, mask, before)
        writer = generate(
            self.network.decoder, before[:, :1], memory, summary, mask, steps=11, temperature=0.0
        )  # (N, 12)
        return {
            "asked.tokens": source[:8],
            "written.tokens": writer[:8],
            "attention.images": torch.unsqueeze(shares, 1)[:8],
        }


MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def date_pair(draw: random.Random) -> tuple[str, str]:
    """A day of 1900 to 2099 in one of five ways, and in the one of ISO 8601."""
    day = datetime.date(1900, 1, 1) + datetime.timedelta(draw.randrange(73_000))
    month, weekday = MONTHS[day.month - 1], WEEKDAYS[day.weekday()]
    ways = (
        f"{day.day} {month} {day.year}",
        f"{month} {day.day}, {day.year}",
        f"{weekday} {day.day} {month[:3]} {day.year}",
        f"{day.month}/{day.day}/{day.year}",
        f"{day.day:02d}.{day.month:02d}.{day.year}",
    )
    return draw.choice(ways), day.isoformat()


LETTERS = " ,./-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def numbers_of(text: str) -> list[int]:
    """The letters of a text as tokens from 3."""
    return [LETTERS.index(letter) + 3 for letter in text]


def as_tokens(
    pairs: list[tuple[str, str]], source_length: int, target_length: int
) -> dict[str, Tensor]:
    """Strings as tokens: 0 is padding, 1 begins an answer, 2 ends it, letters count from 3."""
    source = torch.zeros(len(pairs), source_length, dtype=torch.long)
    before = torch.zeros(len(pairs), target_length + 1, dtype=torch.long)
    target = torch.zeros(len(pairs), target_length + 1, dtype=torch.long)
    for row, (question, answer) in enumerate(pairs):
        asked, said = numbers_of(question), numbers_of(answer)
        source[row, : len(asked)] = torch.tensor(asked)
        before[row, : len(said) + 1] = torch.tensor([1, *said])
        target[row, : len(said) + 1] = torch.tensor([*said, 2])
    return {"source": source, "mask": source > 0, "before": before, "target": target}


def date_pairs(samples: int, held_out: int, seed: int) -> dict[str, dict[str, Tensor]]:
    """Dates as people write them, of 8 to 21 letters, and as ISO 8601 has them, of 10."""
    draw = random.Random(seed)
    sizes = {"train": samples, "validation": held_out, "test": held_out}
    return {
        part: as_tokens([date_pair(draw) for _ in range(count)], 21, 10)
        for part, count in sizes.items()
    }


def load(device: str) -> dict[str, dict[str, Tensor]]:
    """Every split of the data, on a device: split -> field -> tensor."""
    splits = date_pairs(samples=8000, held_out=500, seed=0)
    return {
        split: {name: values.to(device) for name, values in fields.items()}
        for split, fields in splits.items()
    }


OVER_SPLIT: dict[str, Callable[[Tensor], Tensor]] = {
    "letters_right": ratio_of_sums,
}
"""Metrics of a whole split: what is made of all that was kept of its batches."""


def size_of(batch: dict[str, Tensor]) -> int:
    """How many samples a batch has."""
    return len(next(iter(batch.values())))


def steps_in(split: dict[str, Tensor], batch_size: int) -> int:
    """How many mini-batches an epoch of training has."""
    return math.ceil(min(len(split["source"]), EPOCH_SAMPLES) / batch_size)


def epoch_order(split: dict[str, Tensor], batch_size: int) -> Tensor:
    """The indices of an epoch's samples, in the order in which they come."""
    return torch.randperm(len(split["source"]))[:EPOCH_SAMPLES]


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
    """The mean over all samples of what was measured on each batch; metrics of a whole split of
    what was kept of all its batches.
    """
    weights = torch.tensor(sizes, dtype=torch.float64) / max(sum(sizes), 1)
    results = {}
    for name in values[0] if values else {}:
        column = [value[name] for value in values]
        if name in OVER_SPLIT:
            result = OVER_SPLIT[name](torch.cat(column).cpu().double())
        else:
            result = torch.stack(column).cpu().double() @ weights
        results[name] = float(result)
    return results


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
        default="seq2seq_attention.safetensors",
        help="where the last weights go; those of the lowest validation surprise go to …_best",
    )
    parser.add_argument(
        "--resume",
        type=Path,
        help="keeps the training's state after each epoch, and goes on from it",
    )
    parser.add_argument("--probes", type=Path, help="folder for what the probes show, by epoch")
    parser.add_argument(
        "--hidden", type=int, default=HIDDEN, help="Hidden size of the GRUs, 16 to 256."
    )
    arguments = parser.parse_args()

    torch.manual_seed(arguments.seed)
    data = load(arguments.device)
    steps_per_epoch = steps_in(data["train"], arguments.batch_size)
    program = Program(hidden=arguments.hidden).to(arguments.device)
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
