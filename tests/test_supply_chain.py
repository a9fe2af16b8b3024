"""SC-2: what the product is made of: pinned, above the versions that are safe, listed with licence and reason, audited."""

import ast
import importlib.util
import json
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from networks.xlsx import marked
from tools import audit, sbom

PROJECT = Path(__file__).parent.parent
FILES = ["requirements.txt", "requirements-dev.txt"]
SAFE = {
    "django": "5.2.19",
    "pillow": "12.2",
    "defusedxml": "0.7.1",
}  # below these, weaknesses that concern us are known
OUR_OWN = {".venv", ".git", "build", "media", "__pycache__", ".hypothesis", ".ruff_cache"}  # not files of the project


def direct():
    text = (PROJECT / "pyproject.toml").read_text(encoding="utf-8")
    named = [Requirement(words) for words in re.findall(r'^  "([\w.-]+[<>=][^"]*)",', text, re.MULTILINE)]
    return {requirement.name.lower(): requirement for requirement in named}


@pytest.mark.parametrize("name", FILES)
def test_sc_2_every_package_is_pinned_exactly_and_has_hashes(name):
    text = (PROJECT / name).read_text(encoding="utf-8")
    pins = sbom.pins(text)
    named = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert len(pins) == len(named) > 20, "a line that is no exact pin"
    assert [pin.name for pin in pins if not pin.hashes] == []
    assert text.count("--hash=") == text.count("--hash=sha256:") == sum(pin.hashes for pin in pins)
    assert {pin.name for pin in pins} >= set(direct()) - (set() if "dev" in name else set(of_tests()))


def of_tests():
    return [pin.name for pin in sbom.product_and_tests()[1]]


def test_sc_2_what_the_product_runs_is_the_same_in_its_tests():
    run, test = ({pin.name: pin for pin in sbom.pins((PROJECT / name).read_text(encoding="utf-8"))} for name in FILES)
    assert {name: pin.version for name, pin in run.items()} == {name: test[name].version for name in run}


@pytest.mark.parametrize(("name", "least"), SAFE.items())
def test_sc_2_no_version_below_the_safe_ones_can_be_installed(name, least):
    assert not direct()[name].specifier.contains(str(Version(least).base_version) + "a1", prereleases=True)
    *most, last = Version(least).release
    below = [*most, last - 1]
    assert not direct()[name].specifier.contains(".".join(map(str, below)))
    for file in FILES:
        pin = next(pin for pin in sbom.pins((PROJECT / file).read_text(encoding="utf-8")) if pin.name == name)
        assert Version(pin.version) >= Version(least)


def test_sc_2_defusedxml_is_what_openpyxl_reads_through_and_without_it_nothing_starts():
    assert marked.DEFUSEDXML is True
    without = "import sys; sys.modules['defusedxml'] = None; import networks.xlsx.marked"
    refused = subprocess.run([sys.executable, "-c", without], cwd=PROJECT, capture_output=True, text=True, timeout=60)
    assert refused.returncode == 1
    assert "defusedxml 未安装" in refused.stderr


def test_sc_2_no_file_names_a_registry():
    """Where packages come from is a matter of the machine; an address in a file would bind everybody to it."""
    hosts = re.compile(
        r"pypi\.(org|tuna)|python" + r"hosted|registry\.npm|--(extra-)?index-" + r"url|--find-" + r"links"
    )
    kinds = {".py", ".txt", ".toml", ".md", ".sh", ".html", ".js", ".css", ".cfg", ".json", ""}
    files = [p for p in PROJECT.rglob("*") if not OUR_OWN & set(p.relative_to(PROJECT).parts)]
    files = [p for p in files if p.suffix in kinds and p.is_file() and p != Path(__file__).resolve()]
    assert len(files) > 500
    assert [str(p) for p in files if hosts.search(p.read_text(encoding="utf-8", errors="replace"))] == []


def test_sc_2_each_package_is_listed_with_licence_and_reason():
    listed = (PROJECT / "docs/dependencies.md").read_text(encoding="utf-8")
    assert listed == sbom.markdown(), "python3 run.py sbom --table > docs/dependencies.md"
    pins = sbom.pins((PROJECT / "requirements-dev.txt").read_text(encoding="utf-8"))
    for pin in pins:
        row = re.search(
            rf"^\| {re.escape(pin.name)} \| {re.escape(pin.version)} \| (.+) \| (.+) \|$", listed, re.MULTILINE
        )
        assert row and row[2] not in {"needed by ", "needed by mashan-edu"}, pin.name
    used = {pin.name for pin in pins}
    assert set(sbom.LICENCES) <= used, "a licence of something that is gone"


# What a package says of its licence in words of its own (classifier or field), by the licence that we name for it.
SAID = {
    "MIT": "MIT",
    "BSD-3-Clause": "BSD",
    "PSF-2.0": "PSF|Python Software Foundation",
    "MPL-2.0": "MPL|Mozilla Public",
    "Apache-2.0": "Apache",
    "LGPL-3.0-or-later": "LGPL|Lesser General Public",
    "ZPL-2.1": "ZPL|Zope Public",
}
# In their metadata; the second is installed on Windows alone.
SAYS_NOTHING = {"axe-playwright-python", "colorama", "pyrage"}


def test_sc_2_a_licence_that_is_named_by_hand_is_the_one_that_the_package_speaks_of():
    silent = set()
    for name, licence in sbom.LICENCES.items():
        try:
            about = metadata.metadata(name)
        except metadata.PackageNotFoundError:
            silent.add(name)
            continue
        words = f"{about.get('License') or ''} {' '.join(about.get_all('Classifier') or [])}"
        if "icense" not in words:
            silent.add(name)
        else:
            assert re.search(SAID[licence], words), (name, licence)
    assert silent <= SAYS_NOTHING


def test_sc_2_what_the_code_uses_is_named_by_us_and_not_only_brought_along_by_another():
    """What somebody else needs today may be gone with their next version."""
    lies_in, used = metadata.packages_distributions(), set()
    for app in ("mashan_edu", "networks", "trainings", "reporting"):
        for path in (PROJECT / app).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    used |= {alias.name.split(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and not node.level:
                    used.add(node.module.split(".")[0])
    foreign = {name for name in used - sys.stdlib_module_names if name in lies_in}
    assert {"django", "PIL", "openpyxl"} <= foreign
    named = set(direct())
    assert [name for name in sorted(foreign) if not {one.lower() for one in lies_in[name]} & named] == []


def test_sc_2_files_of_others_inside_the_packages_have_the_version_that_is_listed():
    places = {
        "bootstrap": ("js_lib_bootstrap5", "js-lib-bootstrap5/css/bootstrap.min.css", r"Bootstrap\s+v([\d.]+)"),
        "htmx.org": ("django_htmx", "django_htmx/htmx-2.min.js", r'version:"([\d.]+)"'),
    }
    assert {name for name, *_ in sbom.BROUGHT_ALONG} == set(places)
    for name, version, _, _ in sbom.BROUGHT_ALONG:
        package, path, pattern = places[name]
        home = Path(importlib.util.find_spec(package).origin).parent
        assert re.search(pattern, (home / "static" / path).read_text(encoding="utf-8"))[1] == version


@pytest.mark.parametrize("dev", [False, True])
def test_sc_2_the_list_of_parts_is_cyclonedx_and_whole(dev):
    bom = json.loads(sbom.sbom(dev))
    assert (bom["bomFormat"], bom["specVersion"], bom["metadata"]["component"]["name"]) == (
        "CycloneDX",
        "1.6",
        "mashan-edu",
    )
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", bom["serialNumber"])
    pins = sbom.pins((PROJECT / FILES[dev]).read_text(encoding="utf-8"))
    parts = {part["purl"]: part for part in bom["components"]}
    assert set(parts) == {f"pkg:pypi/{pin.name}@{pin.version}" for pin in pins} | {
        f"pkg:npm/{name}@{version}" for name, version, *_ in sbom.BROUGHT_ALONG
    }
    for part in parts.values():
        assert part["type"] == "library" and part["bom-ref"] == part["purl"] and len(part["licenses"]) == 1
        assert set(part["licenses"][0]) <= {"license", "expression"}
    edges = {one["ref"]: set(one.get("dependsOn", [])) for one in bom["dependencies"]}
    assert set(edges) == set(parts) | {"mashan-edu"} and set().union(*edges.values()) == set(parts)
    pillow = next(address for address in parts if address.startswith("pkg:pypi/pillow@"))
    assert pillow in edges["mashan-edu"]


def test_a_package_without_a_licence_in_the_words_of_spdx_stops_the_list(monkeypatch):
    monkeypatch.setattr(sbom.metadata, "metadata", lambda name: {"License": "whatever you like"})
    with pytest.raises(SystemExit, match="odd names no licence"):
        sbom.declared_licence("odd")


# --- the audit ------------------------------------------------------------------------------------------

CLEAN = {"name": "django", "version": "5.2.19", "vulns": []}
WEAK = {"name": "pillow", "version": "1.0", "vulns": [{"id": "X-1", "fix_versions": ["12.2"]}]}
UNKNOWN = {"name": "segno", "skip_reason": "not found"}


@pytest.fixture
def audited(monkeypatch, capsys):
    """`audited(first, second)`: exit code and words when the services answer so; a text is a complaint, None takes too long."""

    def tell(*answers):
        asked = []

        def run(words, capture_output, text, timeout):
            assert timeout <= 20
            asked.append(words[words.index("--vulnerability-service") + 1])
            answer = answers[len(asked) - 1]
            if answer is None:
                raise subprocess.TimeoutExpired(words, timeout)
            complaint = answer if isinstance(answer, str) else ""
            report = "" if complaint else json.dumps({"dependencies": answer, "fixes": []})
            return subprocess.CompletedProcess(words, 1, report, complaint)

        monkeypatch.setattr(audit.subprocess, "run", run)
        return audit.main([]), capsys.readouterr().out, asked

    return tell


def test_sc_2_a_known_weakness_fails_the_audit(audited):
    code, said, asked = audited([CLEAN, WEAK])
    assert (code, asked) == (1, ["pypi"])
    assert "KNOWN WEAKNESS: pillow 1.0: X-1 (mended in 12.2)" in said


def test_sc_2_without_one_it_passes_and_says_how_much_was_asked(audited):
    code, said, asked = audited([CLEAN])
    assert (code, asked) == (0, ["pypi"])
    assert said.splitlines()[-1] == "no known weakness in 1 packages"


def test_sc_2_what_one_service_does_not_know_the_other_is_asked(audited):
    code, said, asked = audited([CLEAN, UNKNOWN], [CLEAN, WEAK, UNKNOWN])
    assert (code, asked) == (1, ["pypi", "osv"])
    assert "NOT AUDITED: segno" in said


@pytest.mark.parametrize("answer", [None, "Traceback\nConnectionError: no road", [UNKNOWN]])
def test_sc_2_where_no_service_answers_that_is_said_and_is_no_failure(audited, answer):
    """pip-audit itself calls the last one a success: a mirror that knows no advisories answers so."""
    code, said, asked = audited(answer, answer)
    assert (code, asked) == (0, ["pypi", "osv"])
    assert "NOT AUDITED: no advisory service answers from here" in said
    assert "no known weakness" not in said
