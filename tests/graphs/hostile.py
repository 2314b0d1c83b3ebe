"""What strangers' files try, and a process that watches what looking at them does.

python hostile.py FOLDER      looks at every document of a folder; prints what it saw happen
"""

import ast
import json
import sys
from pathlib import Path
from typing import Any

MARK = "PWNED"
ACT = f'open("{MARK}", "w").close()'
DO = f'__import__("pathlib").Path("{MARK}").touch()'
OWN = '''
import torch
from torch import Tensor, nn
class Own(nn.Module):
    """A module."""
    def forward(self, x: Tensor) -> Tensor:
        return x
'''
PROGRAMS = {
    "at_the_top": f"{ACT}\n{OWN}",
    "in_a_class": OWN.replace('    """A', f'    {ACT}\n    """A'),
    "decorator": OWN.replace("class", f"@(lambda c: ({DO}, c)[1])\nclass"),
    "of_forward": OWN.replace("    def", f"    @(lambda f: ({DO}, f)[1])\n    def"),
    "default": OWN.replace("x: Tensor", f"x: Tensor, y={DO}"),
    "annotation": OWN.replace("x: Tensor", f"x: Tensor, y: {DO} = 1"),
    "returned": OWN.replace("-> Tensor", f"-> (Tensor, {DO})[0]"),
    "metaclass": OWN.replace("nn.Module", f"nn.Module, metaclass=({DO}, type(nn.Module))[1]"),
    "base": OWN.replace("nn.Module", f"({DO}, nn.Module)[1]"),
    "made": f"class Meta(type(__import__('torch').nn.Module)):\n"
    f"    def __init__(*a): {DO}\n{OWN.replace('nn.Module', 'nn.Module, metaclass=Meta')}",
    "subclass_hook": "class Base:\n"
    f"    def __init_subclass__(cls): {DO}\n{OWN.replace('nn.Module', 'Base')}",
    "imported": f"from helper import thing\n{OWN}",
}
"""Python files that act as soon as they run; `OWN` in each."""
TEXTS = (
    f'"""\n{ACT}\n"""',
    f"'; {ACT} #",
    f"\\\n{ACT}",
    f"{{{DO}}}",
    f"\u2028{ACT}",
    f"$(touch {MARK})",
    f"=__import__('os').system('touch {MARK}')",
    f"={DO}",
    f"=(lambda: {DO})()",
    f"=9**9**9 if {DO} else 1",
)
"""Texts that would act if they got into source or were evaluated."""
PATHS = (
    "../outside/secret.csv",
    "/etc/passwd",
    "link.csv",
    "file:///etc/passwd",
    "http://127.0.0.1:9/x.csv",
    "https://example.com/x.csv",
    "|touch PWNED",
    "a\0b.csv",
    "ring.csv",
)
"""Places where a document's data must not be looked for."""


def node(type_: str, label: str = "", **parameters: Any) -> dict[str, Any]:
    return {"type": type_, "label": label, "parameters": parameters}


def wire(source: str, target: str) -> dict[str, list[str]]:
    return {"source": source.split("."), "target": target.split(".")}


def program(middle: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A small sound program with a node in its middle."""
    nodes = {
        "data": node("Digits", form="pixels"),
        "middle": middle,
        "linear": node("Linear", out_features=10),
        "loss": node("CrossEntropy"),
        "adam": node("AdamW"),
    }
    ends = [
        ("data.image", "middle.x"),
        ("middle.output", "linear.x"),
        ("linear.output", "loss.prediction"),
        ("data.label", "loss.label"),
        ("loss.output", "adam.loss"),
    ]
    main = {"nodes": nodes, "wires": [wire(*pair) for pair in ends]}
    return {"graphs": {"main": {**main, **fields.pop("main", {})}}, **fields}


def documents() -> dict[str, Any]:
    """The corpus: JSON by name."""
    made: dict[str, Any] = {"sound": program(node("ReLU"))}
    for name in PROGRAMS:
        made[f"custom_{name}"] = program(node("Custom", file=f"{name}.py"))
        made[f"named_{name}"] = program(node("Custom", file=f"{name}.py", class_name="Own"))
    for number, text in enumerate(TEXTS):
        made[f"title_{number}"] = program(node("ReLU"), title=text, description=text)
        made[f"label_{number}"] = program(node("Linear", label=text, out_features=3))
        made[f"value_{number}"] = program(node("Linear", out_features=text))
        made[f"text_{number}"] = program(node("Custom", text, file=text, class_name=text))
        made[f"type_{number}"] = program(node(text))
        made[f"arithmetic_{number}"] = program(node("Arithmetic", expression=text.lstrip("=")))
        made[f"argument_{number}"] = program(
            node("Custom", file="default.py", class_name="Own", arguments={text: text})
        )
        made[f"block_{number}"] = program(node("Block", block=text, weights=text))
    for number, path in enumerate(PATHS):
        table = {"features": ["a"], "target": "b"}
        document = program(node("ReLU"))
        document["graphs"]["main"]["nodes"]["data"] = node("Table", file=path, **table)
        made[f"path_{number}"] = document
        own = program(node("Custom", file=path.removesuffix(".csv") + ".py"))
        made[f"python_path_{number}"] = own
    made["itself"] = program(node("Block", block="Own"))
    made["itself"]["graphs"]["Own"] = {"nodes": {"again": node("Block", block="Own")}}
    made["repeated"] = program(node("Linear", out_features="=2 ** 62"))
    return made


def write_corpus(folder: Path) -> None:
    """The corpus, with a file outside of the folder that it tries to get at."""
    outside = folder.parent / "outside"
    outside.mkdir()
    folder.mkdir()
    (outside / "secret.csv").write_text("a,b\n1,2\n")
    (outside / "secret.py").write_text(OWN)
    for name, text in PROGRAMS.items():
        (folder / f"{name}.py").write_text(text)
    (folder / "helper.py").write_text(f"{ACT}\nthing = 1\n")
    for name in ("torch", "nn", "os", "sklearn"):  # to be imported in the place of the real ones
        (folder / f"{name}.py").write_text(ACT)
    for end in ("csv", "py"):
        (folder / f"link.{end}").symlink_to(outside / f"secret.{end}")
        (folder / f"ring.{end}").symlink_to(f"ring.{end}")
    for name, document in documents().items():
        (folder / f"{name}.graph.json").write_text(json.dumps(document))


class Watch:
    """Remembers what happens that must not."""

    def __init__(self, folder: Path) -> None:
        self.seen: list[str] = []
        self.about = ""
        self._folder = str(folder)
        self._outside = str(folder.parent / "outside")

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        if self.about and self._is_bad(event, args):
            self.seen.append(f"{self.about}: {event} {args!r:.200}")

    def _is_bad(self, event: str, args: tuple[Any, ...]) -> bool:
        if event == "exec":
            file = str(args[0].co_filename)
            return file.startswith("<") or self._folder in file
        if event == "subprocess.Popen":
            return Path(str(args[0])).stem != "ruff"
        if event == "open":
            path, mode = args[0], str(args[1] or "")
            if isinstance(path, int):  # a pipe to a process
                return False
            leaves = self._outside in str(path) or str(path).startswith("/etc/passwd")
            return leaves or any(letter in mode for letter in "wax+")
        if event == "import":
            return str(args[0]) in (*PROGRAMS, "helper")
        return event in BAD


BAD = {
    *("os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.remove", "os.rename"),
    *("socket.connect", "socket.getaddrinfo", "socket.bind", "urllib.Request"),
    *("pickle.find_class", "ctypes.dlopen", "code.__new__", "shutil.copyfile"),
}


def look(path: Path) -> str:
    """All that may be done with a document that is not run; what it exports, if anything."""
    from app.commands.documents import text_of
    from app.editor.inspector.forms import as_text, value_of
    from app.editor.session.block_uses import counted_uses
    from app.editor.session.clipboard import read_clip
    from app.editor.session.session import Session
    from graphs.compiler import check, export
    from graphs.document.document_io import read
    from graphs.document.problems import ProblemsError
    from graphs.nodetypes.node_type import node_types

    document = read(path)
    model = Session(document, path)
    model.select(frozenset(document.main.nodes))
    model.put(read_clip(model.copied()), title="Paste")
    model.undo()
    counted_uses(document, node_types())
    for each in document.main.nodes.values():
        known = node_types().get(each.type)
        for parameter in known.parameters() if known else ():
            as_text(parameter, value_of(each, parameter))
    checked = check(document, path.parent)
    for problem in checked.problems:
        text_of(problem)
    try:
        return export(document, path.parent, checked)
    except ProblemsError:
        return ""


def acts(source: str) -> bool:
    """Whether a program has code of a stranger's in it; in a text it does no harm."""
    if MARK not in source:
        return False
    names = {n.id for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Name)}
    return bool(names & {"__import__", "open"})


def main(folder: Path) -> None:
    """Look at the corpus and print what was seen, as JSON."""
    import nodes.library  # noqa: F401

    watch = Watch(folder)
    look(folder / "sound.graph.json")  # what is imported late is imported now
    sys.addaudithook(watch)
    exported = []
    for path in sorted(folder.glob("*.graph.json")):
        watch.about = path.name
        source = look(path)
        watch.about = ""
        if source:
            exported.append(path.name)
        if acts(source):
            watch.seen.append(f"{path.name}: its program acts")
    print(json.dumps({"seen": watch.seen, "exported": exported}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
