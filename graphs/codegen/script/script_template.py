"""The text of an exported file after its classes: how data is loaded, the loop, the command line.

Every function is put together from lines, and what a user wrote (a title, a name, a help) goes into
its own line last: no text that holds it is searched or changed again.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from graphs.codegen.classes.compilation import Option
from graphs.codegen.script.data_loading import DataSources
from graphs.codegen.script.derived_data import Loaders
from graphs.program.interface import Interface
from graphs.program.partition import Program

LONGEST_HELP = 80
"""Characters of a flag's help on one line."""
Lines = list[str]


def load_text(loaders: Loaders, reads_files: bool, signature: str, sources: DataSources) -> str:
    """The function that puts the data on a device."""
    folder = ", folder: Path" if reads_files else ""
    about = "samples by their indices" if sources.indexed else "split -> field -> tensor"
    return function(
        f"load(device: str{folder}{signature}) -> dict[str, {sources.split}]",
        f"Every split of the data, on a device: {about}.",
        [*loaders.lines, *_loaded(loaders, sources), *sources.moved],
    )


def _loaded(loaders: Loaders, sources: DataSources) -> Lines:
    calls = {node: sources.loaded(node, text) for node, text in loaders.of_batches().items()}
    if len(calls) == 1:
        return [f"splits = {next(iter(calls.values()))}"]
    named = ", ".join(f"{source!r}: {call}" for source, call in calls.items())
    return [f"sources = {{{named}}}"]


def function(head: str, about: str, body: Lines, decorator: str = "") -> str:
    """A function's text: its name and signature, its docstring, its lines."""
    lines = [f'"""{about}"""', *body]
    return "\n".join([*([decorator] if decorator else []), f"def {head}:", *indented(lines)])


def indented(lines: Lines) -> Lines:
    """Lines inside of something; empty ones stay empty."""
    return [f"    {line}" if line else "" for line in lines]


@dataclass(frozen=True)
class Script:
    """The end of an exported file: the loop, and the command line in front of it."""

    stem: str
    interface: Interface
    program: Program
    options: Sequence[Option]
    of_data: Lines
    """The hyperparameters that `load` takes."""
    of_program: Lines
    """The hyperparameters that the program takes."""
    of_optimizers: Lines
    """The hyperparameters that the optimizers take."""
    sources: DataSources

    def text(self) -> str:
        """All functions, and the call of the last."""
        functions = [self._train(), self._measure(), *self._probed(), _REPORT, self._main()]
        return "\n\n\n".join([*functions, 'if __name__ == "__main__":\n    main()'])

    def _train(self) -> str:
        given = f"program: Program, split: {self.sources.split}, batch_size: int = BATCH_SIZE"
        drawn = "batches(split, batch_size, shuffle=True)"
        watched = f"with_progress({drawn}, title, steps_in(split, batch_size))"
        return function(
            f'train({given}, title: str = "training") -> dict[str, float]',
            "One epoch of training; the mean of what each step saw.",
            ["program.train()", *_over_batches(watched, "program.step(batch)")],
        )

    def _measure(self) -> str:
        given = f"program: Program, split: {self.sources.split}, batch_size: int = BATCH_SIZE"
        body = _over_batches("batches(split, batch_size)", "program.evaluate(batch)")
        return function(
            f"measure({given}) -> dict[str, float]",
            "Losses and metrics on a split, with nothing updated.",
            ["program.eval()", *body],
            "@torch.no_grad()",
        )

    def _probed(self) -> Iterator[str]:
        """The function that computes what the probes show; nothing where there are none."""
        if not self.program.watching:
            return
        shown = "program.probe(next(batches(split, BATCH_SIZE)))" if self.program.probes else "{}"
        seeded = [
            "torch.manual_seed(SEED)",
            'split = data["validation"]',
            "if next(batches(split, BATCH_SIZE), None) is None:",
            '    split = data["train"]',
            f"shown: dict[str, Tensor] = {shown}",
            *(_TALLY if self.program.tallies else []),
        ]
        body = [
            "program.eval()",
            "device = next(program.parameters()).device",
            'with torch.random.fork_rng([device] if device.type == "cuda" else []):',
            *indented(seeded),
            "return {",
            "    name: value.clone(memory_format=torch.contiguous_format).cpu()",
            "    for name, value in shown.items()",
            "}",
        ]
        data = f"dict[str, {self.sources.split}]"
        head = f"probed(program: Program, data: {data}) -> dict[str, Tensor]"
        yield function(head, _ABOUT_PROBED, body, "@torch.no_grad()")

    def _main(self) -> str:
        body = [*self._flags(), "", *self._begin(), *self._epochs(), *self._end()]
        about = "Train, say after each epoch how it goes, and save the last and the best weights."
        return function("main() -> None", about, body)

    def _flags(self) -> Lines:
        """The command line: the file's own flags, then the hyperparameters."""
        loss = self.interface.losses[0]
        about = f"where the last weights go; those of the lowest validation {loss} go to …_best"
        save = f'"--save", type=Path, default="{self.stem}.safetensors", help="{about}"'
        return [
            "parser = argparse.ArgumentParser(description=__doc__)",
            *_OWN_FLAGS,
            f"parser.add_argument({save})",
            *_RESUME_FLAG,
            *(_PROBES_FLAG if self.program.watching else []),
            *(_DATA_FLAG if self.interface.reads_files or self.interface.loads_weights else []),
            *map(_flag, self.options),
            "arguments = parser.parse_args()",
        ]

    def _begin(self) -> Lines:
        """What is done before the first epoch."""
        data = ["arguments.data"] if self.interface.reads_files else []
        data = ["arguments.device", *data, *_given(self.of_data)]
        program = f"Program({', '.join(_given(self.of_program))})"
        length = ["steps_per_epoch", "arguments.epochs", *_given(self.of_optimizers)]
        return [
            "torch.manual_seed(arguments.seed)",
            f"data = load({', '.join(data)})",
            'steps_per_epoch = steps_in(data["train"], arguments.batch_size)',
            f"program = {program}.to(arguments.device)",
            f"program.configure_optimizers({', '.join(length)})",
            *(["program.load_weights(arguments.data)"] if self.interface.loads_weights else []),
            "first, best = 1, math.inf",
            "if arguments.resume and arguments.resume.exists():",
            "    first, best = resume_training(arguments.resume, program)",
        ]

    def _epochs(self) -> Lines:
        body = [
            *(["program.epoch = epoch"] if self.program.asks_epoch else []),
            *_MEASURE,
            *(["program.end_epoch(validation or training)"] if self.program.ends_epochs else []),
            *(_PROBES if self.program.watching else []),
            f"loss = (validation or training)[{self.interface.losses[0]!r}]",
            "if loss < best:",
            "    best = loss",
            '    best_weights = arguments.save.with_stem(f"{arguments.save.stem}_best")',
            f"    save_file({self._saved()}.state_dict(), best_weights)",
            "if arguments.resume:",
            "    save_training(arguments.resume, program, epoch, best)",
        ]
        return ["for epoch in range(first, arguments.epochs + 1):", *indented(body)]

    def _end(self) -> Lines:
        return [
            'report("test", measure(program, data["test"], arguments.batch_size))',
            f"save_file({self._saved()}.state_dict(), arguments.save)",
        ]

    def _saved(self) -> str:
        """What has the weights that are saved."""
        return ".".join(filter(None, ("program", self.interface.saved)))


def _given(names: Lines) -> Lines:
    """Hyperparameters, as they are handed on from the command line."""
    return [f"{name}=arguments.{name}" for name in names]


def _flag(option: Option) -> str:
    """The line that adds the flag of a hyperparameter."""
    parts = textwrap.wrap(option.help.replace("%", "%%"), LONGEST_HELP, drop_whitespace=False)
    text = " ".join(map(repr, parts))
    about = f", help={f'({text})' if len(parts) > 1 else text}" if parts else ""
    options = f"type={type(option.value).__name__}, default={option.name.constant}{about}"
    return f'parser.add_argument("{option.name.flag}", {options})'


def _over_batches(drawn: str, measured: str) -> Lines:
    """Lines that go through a split and sum up what each batch gave."""
    return [
        "values, sizes = [], []",
        f"for batch in {drawn}:",
        f"    values.append({measured})",
        "    sizes.append(size_of(batch))",
        "return average(values, sizes)",
    ]


_OWN_FLAGS = [
    'device = "cuda" if torch.cuda.is_available() else "cpu"',
    'parser.add_argument("--device", default=device, help="cpu, cuda, cuda:1, mps")',
    'parser.add_argument("--epochs", type=int, default=EPOCHS, help="passes over the training '
    'data")',
    'parser.add_argument("--batch-size", type=int, default=BATCH_SIZE, help="samples a step")',
    'parser.add_argument("--seed", type=int, default=SEED, help="fixes every random choice")',
]

_RESUME_FLAG = [
    'parser.add_argument("--resume", type=Path, help="keeps the training\'s state after each '
    'epoch, and goes on from it")'
]

_DATA_FLAG = [
    "folder = Path(__file__).parent",
    'parser.add_argument("--data", type=Path, default=folder, help="folder of the data files")',
]

_PROBES_FLAG = [
    'parser.add_argument("--probes", type=Path, help="folder for what the probes show, by epoch")'
]

_MEASURE = [
    'title = f"epoch {epoch} train"',
    'training = train(program, data["train"], arguments.batch_size, title)',
    "report(title, training)",
    'validation = measure(program, data["validation"], arguments.batch_size)',
    'report(f"epoch {epoch} validation", validation)',
]

_PROBES = [
    "if arguments.probes:",
    "    arguments.probes.mkdir(parents=True, exist_ok=True)",
    '    save_file(probed(program, data), arguments.probes / f"epoch_{epoch}.safetensors")',
]

_ABOUT_PROBED = (
    "What the probes show of the validation data. Random numbers drawn later stay the same."
)

_TALLY = [
    "for batch in batches(split, BATCH_SIZE):",
    "    for name, count in program.tally(batch).items():",
    "        shown[name] = shown.get(name, 0) + count",
]

_REPORT = '''
def report(name: str, values: dict[str, float]) -> None:
    """Print one line of measurements."""
    print(name, *(f"{key} {value:.9g}" for key, value in values.items()), sep="  ")
'''.strip()
