"""SC-1: every view, model, command and form has its test, or stands here with the reason why not.

What counts as tested, beyond what the walks of the whole site do with all of them (access matrix, acts, junk, twice):

- a view: a test asks for its address, written out in it or named in `PUT_TOGETHER` with the words that make it;
- a model: the code of a test uses its class;
- a command: a test calls it, inside the process or as one of its own;
- a form: it was filled in by one of the acts or pages of the tables, or by the code of a test that uses its class.

Tables that only list everything (`TABLES`) do not count as a test of anything.
"""

import ast
import itertools
from pathlib import Path

from django.apps import apps
from django.core.management import get_commands
from django.forms import BaseForm, BaseFormSet
from django.urls import Resolver404, resolve

from .acts import EVERYTHING
from .site_map import addresses, taken_back
from .test_access_matrix import expected, page_rows
from .walk import one_engine

HERE = Path(__file__).parent
CALLERS = {"call_command", "load_command_class", "command", "run", "manage"}
LAYERS = ("networks", "trainings", "reporting")
TABLES = {"access_forms", "access_matrix", "access_networks", "access_prompting", "acts", "admin_acts", "year_acts"}
TABLES |= {"site_map", "walk", "act", "conftest", Path(__file__).stem}
ANYTHING = ("1", "2026", "450124100", "x", "people", "2026-01-01", "00000000-0000-0000-0000-000000000000")  # for {…}

PUT_TOGETHER = {  # address: (the test, the words by which it asks)
    "import-columns": ("trainings/test_grid.py", 'f"{address}columns/"'),
    "material-decide": ("reporting/test_materials.py", 'f"{url}decide/"'),
    "material-kind": ("reporting/test_materials.py", '["", "{kind}/"]'),
    "registry-confirm": ("networks/test_registry_pages.py", 'f"{page}confirm/"'),
    "registry-discard": ("networks/test_registry_pages.py", 'f"{second}discard/"'),
    "registry-import": ("networks/test_registry_pages.py", "town.get(page)"),
    "zone-check-edit": ("reporting/test_zones.py", "ask(world.town, url_of(world, zone), body"),
    "zone-check-print": ("reporting/test_zones.py", '("", "print/")'),
}
CLOSED_IN_THE_WALK = {  # addresses that nobody opens there, and why; a test of their own asks for them all the same
    "demo-login": "answers in the demonstration alone",
    "my-sign-ins-end": "sends on, and ends nothing that was not chosen",
    "leading-group-new": "every place of the walk has its group",
}
MODELS: dict[str, str] = {}  # name: why it needs no test of its own
COMMANDS: dict[str, str] = {}
FORMS = {  # what none of the acts fills in: the test that does, and its words
    "trainings.views.imports.YearForm": ("trainings/test_import_pages.py", "args=[batch.pk]), given)"),
    "trainings.views.messages.MessageForm": (
        "trainings/test_messages.py",
        'reverse("session-message"), {"text": text}',
    ),
    "trainings.views.records.RecordForm": ("trainings/test_records.py", 'phone.post(URL, {"code": CODE, "name"'),
    "trainings.rosters.forms.PasteForm": ("trainings/test_rosters.py", '{"text": PASTE}, "post")'),
}


def code():
    """(file, syntax tree) of every test and what it is helped by, without the tables."""
    for path in sorted(HERE.rglob("*.py")):
        if path.stem not in TABLES or (path.stem == "conftest" and path.parent != HERE):
            yield path, ast.parse(path.read_text(encoding="utf-8"))


def texts(tree):
    """The texts in a file; where something is filled in, with each of `ANYTHING` in its place."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            gaps = sum(isinstance(part, ast.FormattedValue) for part in node.values)
            for filling in itertools.product(ANYTHING, repeat=gaps) if gaps <= 3 else ():
                rest = iter(filling)
                yield "".join(part.value if isinstance(part, ast.Constant) else next(rest) for part in node.values)


def words(tree):
    """The names that a file's code uses."""
    return {getattr(n, "id", getattr(n, "attr", "")) for n in ast.walk(tree) if isinstance(n, ast.Name | ast.Attribute)}


def named_addresses():
    return {address.name for address in addresses() if address.name and not address.name.startswith("admin:")}


def test_sc_1_each_address_is_asked_for_by_a_test_of_its_own():
    every, asked = named_addresses(), set()
    for _, tree in code():
        for text in texts(tree):
            if text in every:
                asked.add(text)
            elif text.startswith("/"):
                try:
                    asked.add(resolve(text.partition("?")[0].partition("#")[0]).url_name)
                except Resolver404:
                    continue
    for name, (file, words_of_it) in PUT_TOGETHER.items():
        assert words_of_it in (HERE / file).read_text(encoding="utf-8"), name
    assert every - asked - set(PUT_TOGETHER) == set()
    assert set(PUT_TOGETHER) <= every - asked, "a test asks for it in full by now"


def test_sc_1_each_address_is_opened_by_somebody_in_the_walk_or_in_a_test():
    opened = {name for name, _, _, cells in page_rows() if cells["ok"]}
    assert named_addresses() - opened == set(CLOSED_IN_THE_WALK)


def used():
    return set().union(*(words(tree) for _, tree in code()))


def test_sc_1_each_model_is_used_by_the_code_of_a_test():
    models = {m for m in apps.get_models() if m._meta.app_label in LAYERS and not m._meta.auto_created}
    ours = {m.__name__ for m in models if not hasattr(m, "instance_type")}  # histories come with their model
    assert len(ours) > 60
    assert ours - used() == set(MODELS)


def test_sc_1_each_command_is_called_by_a_test():
    ours = {name for name, app in get_commands().items() if app in LAYERS}
    called = set()
    for _, tree in code():
        for node in ast.walk(tree):
            inside = node.args if isinstance(node, ast.Call) else node.elts if isinstance(node, ast.List) else []
            given = [part.value for part in inside if isinstance(part, ast.Constant) and isinstance(part.value, str)]
            name = getattr(node, "func", None)
            if getattr(name, "id", getattr(name, "attr", "")) in CALLERS or "manage.py" in given:
                called |= set(given)
    assert len(ours) > 10
    assert ours - called == set(COMMANDS)


def forms_of_ours():
    """Every form and set of forms that the apps define, by its name with that of its module."""
    assert addresses()  # asks for every module with views, so that their forms are there to be found
    kinds, found = [BaseForm, BaseFormSet], {}
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        if kind.__module__.startswith(LAYERS) and not kind.__module__.startswith("tests"):
            found[f"{kind.__module__}.{kind.__qualname__}"] = kind
    return found


@one_engine
def test_sc_1_each_form_is_filled_in(site, monkeypatch):
    """By the code of a test, or by the acts and pages of the walk, which are asked anew so that what they fill in is noted."""
    filled = set()

    def noting(begin):
        def noted(self, *args, **kwargs):
            begin(self, *args, **kwargs)
            if self.is_bound:
                filled.update(f"{kind.__module__}.{kind.__qualname__}" for kind in type(self).__mro__)

        return noted

    monkeypatch.setattr(BaseForm, "__init__", noting(BaseForm.__init__))
    monkeypatch.setattr(BaseFormSet, "__init__", noting(BaseFormSet.__init__))
    names = used()
    wanted = {name for name, kind in forms_of_ours().items() if kind.__name__ not in names}
    for act in EVERYTHING:
        with taken_back():
            site.send_for_good(act.who, "POST", act.url(site), act.body(site))
    for name, method, sample, cells in page_rows():
        if not wanted - filled:
            break
        who = next((who for who, answer in expected(cells, site.world.users).items() if answer == "ok"), None)
        if method == "GET" and who:
            site.send(who, "GET", site.samples.url(name, sample) + "?q=x")
    assert len(wanted) > 100
    assert wanted - filled == set(FORMS)
    for name, (file, words_of_it) in FORMS.items():
        assert words_of_it in (HERE / file).read_text(encoding="utf-8"), name
