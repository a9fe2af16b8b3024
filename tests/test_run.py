"""run.py, as far as it can be shown without a network: what it writes, installs, refuses and hands over to."""

import importlib.util
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from networks.access import ROLES

PROJECT = Path(__file__).parent.parent


@pytest.fixture
def run(tmp_path, monkeypatch):
    """run.py as a module whose home is an empty folder with two requirement files; `run.calls` notes what it would start."""
    spec = importlib.util.spec_from_file_location("run", PROJECT / "run.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.HOME, module.VENV = tmp_path, tmp_path / ".venv"
    module.PYTHON = module.VENV / "bin/python"
    module.calls = []
    for name in ("requirements.txt", "requirements-dev.txt"):
        (tmp_path / name).write_text("one==1\n")

    def started(words, check):
        module.calls.append(words)
        if "venv" in words:
            module.PYTHON.parent.mkdir(parents=True)
            module.PYTHON.touch()

    monkeypatch.setattr(module.subprocess, "run", started)
    monkeypatch.setattr(module.shutil, "which", lambda name: None)
    return module


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ([], ["manage.py", "demo"]),
        (["--port", "8001"], ["manage.py", "demo", "--port", "8001"]),
        (["test"], ["-m", "pytest", "-n", "auto"]),
        (["test", "-n0", "tests/test_run.py"], ["-m", "pytest", "-n0", "tests/test_run.py"]),
        (["lint"], ["tools/lint.py"]),
        (["bench", "--quick"], ["tools/bench.py", "--quick"]),
        (["load", "--users", "10"], ["tools/load.py", "--users", "10"]),
        (["bar", "AC-1"], ["tools/bar.py", "AC-1"]),
        (["audit"], ["tools/audit.py"]),
        (["sbom", "--table"], ["tools/sbom.py", "--table"]),
        (["assess", "2026"], ["manage.py", "assess", "2026"]),
        (["setup"], []),
    ],
)
def test_each_command_leads_to_its_own_line(run, words, line):
    assert run.command_line(words) == line


def test_the_first_setup_makes_the_environment_and_the_second_does_nothing(run):
    run.setup(dev=False)
    assert [call[1:4] for call in run.calls] == [["-m", "venv", str(run.VENV)], ["-m", "pip", "install"]]
    assert "--require-hashes" in run.calls[1] and run.calls[1][-1].endswith("requirements.txt")
    run.setup(dev=False)
    assert len(run.calls) == 2


def test_changed_requirements_are_installed_again(run):
    run.setup(dev=False)
    (run.HOME / "requirements.txt").write_text("one==2\n")
    run.setup(dev=False)
    assert [call[2] for call in run.calls] == ["venv", "pip", "pip"]


def test_the_tests_need_more_than_the_product_and_serve_it_too(run):
    run.setup(dev=False)
    run.setup(dev=True)
    assert run.calls[-1][-1].endswith("requirements-dev.txt")
    (run.VENV / "installed-run").unlink()
    run.setup(dev=False)
    assert len(run.calls) == 3


def test_uv_is_used_where_there_is_one(run, monkeypatch):
    monkeypatch.setattr(run.shutil, "which", lambda name: "/bin/uv")
    run.setup(dev=False)
    assert [call[:3] for call in run.calls] == [["/bin/uv", "venv", "-q"], ["/bin/uv", "pip", "install"]]


@pytest.mark.parametrize("lacking", ["venv", "ensurepip"])
def test_without_venv_the_one_line_to_install_it_is_said_and_nothing_is_left(run, monkeypatch, lacking):
    find = importlib.util.find_spec
    monkeypatch.setattr(run.importlib.util, "find_spec", lambda name: None if name == lacking else find(name))
    with pytest.raises(SystemExit) as said:
        run.setup(dev=False)
    assert f"apt-get install -y python3.{sys.version_info.minor}-venv" in str(said.value)
    assert not run.VENV.exists() and run.calls == []


def test_a_venv_that_could_not_be_made_is_not_left_half_done(run, monkeypatch):
    def breaks(words, check):
        run.PYTHON.parent.mkdir(parents=True)
        run.PYTHON.touch()
        raise subprocess.CalledProcessError(1, words)

    monkeypatch.setattr(run.subprocess, "run", breaks)
    with pytest.raises(SystemExit, match="Not prepared"):
        run.main(["setup"])
    assert not run.VENV.exists()


def test_id_1_secrets_are_written_once_at_random_and_for_the_owner_alone(run):
    run.setup(dev=False)
    env = run.HOME / ".env"
    first = env.read_text()
    values = dict(line.split("=") for line in first.splitlines())
    assert set(values) == {"SECRET_KEY", "LEDGER_KEY"}
    assert len(set(values.values())) == 2 and min(map(len, values.values())) > 60
    if os.name != "nt":
        assert stat.S_IMODE(env.stat().st_mode) == 0o600
    run.setup(dev=False)
    assert env.read_text() == first
    env.unlink()
    run.setup(dev=False)
    assert env.read_text() != first


def test_an_env_file_that_somebody_wrote_is_kept(run):
    (run.HOME / ".env").write_text("SECRET_KEY=own\n")
    run.setup(dev=False)
    assert (run.HOME / ".env").read_text() == "SECRET_KEY=own\n"


def test_run_py_uses_the_standard_library_alone():
    source = (PROJECT / "run.py").read_text(encoding="utf-8")
    imported = {line.split()[1].split(".")[0] for line in source.splitlines() if line.startswith(("import ", "from "))}
    assert imported <= sys.stdlib_module_names


def test_the_readme_s_first_screen_shows_the_two_commands():
    first_screen = (PROJECT / "README.md").read_text(encoding="utf-8").splitlines()[:30]
    assert [line for line in first_screen if line.startswith("python3 run.py")] == [
        "python3 run.py",
        "python3 run.py test",
    ]


def test_the_readme_explains_every_setting_and_every_role():
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    settings = (PROJECT / "mashan_edu/settings.py").read_text(encoding="utf-8")
    for name in re.findall(r'env(?:\.\w+)?\("([A-Z_]+)"', settings):
        assert f"| `{name}` |" in readme, name
    for role in ROLES.values():
        assert role.sentence in readme


def test_requirements_hold_pins_with_hashes_and_no_addresses():
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (PROJECT / name).read_text(encoding="utf-8")
        assert "://" not in text
        for line in text.splitlines():
            if line and not line.startswith((" ", "#")):
                assert "==" in line, line
        assert text.count("==") <= text.count("--hash=sha256:")
