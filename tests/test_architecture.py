"""Rules about the code itself: who imports whom, who writes a state, what no file may contain (SC-4, WB-3, WB-4)."""

import ast
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models

from networks import access
from networks.access import Scope

from .each import each_of

ROOT = Path(settings.BASE_DIR)
LAYERS = ["networks", "trainings", "reporting"]  # each imports only itself and what stands before it
PYTHON = sorted(p for app in [*LAYERS, "mashan_edu"] for p in (ROOT / app).rglob("*.py") if "migrations" not in p.parts)
PAGES = sorted((ROOT / "templates").rglob("*.html"))
ASSETS = sorted(p for p in (ROOT / "static").rglob("*") if p.suffix in {".js", ".css", ".svg"})


def name_of(path):
    return str(path.relative_to(ROOT))


def tree_of(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(path):
    """The first words of everything that a file imports, absolute or relative; what only a type checker reads is left out."""
    package = path.relative_to(ROOT).parts
    tree = tree_of(path)
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield package[0] if node.level else node.module.split(".")[0]


@each_of(PYTHON)
def test_imports_go_one_way(path):
    app = path.relative_to(ROOT).parts[0]
    if app == "mashan_edu":
        # settings name the apps as text; the addresses alone import them
        allowed = set(LAYERS) if path.name == "urls.py" else set()
    else:
        allowed = set(LAYERS[: LAYERS.index(app) + 1])
    assert (set(imported(path)) & set(LAYERS)) <= allowed


@each_of(PYTHON)
def test_rights_are_imported_from_their_package_and_never_from_a_module_inside(path):
    if path.parent == ROOT / "networks" / "access":
        return
    modules = {node.module or "" for node in ast.walk(tree_of(path)) if isinstance(node, ast.ImportFrom)}
    assert [module for module in modules if re.search(r"(^|\.)access\.", module)] == []


def test_every_public_right_is_exported_once():
    assert access.__all__ == sorted(set(access.__all__), key=lambda n: (not n.isupper(), not n[0].isupper(), n))
    assert {name for name in access.__all__ if not hasattr(access, name)} == set()


def test_every_model_of_ours_declares_its_scope():
    access.verify_declarations()
    ours = [m for m in apps.get_models() if m._meta.app_label in LAYERS and not hasattr(m, "instance_type")]
    ours = [m for m in ours if not m._meta.auto_created]
    assert len(ours) > 15
    unscoped = {m.__name__ for m in ours if not isinstance(getattr(m, "scope", None), Scope)}
    assert unscoped == {m.__name__ for m in ours if getattr(m, "unscoped", "")}


def test_a_model_that_forgets_its_scope_stops_the_start(monkeypatch):
    class Forgetful(models.Model):
        class Meta:
            app_label = "networks"
            managed = False

        def __str__(self):
            return ""

    try:
        with pytest.raises(ImproperlyConfigured, match="Forgetful"):
            access.verify_declarations()
    finally:
        del apps.all_models["networks"]["forgetful"]
        apps.clear_cache()


def writes_of(attribute, path):
    """Assignments to the attribute, `update(attribute=…)`, setattr(…, "attribute") and such, as line numbers."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            parts = [part for target in targets for part in ast.walk(target)]
            if any(
                isinstance(t, ast.Attribute) and isinstance(t.ctx, ast.Store) and t.attr == attribute for t in parts
            ):
                yield node.lineno
        if isinstance(node, ast.Call):
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if called in {"update", "update_or_create", "bulk_update"} and any(
                k.arg == attribute for k in node.keywords
            ):
                yield node.lineno
            if called == "setattr" and len(node.args) > 1 and getattr(node.args[1], "value", "") == attribute:
                yield node.lineno


@each_of(PYTHON)
def test_ac_4_nothing_outside_the_models_assigns_a_status(path):
    if path.parent == ROOT / "trainings" / "models" or path.parent == ROOT / "reporting" / "models":
        return
    assert list(writes_of("status", path)) == []


def test_ac_4_only_begin_and_move_assign_the_status_of_one_session_and_ledgers_that_of_many():
    folder = ROOT / "trainings" / "models"
    assert {path.name for path in folder.glob("*.py") if list(writes_of("status", path))} == {"ledger.py", "session.py"}
    verbs = [n for n in ast.walk(tree_of(folder / "session.py")) if getattr(n, "name", "") in {"_begin", "_move"}]
    homes = [
        [v.name for v in verbs if v.lineno < n <= v.end_lineno] for n in writes_of("status", folder / "session.py")
    ]
    assert homes == [["_begin"], ["_move"]]


ELSEWHERE = {
    "reporting/models/materials.py",
    "reporting/models/prompts.py",
    "networks/registry/imports.py",
    "trainings/imports.py",
    "trainings/models/imports.py",
    "trainings/models/proposals.py",
    "trainings/workbook/batches.py",
}  # an uploaded ledger, a proposal, a paper and a request for 补报 have a state too
IN_BULK = "reporting/demonstration/network.py"  # an empty database is filled with states and their dates together


def test_ac_4_only_record_assigns_the_state_of_an_institution():
    writers = {name_of(path) for path in PYTHON if list(writes_of("state", path))} - ELSEWHERE
    assert writers == {"networks/models/institutions.py", IN_BULK}
    source = tree_of(ROOT / "networks" / "models" / "institutions.py")
    record = next(n for n in ast.walk(source) if isinstance(n, ast.FunctionDef) and n.name == "record")
    lines = writes_of("state", ROOT / "networks" / "models" / "institutions.py")
    assert all(record.lineno < line <= record.end_lineno for line in lines)


def test_ac_4_only_step_assigns_the_state_of_a_proposal():
    path = ROOT / "trainings" / "models" / "proposals.py"
    step = next(n for n in ast.walk(tree_of(path)) if isinstance(n, ast.FunctionDef) and n.name == "_step")
    assert {step.lineno < line <= step.end_lineno for line in writes_of("state", path)} == {True}


@pytest.mark.parametrize(("module", "writer"), [("materials", "_move"), ("prompts", "_decide")])
def test_ac_4_one_verb_assigns_the_state_of_a_paper_and_of_a_request(module, writer):
    path = ROOT / "reporting" / "models" / f"{module}.py"
    verbs = [n for n in ast.walk(tree_of(path)) if isinstance(n, ast.FunctionDef) and n.name == writer]
    assert [[v.name for v in verbs if v.lineno < n <= v.end_lineno] for n in writes_of("state", path)] == [[writer]]


FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__", "mark_safe", "SafeString", "RawSQL", "Template"}
FORBIDDEN_MODULES = {
    "pickle",
    "marshal",
    "shelve",
    "dill",
    "requests",
    "httpx",
    "aiohttp",
    "urllib3",
    "ftplib",
    "smtplib",
}


@each_of(PYTHON)
def test_sc_4_wb_3_wb_4_no_dangerous_call_and_no_client_of_other_hosts(path):
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call):
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            on_module = isinstance(node.func, ast.Attribute) and getattr(node.func.value, "id", "") in {"re"}
            assert called not in FORBIDDEN_CALLS or on_module, f"line {node.lineno}: {called}()"
            on_self = getattr(getattr(node.func, "value", None), "id", "") == "self"  # a row's own method of this name
            assert on_self or called not in {"raw", "extra"}, f"line {node.lineno}: SQL in words"
            if called == "order_by":  # a sort key is one of ours, never what the address says
                keys = " ".join(map(ast.unparse, node.args))
                assert not re.search(r"\b(request|GET|POST)\b", keys), node.lineno
            for keyword in node.keywords:
                if keyword.arg is None:  # **request.GET would let the address choose the lookups
                    assert not re.search(r"\b(GET|POST|COOKIES|headers)\b", ast.unparse(keyword.value)), node.lineno
        if isinstance(node, ast.Name | ast.Attribute):
            assert getattr(node, "id", getattr(node, "attr", "")) not in {"mark_safe", "RawSQL"}, node.lineno
    assert not set(imported(path)) & FORBIDDEN_MODULES


# Of names of our own tables.
WITH_STATEMENTS = {"reporting/guard.py", "reporting/moving.py", "reporting/backup/postgres.py"}


@each_of(PYTHON)
def test_wb_4_no_sql_is_put_together_from_text(path):
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in {"execute", "executemany", "executescript"}:
            assert not isinstance(node.args[0], ast.JoinedStr | ast.BinOp), f"line {node.lineno}"
            assert isinstance(node.args[0], ast.Constant) or name_of(path) in WITH_STATEMENTS, f"line {node.lineno}"


@each_of(PAGES)
def test_wb_3_no_template_switches_escaping_off(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\|\s*(safe|safeseq)\b|\{%\s*autoescape\s+off", text)


@each_of(ASSETS)
def test_sc_4_no_asset_fetches_from_another_host_or_runs_text(path):
    text = path.read_text(encoding="utf-8")
    hosts = re.findall(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}", text)
    assert {h for h in hosts if "www.w3.org" not in h} == set()
    if path.suffix == ".js":
        assert not re.search(r"\beval\(|new Function\(|\.innerHTML\s*=|insertAdjacentHTML|document\.write", text)
