"""The rules of the house that a test can hold: who imports whom, what is listed, how long it is."""

import ast
import functools
import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import networkx as nx
import pytest

ROOT = Path(__file__).parent.parent
LAYERS = ["graphs", "nodes", "app", "main"]

MOST_MODULES = 16
"""In one folder."""

FOLDERS = ["assets", "docs", "scripts", "tests"]

LONG_FILES = {
    "docs/nodes.md": "printed by the program, one part for each node type",
}
"""Files of more than 400 lines, each with its reason. Exported files in tests/golden may be long: a
program has to be one file, with its layers and its data."""

IMPORT_NAMES = {
    "cupy-cuda13x": ["cupy", "cupyx"],
    "fonttools": ["fontTools"],
    "pillow": ["PIL"],
    "PySide6-Essentials": ["PySide6"],
    "pytest-qt": ["pytestqt"],
    "pytest-timeout": ["pytest_timeout"],
    "scikit-learn": ["sklearn"],
    "types-networkx": [],
}
"""What a distribution is imported as, where that is not its name."""


def files(*names: str) -> list[Path]:
    """The source files at the top and in these folders, as paths inside the repository."""
    found = [ROOT / name for name in names if (ROOT / name).is_file()]
    for name in names:
        for pattern in ("*.py", "*.sh", "*.md"):
            found += (ROOT / name).rglob(pattern)
    return [path.relative_to(ROOT) for path in found]


def module(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


@functools.cache
def imports() -> dict[str, list[str]]:
    """Every module of the program and what it imports, at the top or inside functions. What only
    type checkers import is left out.
    """
    sources = [path for path in files("main.py", *LAYERS) if path.suffix == ".py"]
    return {module(path): list(imported(ROOT / path)) for path in sources}


@functools.cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(path: Path) -> Iterator[str]:
    """`from a import b` gives `a.b`, since b may be a module."""
    for node in walked(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: a relative import"
            yield from (f"{node.module}.{name.name}" for name in node.names)


def walked(node: ast.AST) -> Iterator[ast.AST]:
    """All that runs."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"):
            yield from walked(child)


@functools.cache
def project() -> dict[str, list[str]]:
    """The names of the dependencies, by extra; "" are those that everyone needs."""
    table = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = {"": table["dependencies"]} | table["optional-dependencies"]
    return {extra: [line.split("==")[0] for line in lines] for extra, lines in groups.items()}


def test_every_layer_was_found() -> None:
    assert {name.split(".")[0] for name in imports()} == set(LAYERS)


def test_contracts_hold() -> None:
    """Who may import whom stands in pyproject.toml, and import-linter checks it."""
    command = [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_contracts_speak_of_what_there_is() -> None:
    """A protected library that nothing imports would protect nothing."""
    used = {other.split(".")[0] for others in imports().values() for other in others}
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    contracts = tool["importlinter"]["contracts"]
    named = {name for contract in contracts for name in contract.get("protected_modules", [])}
    assert {name.split(".")[0] for name in named} <= used | set(LAYERS)
    assert named >= {"dearpygui", "pyqtgraph", "PySide6", "networkx"}


def test_no_circles() -> None:
    """Nothing needs, by whatever way, what needs it: not even inside functions."""
    graph = nx.DiGraph()
    for name, others in imports().items():
        graph.add_edges_from((name, there) for other in others if (there := known(other)))
    circles = [sorted(group) for group in nx.strongly_connected_components(graph) if len(group) > 1]
    assert circles == []
    assert list(nx.selfloop_edges(graph)) == []


def known(name: str) -> str | None:
    """The module of ours that `a.b` is, or is a name of."""
    return next((n for n in (name, name.rpartition(".")[0]) if n in imports()), None)


def test_what_is_imported_is_there() -> None:
    """Within functions too, which run late, and in scripts and benchmarks, which run seldom."""
    sources = [path for path in files("main.py", *LAYERS, *FOLDERS) if path.suffix == ".py"]
    names = {module(path): defined(ROOT / path) for path in sources}
    missing = [
        (path.as_posix(), other)
        for path in sources
        for other in imported(ROOT / path)
        if other.split(".")[0] in {"app", "graphs", "nodes", "tests"}
        and other not in names
        and other.rpartition(".")[2] not in names.get(other.rpartition(".")[0], ())
    ]
    assert missing == []


def defined(path: Path) -> set[str]:
    """The names that a file has once it was imported."""
    found: set[str] = set()
    statements: list[ast.stmt] = list(parsed(path).body)
    for node in statements:
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                found.add(name)
            case ast.Import() | ast.ImportFrom():
                found |= {alias.asname or alias.name.split(".")[0] for alias in node.names}
            case ast.If() | ast.Try() | ast.With() | ast.For():
                statements += [*node.body, *getattr(node, "orelse", [])]
            case ast.Assign() | ast.AnnAssign():
                found |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    return found


def test_folders_are_short() -> None:
    """What a folder holds has to fit on a page, and into a sentence."""
    folders = Counter(name.rpartition(".")[0] for name in imports() if is_module(name))
    assert {folder: count for folder, count in folders.items() if count > MOST_MODULES} == {}


def is_module(name: str) -> bool:
    return not (ROOT / name.replace(".", "/")).is_dir()


def test_a_room_says_what_it_is() -> None:
    rooms = [name for name in imports() if not is_module(name)]
    paths = [ROOT / name.replace(".", "/") / "__init__.py" for name in rooms]
    assert [path for path in paths if not ast.get_docstring(ast.parse(path.read_text()))] == []


def test_what_is_imported_is_declared() -> None:
    known = {name for names in project().values() for name in names} - set(project()["dev"])
    declared = {top for name in known for top in IMPORT_NAMES.get(name, [name])}
    used = {other.split(".")[0] for others in imports().values() for other in others}
    assert used - declared - set(LAYERS) - sys.stdlib_module_names == set()


def test_every_dependency_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in readme.splitlines() if line.startswith("|")]
    listed = {word for row in rows for word in re.findall(r"[\w-]+", row)}
    assert [name for names in project().values() for name in names if name not in listed] == []


def test_files_are_short() -> None:
    everything = files("main.py", "README.md", "Makefile", *LAYERS, *FOLDERS)
    lengths = {p.as_posix(): len((ROOT / p).read_text("utf-8").splitlines()) for p in everything}
    assert "tests/test_house.py" in lengths
    long = {name for name, length in lengths.items() if length > 400}
    assert {name for name in long if not name.startswith("tests/golden/")} == LONG_FILES.keys()


def test_there_is_a_changelog() -> None:
    assert "## " in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_links_to_is_there(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8"))
    missing = [link for link in links if not (page.parent / link).exists()]
    assert not missing


def test_what_is_private_stays_in_its_file() -> None:
    """A name that begins with _ is of a class's or a file's inside: nobody else reads it."""
    sources = [path for path in files(*LAYERS) if path.suffix == ".py"]
    assert [(path.as_posix(), name) for path in sources for name in foreign(ROOT / path)] == []


PUBLIC = {"_asdict", "_exit", "_fields", "_replace"}
"""Names of the standard library that look private, so that no field collides with them."""


def foreign(path: Path) -> Iterator[str]:
    """The private names that a file reads and does not have itself."""
    nodes = list(ast.walk(parsed(path)))
    own = PUBLIC | {n.id for n in nodes if isinstance(n, ast.Name)}
    own |= {n.name for n in nodes if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    own |= {n.attr for n in nodes if isinstance(n, ast.Attribute) and is_own(n)}
    read = [n.attr for n in nodes if isinstance(n, ast.Attribute)]
    read += [name.name for n in nodes if isinstance(n, ast.ImportFrom) for name in n.names]
    private = (name for name in read if name.startswith("_") and not name.startswith("__"))
    yield from (name for name in private if name not in own)


def is_own(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
