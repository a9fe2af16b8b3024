"""The forms that a county files, each a declared list of fields in a module of its own that names it `FORM`.

A new form is one such module and no other change: it is found here. What a form may read stands in `sources.py`, how it is
filled in `filling.py`.
"""

import pkgutil
from importlib import import_module

from .parts import Form


def _found() -> dict[str, Form]:
    modules = (import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__))
    forms = [module.FORM for module in modules if hasattr(module, "FORM")]
    return {form.key: form for form in sorted(forms, key=lambda form: form.position)}


FORMS = _found()
