"""The commands, as people and programs call them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from app import cli
from app.runs.run_folder import Run
from app.runs.run_list import list_runs
from app.training.launch import ROOT
from graphs.document.document_io import read, write
from graphs.document.edits import SetGraphParameters, SetParameters, apply
from tests.app.made_runs import new_run, stop_after, train, wait_for

EXAMPLES = ROOT / "assets/examples"
WINE = EXAMPLES / "wine_mlp.graph.json"


def run_command(*arguments: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "main.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)


def answer_of(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out.splitlines()[-1])


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A document with a problem."""
    document = json.loads(WINE.read_text())
    document["graphs"]["main"]["wires"].pop()
    path = tmp_path / "broken.graph.json"
    path.write_text(json.dumps(document))
    return path


@pytest.mark.parametrize("command", ["", "edit", "monitor", "examples", "nodes", "check", "export"])
def test_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main([*command.split(), "--help"])
    assert caught.value.code == 0
    assert "usage: python main.py" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["train", "resume"])
def test_help_has_examples(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main([command, "--help"])
    assert f"examples:\n  python main.py {command} " in capsys.readouterr().out


def modules_after(*arguments: str | Path) -> set[str]:
    """What a process has imported once it did a command."""
    code = (
        "import sys, json\nfrom app import cli\n"
        f"try: cli.main({[*map(str, arguments)]!r})\nexcept SystemExit: pass\n"
        "print('\\n' + json.dumps(list(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("arguments", [["--help"], ["examples"], ["runs"], ["train", "--help"]])
def test_light_commands_import_nothing_heavy(arguments: list[str], home: Path) -> None:
    """They start in a moment: no torch, no window library."""
    heavy = {"torch", "numpy", "pyqtgraph", "PySide6", "dearpygui", "sklearn"}
    assert modules_after(*arguments) & heavy == set()


def test_help_imports_the_command_line_alone(home: Path) -> None:
    loaded = modules_after("--help")
    ours = {name for name in loaded if name.split(".")[0] in ("app", "nodes", "graphs")}
    assert ours == {"app", "app.cli"}
    assert {name for name in loaded if name.split(".")[0] in ("pydantic", "rich", "ruff")} == set()


def test_check_imports_no_data_library(home: Path) -> None:
    """Drawing and checking a graph reads no data: scikit-learn and SciPy take seconds."""
    loaded = modules_after("check", WINE)
    assert "nodes.data.bundled" in loaded
    assert loaded & {"sklearn", "scipy", "PySide6", "dearpygui"} == set()


def test_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["examples", "--json"]) == 0
    found = answer_of(capsys)
    assert {"digits_cnn", "digits_lstm", "wine_mlp"} <= {example["name"] for example in found}
    assert all(Path(example["path"]).is_file() for example in found)
    assert cli.main(["examples"]) == 0
    assert "wine_mlp.graph.json" in capsys.readouterr().out


def test_check(broken: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", str(WINE)]) == 0
    assert capsys.readouterr().out == "wine_mlp.graph.json has no problems.\n"
    assert cli.main(["check", str(broken)]) == 1
    assert capsys.readouterr().out.count("\n") >= 1
    assert cli.main(["check", str(broken), "--json"]) == 1
    problems = answer_of(capsys)["problems"]
    assert {"graph", "node", "port", "parameter", "text", "fixes"} <= problems[0].keys()
    assert cli.main(["check", str(tmp_path / "none.graph.json")]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1


def test_export(broken: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["export", str(WINE)]) == 0
    source = capsys.readouterr().out
    assert "class Program(nn.Module):" in source
    path = tmp_path / "out.py"
    assert cli.main(["export", str(WINE), "-o", str(path)]) == 0
    assert path.read_text() == source
    assert cli.main(["export", str(WINE), "-o", str(tmp_path / "no" / "out.py")]) == 2
    assert "cannot be written: No such file or directory." in capsys.readouterr().err
    assert cli.main(["export", str(broken)]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "broken.graph.json is not exported: repair these first." in captured.err


def test_train_equals_the_exported_file(tmp_path: Path) -> None:
    """End to end: the run and the exported file, in a clean process, print the same numbers."""
    done = run_command(
        "train", WINE, "--json", "--epochs", "5", "--seed", "3", "--device", "cpu",
        "--runs", tmp_path, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert (answer["status"], answer["epochs"]) == ("finished", 5)
    assert answer["metrics"].keys() == {"cross_entropy", "accuracy"}
    assert answer["metrics"]["accuracy"].keys() == {"last", "best"}
    assert answer["test"].keys() == {"cross_entropy", "accuracy"}
    exported = tmp_path / "wine_mlp.py"
    assert cli.main(["export", str(WINE), "-o", str(exported)]) == 0
    (tmp_path / "wine.csv").write_text(WINE.with_name("wine.csv").read_text())
    command = [sys.executable, "-I", str(exported), "--epochs", "5", "--seed", "3"]
    plain = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    log = Run(Path(answer["run"])).log_path.read_text()
    assert _measured(plain.stdout) == _measured(log)
    assert _measured(plain.stdout)[:-1] == _measured(done.stderr)
    assert len(_measured(plain.stdout)) == 11


def _measured(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith(("epoch ", "test "))]


def test_the_digits(tmp_path: Path) -> None:
    """The example that the README trains reaches its bar."""
    path = EXAMPLES / "digits_cnn.graph.json"
    done = run_command("train", path, "--json", "--device", "cpu", "--runs", tmp_path)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["metrics"]["accuracy"]["last"] >= 0.97
    assert answer["seconds"] < 60
    assert Run(Path(answer["run"])).checkpoint("best")


def test_set(tmp_path: Path) -> None:
    done = run_command(
        "train", WINE, "--json", "--epochs", "1", "--runs", tmp_path,
        "--set", "hidden.out_features=7", "--set", "adamw.lr=0.5",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    source = Run(Path(json.loads(done.stdout)["run"])).program_path.read_text()
    assert "nn.Linear(13, 7)" in source
    assert "lr=0.5" in source


def test_set_a_hyperparameter(tmp_path: Path) -> None:
    """`--set width=7` is what a person gets who changes it in the document."""
    document = apply(
        read(WINE),
        SetGraphParameters(parameters={"width": 16}),
        SetParameters(id="hidden", parameters={"out_features": "=width"}),
    )
    shutil.copy(WINE.parent / "wine.csv", tmp_path)
    path = tmp_path / "wide.graph.json"
    write(document, path)
    command = ["train", path, "--json", "--epochs", "1", "--runs", tmp_path / "runs"]
    done = run_command(*command, "--set", "width=7")
    assert done.returncode == 0, done.stderr
    source = Run(Path(json.loads(done.stdout)["run"])).program_path.read_text()
    assert "WIDTH = 7" in source
    refused = run_command(*command, "--set", "width=wide")
    assert refused.returncode == 2
    assert "width needs a number, got 'wide'" in refused.stderr


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("nothing", "--set needs NAME=VALUE or NODE.PARAMETER=VALUE, got 'nothing'."),
        (".=3", "--set needs NAME=VALUE or NODE.PARAMETER=VALUE"),
        ("hidden=3", "there is no hyperparameter hidden; there are none."),
        ("none.out_features=3", "there is no node none; there are "),
        ("hidden.depth=3", "Linear has no parameter depth; there are out_features"),
        ("hidden.out_features=-3", "--set hidden.out_features=-3: "),
        ("hidden.out_features=many", "--set hidden.out_features=many: "),
    ],
)
def test_settings_that_do_not_fit(
    setting: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sentence, exit code 2, and no run is made."""
    assert cli.main(["train", str(WINE), "--set", setting, "--runs", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1
    assert list_runs(tmp_path) == []


@pytest.mark.parametrize(
    "arguments", [["--epochs", "0"], ["--seed", "-1"], ["--threads", "x"], ["--sead", "1"]]
)
def test_arguments_that_cannot_be(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["train", str(WINE), *arguments])
    assert caught.value.code == 2


def test_a_run_that_fails(broken: Path, tmp_path: Path) -> None:
    """Exit code 1, the sentence on stderr, and JSON all the same."""
    done = run_command("train", broken, "--json", "--runs", tmp_path / "runs")
    assert done.returncode == 1
    answer = json.loads(done.stdout)
    assert answer["status"] == "failed"
    assert answer["message"].startswith("The document has a problem: ")
    assert answer["message"] in done.stderr


def test_a_missing_device(tmp_path: Path) -> None:
    done = run_command("train", WINE, "--device", "cuda:99", "--runs", tmp_path)
    assert done.returncode == 1
    assert "There is no device cuda:99 here: this computer has " in done.stdout


def test_an_unreadable_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["train", str(tmp_path / "none"), "--runs", str(tmp_path)]) == 2
    assert "cannot be read" in capsys.readouterr().err


def test_runs(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["runs"]) == 0
    assert capsys.readouterr().out == "There are no runs yet: `train` makes one.\n"
    run = new_run(monkeypatch, home / "runs", title="[red]Wine[/red]")
    assert train(run) == 0
    damaged = new_run(monkeypatch, home / "runs")
    damaged.state_path.write_text("{")
    capsys.readouterr()
    assert cli.main(["runs", "--json"]) == 0
    (listed,) = answer_of(capsys)
    assert (listed["name"], listed["status"]) == (run.name, "finished")
    assert listed["metrics"]["loss"]["last"] > 0
    monkeypatch.setenv("COLUMNS", "200")
    assert cli.main(["runs"]) == 0
    captured = capsys.readouterr()
    assert "[red]Wine[/red]" in captured.out
    assert "state.json is damaged" in captured.err


def test_resume(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """By name, in the runs folder; the answer is that of the whole run."""
    done = run_command("train", WINE, "--json", "--epochs", "2")
    name = Path(json.loads(done.stdout)["run"]).name
    again = run_command("resume", name)
    assert again.returncode == 2
    assert "has done 2 epochs" in again.stderr
    more = run_command("resume", name, "--epochs", "3", "--json")
    assert more.returncode == 0, more.stderr
    assert json.loads(more.stdout)["epochs"] == 3
    assert run_command("resume", "nothing").returncode == 2


def test_a_stopped_run_is_listed(
    monkeypatch: pytest.MonkeyPatch, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stop_after(new_run(monkeypatch, home / "runs"), "step", 9)
    capsys.readouterr()
    assert cli.main(["runs", "--json"]) == 0
    (listed,) = answer_of(capsys)
    assert (listed["status"], listed["epochs"], listed["planned_epochs"]) == ("stopped", 1, 3)


def start_long(tmp_path: Path) -> tuple[subprocess.Popen[str], Run]:
    """`train` on many epochs, and its run once it moves."""
    command = [sys.executable, str(ROOT / "main.py"), "train", str(WINE), "--json"]
    process = subprocess.Popen(
        [*command, "--epochs", "100000", "--runs", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 30
    while not list_runs(tmp_path) or list_runs(tmp_path)[0].state().step == 0:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return process, list_runs(tmp_path)[0]


def test_interrupt_stops_the_run(tmp_path: Path) -> None:
    process, run = start_long(tmp_path)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert json.loads(out)["status"] == "stopped"
    assert "Stopping after this step" in err
    assert run.state().status == "stopped"


def test_a_second_interrupt_leaves_it_running(tmp_path: Path) -> None:
    """While the worker cannot answer, the stop is taken back."""
    process, run = start_long(tmp_path)
    worker = _worker_of(run)
    os.kill(worker, signal.SIGSTOP)
    assert process.stdout and process.stderr
    with process:
        process.send_signal(signal.SIGINT)
        while "Stopping after this step" not in process.stderr.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        err, out = process.stderr.read(), process.stdout.read()
    assert "The run goes on by itself" in err
    assert json.loads(out)["status"] == "running"
    os.kill(worker, signal.SIGCONT)
    step = run.state().step
    deadline = time.monotonic() + 20
    while run.state().step <= step:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    run.request("stop")
    wait_for(run, "stopped")


def _worker_of(run: Run) -> int:
    import psutil

    for process in psutil.process_iter(["cmdline"]):
        if str(run.path) in (process.info["cmdline"] or []):
            return int(process.pid)
    raise AssertionError("the worker is gone")


def test_without_a_display(tmp_path: Path) -> None:
    """One sentence and exit code 2, from every command that opens a window."""
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    environment.pop("QT_QPA_PLATFORM", None)
    for arguments in ([], ["edit", str(WINE)], ["monitor"]):
        command = [sys.executable, "-P", str(ROOT / "main.py"), *arguments]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env=environment, cwd=tmp_path
        )
        assert done.returncode == 2, done.stderr
        assert len(done.stderr.strip().splitlines()) == 1


def test_monitor_of_no_run(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    assert cli.main(["monitor", "nothing"]) == 2
    assert "There is no run nothing" in capsys.readouterr().err


def test_output_that_nobody_reads() -> None:
    """`nodes | head` is no error."""
    command = f"{sys.executable} main.py nodes | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, cwd=ROOT)
    assert done.stderr == ""
