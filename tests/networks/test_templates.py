"""Habit 14, and what a strict content security policy asks of the templates."""

import base64
import hashlib
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders

from tests.each import each_of

TEMPLATES = sorted(Path(settings.BASE_DIR, "templates").rglob("*.html"))
BASES = {"base.html", "base_public.html", "base_print.html"}
PARTS = {"app_list.html", "search_form.html"}  # partials whose names are given by Django's admin
# As published by Bootstrap for 5.3.3; the wheel names no author, so its files are compared with them.
BOOTSTRAP = {
    "css/bootstrap.min.css": "QWTKZyjpPEjISv5WaRU9OFeRpok6YctnYmDr5pNlyT2bRjXh0JMhjY6hW+ALEwIH",
    "js/bootstrap.bundle.min.js": "YvpcrYf0tY3lHB60NNkmXc5s9fDVZLESaAA55NDzOxhy9GkcIdslK1eN7N6jIeHz",
}
PAGES = [
    p for p in TEMPLATES if not p.name.startswith("_") and p.name not in BASES | PARTS and p.parent.name != "widgets"
]


@each_of(TEMPLATES)
def test_a_template_has_no_inline_style_script_or_handler(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\sstyle\s*=|<style\b", text)
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"<[^>]*\son[a-z]+\s*=", text)
    assert "javascript:" not in text


@each_of(PAGES)
def test_a_page_extends_one_base(path):
    if path.name in {"500.html", "503.html"}:  # static on purpose: whatever broke may break the base too
        return
    assert re.match(r'(\s|\{#.*?#\})*\{% extends "[a-z_/]+\.html" %\}', path.read_text(encoding="utf-8"))


@each_of(TEMPLATES)
def test_a_template_loads_nothing_from_another_host(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"<(script|link|img|iframe|source)\b[^>]*(src|href)=\"(https?:)?//", text)


@pytest.mark.parametrize("name", BOOTSTRAP)
def test_the_bootstrap_wheel_holds_what_bootstrap_published(name):
    path = finders.find(f"js-lib-bootstrap5/{name}")
    digest = hashlib.sha384(Path(path).read_bytes()).digest()
    assert base64.b64encode(digest).decode() == BOOTSTRAP[name]
