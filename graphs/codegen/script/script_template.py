"""The text of an exported file around its classes: how data is loaded and how the loop runs."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

from graphs.codegen.script.data_loading import Handing
from graphs.codegen.script.derived_data import Loaders
from graphs.document.parameter_expressions import Number
from graphs.program.partition import Program

LONGEST_HELP = 80
"""Characters of a flag's help on one line."""


def load_text(loaders: Loaders, reads_files: bool, signature: str, handing: Handing) -> str:
    """The function that puts the data on a device."""
    folder = ", folder: Path" if reads_files else ""
    calls = {node: handing.loaded(node, text) for node, text in loaders.of_batches().items()}
    before = "".join(f"    {line}\n" for line in loaders.lines)
    if len(calls) == 1:
        body = f"    splits = {next(iter(calls.values()))}\n"
    else:
        named = ", ".join(f'"{source}": {call}' for source, call in calls.items())
        body = f"    sources = {{{named}}}\n"
    about = "handed out by number" if handing.by_number else "split -> field -> tensor"
    return (
        f"def load(device: str{folder}{signature}) -> dict[str, {handing.split}]:\n"
        f'    """Every split of the data, on a device: {about}."""\n{before}{body}{handing.moved}'
    )


def main_text(
    stem: str,
    reads_files: bool,
    loads_weights: bool,
    program: Program,
    hyperparameters: Mapping[str, Number],
    help_: Mapping[str, str],
    of_data: list[str],
    of_program: list[str],
    handing: Handing,
) -> str:
    """The loop, and the command line in front of it."""
    named = hyperparameters.items()
    flags = "".join(_flag(name, value, help_.get(name, "")) for name, value in named)
    data = ["arguments.data"] if reads_files else []
    data += [f"{name}=arguments.{name}" for name in of_data]
    given = ["steps_per_epoch", "arguments.epochs"] if program.needs_length else []
    given += [f"{name}=arguments.{name}" for name in of_program]
    return (
        _MAIN.replace("split: dict[str, Tensor]", f"split: {handing.split}")
        .replace("STEM", stem)
        .replace("    DATA_FLAG\n", (_DATA_FLAG if reads_files or loads_weights else "") + flags)
        .replace("DATA_ARGUMENTS", "".join(f", {argument}" for argument in data))
        .replace("    STEPS_PER_EPOCH\n", _STEPS_PER_EPOCH if program.needs_length else "")
        .replace("LENGTH", handing.length)
        .replace("Program()", f"Program({', '.join(given)})")
        .replace("    LOAD_WEIGHTS\n", _LOAD_WEIGHTS if loads_weights else "")
        .replace("        EPOCH\n", _EPOCH if program.asks_epoch else "")
        .replace("        MEASURE\n", _END_EPOCH if program.ends_epochs else _MEASURE)
        .replace("PROBED\n\n\n", _probed(program, handing))
        .replace("    PROBES_FLAG\n", _PROBES_FLAG if program.watching else "")
        .replace("        PROBES\n", _PROBES if program.watching else "")
        .strip()
    )


def _probed(program: Program, handing: Handing) -> str:
    """The function that computes what the probes show; nothing where there are none."""
    if not program.watching:
        return ""
    shown = "program.probe(next(batches(split, BATCH_SIZE)))" if program.probes else "{}"
    text = _PROBED.replace("SPLITS", f"dict[str, {handing.split}]").replace("SHOWN", shown)
    return text.replace("        TALLY\n", _TALLY if program.tallies else "")


def _flag(name: str, value: Number, help_: str) -> str:
    kind = type(value).__name__
    flag = name.replace("_", "-")
    parts = textwrap.wrap(help_.replace("%", "%%"), LONGEST_HELP, drop_whitespace=False)
    text = " ".join(map(repr, parts))
    about = f", help={f'({text})' if len(parts) > 1 else text}" if parts else ""
    return f'    parser.add_argument("--{flag}", type={kind}, default={name.upper()}{about})\n'


_DATA_FLAG = """
    folder = Path(__file__).parent
    parser.add_argument("--data", type=Path, default=folder, help="folder of the data files")
""".lstrip("\n")

_STEPS_PER_EPOCH = """
    longest = LENGTH
    steps_per_epoch = math.ceil(longest / BATCH_SIZE)
""".lstrip("\n")

_LOAD_WEIGHTS = """
    program.load_weights(arguments.data)
""".lstrip("\n")

_EPOCH = """
        program.epoch = epoch
""".lstrip("\n")

_MEASURE = """
        report(f"epoch {epoch} train", train(program, data["train"]))
        report(f"epoch {epoch} validation", measure(program, data["validation"]))
""".lstrip("\n")

_END_EPOCH = """
        training = train(program, data["train"])
        report(f"epoch {epoch} train", training)
        validation = measure(program, data["validation"])
        report(f"epoch {epoch} validation", validation)
        program.end_epoch(validation or training)
""".lstrip("\n")

_PROBED = '''
@torch.no_grad()
def probed(program: Program, data: SPLITS) -> dict[str, Tensor]:
    """What the probes show of the validation data. Random numbers drawn later stay the same."""
    program.eval()
    device = next(program.parameters()).device
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.manual_seed(SEED)
        split = data["validation"]
        if next(batches(split, BATCH_SIZE), None) is None:
            split = data["train"]
        shown: dict[str, Tensor] = SHOWN
        TALLY
    return {
        name: value.clone(memory_format=torch.contiguous_format).cpu()
        for name, value in shown.items()
    }


'''.lstrip("\n")

_TALLY = """
        for batch in batches(split, BATCH_SIZE):
            for name, count in program.tally(batch).items():
                shown[name] = shown.get(name, 0) + count
""".lstrip("\n")

_PROBES_FLAG = """
    parser.add_argument("--probes", type=Path, help="folder for what the probes show, by epoch")
""".lstrip("\n")

_PROBES = """
        if arguments.probes:
            arguments.probes.mkdir(parents=True, exist_ok=True)
            save_file(probed(program, data), arguments.probes / f"epoch_{epoch}.safetensors")
""".lstrip("\n")

_MAIN = '''
def train(program: Program, split: dict[str, Tensor]) -> dict[str, float]:
    """One epoch of training; the mean of what each step saw."""
    program.train()
    values, sizes = [], []
    for batch in batches(split, BATCH_SIZE, shuffle=True):
        values.append(program.step(batch))
        sizes.append(size_of(batch))
    return average(values, sizes)


@torch.no_grad()
def measure(program: Program, split: dict[str, Tensor]) -> dict[str, float]:
    """Losses and metrics on a split, with nothing updated."""
    program.eval()
    values, sizes = [], []
    for batch in batches(split, BATCH_SIZE):
        values.append(program.evaluate(batch))
        sizes.append(size_of(batch))
    return average(values, sizes)


PROBED


def report(name: str, values: dict[str, float]) -> None:
    """Print one line of measurements."""
    print(name, *(f"{key} {value:.9g}" for key, value in values.items()), sep="  ")


def main() -> None:
    """Train, say after each epoch how it goes, and save the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu", help="cpu, cuda, cuda:1, mps")
    parser.add_argument("--epochs", type=int, default=EPOCHS, help="passes over the training data")
    parser.add_argument("--seed", type=int, default=SEED, help="fixes every random choice")
    parser.add_argument("--save", default="STEM.safetensors", help="where the weights go")
    PROBES_FLAG
    DATA_FLAG
    arguments = parser.parse_args()

    torch.manual_seed(arguments.seed)
    data = load(arguments.deviceDATA_ARGUMENTS)
    STEPS_PER_EPOCH
    program = Program().to(arguments.device)
    LOAD_WEIGHTS
    for epoch in range(1, arguments.epochs + 1):
        EPOCH
        MEASURE
        PROBES
    report("test", measure(program, data["test"]))
    save_file(program.state_dict(), arguments.save)


if __name__ == "__main__":
    main()
'''
