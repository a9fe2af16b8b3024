"""The product as people meet it: the demonstration county on a database of its own, served by waitress, in Chromium.

A click waits for nothing that it sets off: what is looked at after it is looked at by `expect`, `wait_for` or `wait_for_url`, what
somebody sends is seen to have arrived before another page is opened, and what must not be there is looked for once something
else of the same page is. With SLOW_SITE=0.8 in the environment (seconds) a test that forgets this fails: see slow_site.py.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

try:
    from playwright.sync_api import expect
except ImportError:
    expect = None  # no test gets to it: `chromium` skips them all

HOME = Path(__file__).resolve().parent.parent.parent
MANAGE = [sys.executable, str(HOME / "manage.py")]
DEMO = [*MANAGE, "demo"]
PASSWORD = "Mashan-Demo-2026"
PHONE = {"width": 390, "height": 844}
OFFICE = {"width": 1366, "height": 768}
NAMES = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"]
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
PATIENCE = 30  # seconds for anything to come: Playwright's own for what is done, here also for what is expected
if expect:
    expect.set_options(timeout=PATIENCE * 1000)


def pytest_collection_modifyitems(items):
    for item in items:
        if HOME / "tests" / "browser" in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip(reason="没有 Chromium：apt-get install chromium"))


@contextlib.contextmanager
def serving(folder: Path, env: dict):
    """The base address of a server of the county that `env` names, once it answers; its log lies in `folder`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen([*DEMO, "--port", str(port)], env=env, stdout=log, stderr=log)
    try:
        base, deadline = f"http://127.0.0.1:{port}", time.monotonic() + 120
        while True:
            try:
                urllib.request.urlopen(f"{base}/healthz", timeout=10).close()
                break
            except OSError:
                if server.poll() is not None or time.monotonic() > deadline:
                    pytest.fail((folder / "server.log").read_text(encoding="utf-8") or "the site does not answer")
                time.sleep(0.2)
        yield base
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()


@pytest.fixture(scope="session")
def installation(tmp_path_factory):
    """A freshly made demonstration county without sessions: its base address, and the environment it runs in."""
    folder = tmp_path_factory.mktemp("site")
    env = os.environ | {
        "DATABASE_URL": f"sqlite:///{folder / 'browser.sqlite3'}",
        "MEDIA_ROOT": str(folder / "media"),
        "DEMO_PASSWORD": PASSWORD,
        "SECRET_KEY": "browser tests only",
        "LEDGER_KEY": "browser tests only",
        "PYTHONUTF8": "1",
        "DJANGO_SETTINGS_MODULE": f"tests.browser.{'slow_site' if os.environ.get('SLOW_SITE') else 'usual_site'}",
    }
    for line in ([*MANAGE, "migrate", "--run-syncdb"], [*DEMO, "--empty", "--no-serve"]):
        subprocess.run(line, env=env, check=True, capture_output=True, timeout=900)
    with serving(folder, env) as base:
        yield base, env


@pytest.fixture(scope="session")
def site(installation):
    return installation[0]


@pytest.fixture
def in_the_shell(installation):
    """Runs a few lines in the installation: what happened before a test begins, or while days pass."""

    def run(code: str) -> None:
        subprocess.run(
            [*MANAGE, "shell", "-c", code], env=installation[1], check=True, capture_output=True, timeout=120
        )

    return run


@pytest.fixture(scope="package")
def chromium():
    """Ends with these tests: while it runs, Playwright keeps an event loop in the thread, in which Django refuses queries."""
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        quiet = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
        quiet += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=quiet)
        yield browser
        browser.close()


@pytest.fixture
def person(site, chromium):
    """`person("bureau", OFFICE)` signs somebody in, in a browser of their own, and gives their page."""
    contexts, asked = [], []

    def sign_in(username: str, screen: dict):
        context = chromium.new_context(viewport=screen, locale="zh-CN", has_touch=screen is PHONE, base_url=site)
        contexts.append(context)
        context.on("request", lambda request: asked.append(request.url))
        page = context.new_page()
        page.goto("/login/")
        page.get_by_label("账号", exact=True).fill(username)
        page.get_by_label("密码", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="登录", exact=True).click()
        page.wait_for_url(lambda url: "/login/" not in url)
        return page

    yield sign_in
    for context in contexts:
        context.close()
    assert [url for url in asked if not url.startswith((f"{site}/", "data:", "blob:", "about:"))] == []  # SC-4


@pytest.fixture
def flawless():
    """Asserts that axe finds nothing on the page, once it is loaded, and that it does not scroll sideways."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()

    def check(page):
        page.wait_for_load_state()
        page.evaluate(axe.axe_script)
        found = page.evaluate("axe.run({resultTypes: ['violations']}).then(found => found.violations)")
        told = [f"{v['id']}: {v['help']} {[n['target'] for n in v['nodes']][:3]}" for v in found]
        assert told == [], f"{page.url}: {told}"
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{page.url} scrolls sideways by {wide} px"

    return check
