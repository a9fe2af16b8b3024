"""What the product is made of: every package with version, licence and reason, and the files of others that packages bring along.

python3 run.py sbom           the product's parts as CycloneDX 1.6 (JSON); --dev adds what only the tests need
python3 run.py sbom --table   docs/dependencies.md as it should be

Versions and who needs whom are read from the pins, reasons from pyproject.toml, licences from what is installed here.
"""

import argparse
import re
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import DisjunctiveLicense, LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.spdx import is_supported_id
from packageurl import PackageURL

HOME = Path(__file__).resolve().parent.parent
LICENCES = {  # for packages whose metadata names none in the words of SPDX, or which other platforms alone install
    "axe-playwright-python": "MIT",
    "colorama": "BSD-3-Clause",
    "defusedxml": "PSF-2.0",
    "django-csp": "BSD-3-Clause",
    "django-js-lib-bootstrap5": "MIT",
    "django-simple-history": "BSD-3-Clause",
    "markdown-it-py": "MIT",
    "mdurl": "MIT",
    "pathspec": "MPL-2.0",
    "pip-api": "Apache-2.0",
    "pip-audit": "Apache-2.0",
    "psycopg2-binary": "LGPL-3.0-or-later",
    "pyrage": "MIT",
    "pytest-django": "BSD-3-Clause",
    "segno": "BSD-3-Clause",
    "sortedcontainers": "Apache-2.0",
    "sqlparse": "BSD-3-Clause",
    "tomli-w": "MIT",
    "waitress": "ZPL-2.1",
}
BROUGHT_ALONG = [  # (name, version, licence, the package in which it lies)
    ("bootstrap", "5.3.3", "MIT", "django-js-lib-bootstrap5"),
    ("htmx.org", "2.0.10", "0BSD", "django-htmx"),
]
HEAD = """# What the product is made of

Written by `python3 run.py sbom --table`; not to be changed by hand. The reason of a package that another one needs is that one.
Exact versions with hashes stand in `requirements.txt` (the product) and `requirements-dev.txt` (the product and its tests);
`python3 run.py sbom` prints the same as CycloneDX, `python3 run.py audit` asks for known weaknesses.
"""


@dataclass(frozen=True)
class Pin:
    name: str
    version: str
    marker: str  # on which platforms it is installed; empty: on all
    hashes: int
    via: tuple[str, ...]  # the packages that need it; "mashan-edu": named in pyproject.toml

    @property
    def licence(self) -> str:
        return LICENCES.get(self.name) or declared_licence(self.name)


def declared_licence(name: str) -> str:
    """As the installed package declares it, in the words of SPDX."""
    try:
        about = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        raise SystemExit(f"{name} is not installed here: name its licence in tools/sbom.py") from None
    said = about.get("License-Expression") or about.get("License") or ""
    if not said or not all(map(is_supported_id, re.split(r" (?:AND|OR|WITH) ", said))):
        raise SystemExit(f"{name} names no licence in the words of SPDX: name it in tools/sbom.py")
    return said


def pins(text: str) -> list[Pin]:
    """What a file of requirements pins."""
    found = []
    for block in re.split(r"\n(?=[a-z0-9])", text):
        line = re.match(r"([\w.-]+)==([^\s;]+)\s*;?\s*([^\\\n]*)", block)
        if not line:
            continue
        via = re.findall(r"([\w.-]+)(?: \(pyproject\.toml\))?$", block.split("# via", 1)[-1], re.MULTILINE)
        found.append(Pin(line[1], line[2], line[3].strip(), block.count("--hash=sha256:"), tuple(via)))
    return found


def reasons(text: str) -> dict[str, str]:
    """Of the packages that pyproject.toml names: the comment beside each."""
    lines = re.findall(r'^  "([\w.-]+)[^"]*",\s*# (.+)$', text, re.MULTILINE)
    return {name.lower(): reason for name, reason in lines}


def read(name: str) -> str:
    return (HOME / name).read_text(encoding="utf-8")


def product_and_tests() -> tuple[list[Pin], list[Pin]]:
    """What runs, and what only the tests add to it."""
    product = pins(read("requirements.txt"))
    names = {pin.name for pin in product}
    return product, [pin for pin in pins(read("requirements-dev.txt")) if pin.name not in names]


def markdown() -> str:
    why = reasons(read("pyproject.toml"))
    parts = [HEAD]
    for title, some in zip(["The product", "Only for its tests and checks"], product_and_tests(), strict=True):
        parts.append(f"\n## {title}\n\n| package | version | licence | reason |\n|---|---|---|---|\n")
        for pin in some:
            reason = why.get(pin.name) or f"needed by {', '.join(pin.via)}"
            where = f" (only where {pin.marker})" if pin.marker else ""
            parts.append(f"| {pin.name} | {pin.version} | {pin.licence} | {reason}{where} |\n")
    parts.append(
        "\n## Files of others inside these packages\n\n| what | version | licence | lies in |\n|---|---|---|---|\n"
    )
    parts += [f"| {name} | {version} | {licence} | {inside} |\n" for name, version, licence, inside in BROUGHT_ALONG]
    return "".join(parts)


def component(name: str, version: str, licence: str, kind: str) -> Component:
    compound = " " in licence
    named = LicenseExpression(licence) if compound else DisjunctiveLicense(id=licence)
    address = PackageURL(kind, name=name, version=version)
    return Component(name=name, version=version, licenses=[named], purl=address, bom_ref=str(address))


def sbom(dev: bool) -> str:
    """The list of parts as CycloneDX 1.6, who needs whom included."""
    product, tests = product_and_tests()
    own = re.search(r'^version = "(.+)"$', read("pyproject.toml"), re.MULTILINE)[1]
    root = Component(name="mashan-edu", version=own, type=ComponentType.APPLICATION, bom_ref="mashan-edu")
    bom = Bom()
    bom.metadata.component = root
    known = {"mashan-edu": root}
    for pin in product + tests * dev:
        known[pin.name] = component(pin.name, pin.version, pin.licence, "pypi")
        bom.components.add(known[pin.name])
    needs: dict[str, list[Component]] = {name: [] for name in known}
    for pin in product + tests * dev:
        for parent in pin.via:
            if parent in needs:
                needs[parent].append(known[pin.name])
    for name, version, licence, inside in BROUGHT_ALONG:
        file = component(name, version, licence, "npm")
        bom.components.add(file)
        needs[inside].append(file)
    for name, those in needs.items():
        bom.register_dependency(known[name], those)
    return JsonV1Dot6(bom).output_as_string(indent=2)


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dev", action="store_true", help="with what only the tests need")
    parser.add_argument("--table", action="store_true", help="docs/dependencies.md")
    options = parser.parse_args(words)
    sys.stdout.write(markdown() if options.table else sbom(options.dev) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
