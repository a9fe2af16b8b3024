"""Settings that refuse to start, and what HTTPS and a proxy change (IN-1, WB-1, WB-5)."""

import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import environ
import pytest
from django.apps import apps
from django.conf import settings
from django.core.checks.registry import registry
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import DefaultStorage, default_storage, storages
from django.core.management import load_command_class
from django.db import connection
from django.db.models import FileField
from django.http import HttpResponse
from django.test import Client, RequestFactory, override_settings

from networks import checks
from networks.middleware import TrustedProxyMiddleware, client_address
from networks.models.attachments import PrivateStorage

ROOT = Path(settings.BASE_DIR)


def start(**environment):
    """`manage.py check` in a process of its own, with only this configuration."""
    kept = {name: os.environ[name] for name in ["PATH", "SYSTEMROOT"] if name in os.environ}
    secrets = {"SECRET_KEY": "for a test only", "LEDGER_KEY": "for a test only", "DATABASE_URL": "sqlite://:memory:"}
    line = [sys.executable, "manage.py", "check"]
    return subprocess.run(line, cwd=ROOT, env=kept | secrets | environment, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"DEMO": "on", "ALLOWED_HOSTS": "www.example.cn"}, "DEMO 只能在本机使用"),
        ({"DEMO": "on", "ALLOWED_HOSTS": "127.0.0.1,*"}, "DEMO 只能在本机使用"),
        ({"DEBUG": "on", "ALLOWED_HOSTS": "www.example.cn"}, "DEBUG 只能在本机使用"),
        ({"DEBUG": "on", "ALLOWED_HOSTS": "*"}, "DEBUG 只能在本机使用"),
        ({"ALLOWED_HOSTS": "www.example.cn,*"}, "ALLOWED_HOSTS 不能写 *"),
        ({"SECRET_KEY": ""}, "SECRET_KEY 未设置"),
        ({"DATABASE_URL": "mysql://root@127.0.0.1/x"}, "只支持 SQLite"),
    ],
)
def test_an_unsafe_configuration_refuses_to_start(environment, message):
    refused = start(**environment)
    assert refused.returncode != 0
    assert message in refused.stderr


def test_a_sound_configuration_starts():
    assert start(DEMO="on", ALLOWED_HOSTS="127.0.0.1,localhost").returncode == 0
    assert start(ALLOWED_HOSTS="www.example.cn", HTTPS="on").returncode == 0


def configured(monkeypatch, **environment):
    """The settings as they would be under this environment."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return runpy.run_path(str(ROOT / "mashan_edu" / "settings.py"))


OWNER = "马山县教育局"


@pytest.mark.parametrize("saved_as", ["utf-8", "utf-8-sig", "gbk", "utf-16"])
def test_rb_3_an_env_saved_by_notepad_is_read_whole_or_refused_in_words(tmp_path, monkeypatch, saved_as):
    """Notepad puts a mark before UTF-8, older ones write GBK, and its "Unicode" is UTF-16."""
    (tmp_path / "mashan_edu").mkdir()
    copy = shutil.copy(ROOT / "mashan_edu" / "settings.py", tmp_path / "mashan_edu")
    (tmp_path / ".env").write_text(f"SECRET_KEY=first\nSITE_OWNER={OWNER}\n", encoding=saved_as)
    monkeypatch.setattr(environ.Env, "ENVIRON", {})
    if saved_as.startswith("utf-8"):
        given = runpy.run_path(copy)
        assert (given["SECRET_KEY"], given["SITE_OWNER"]) == ("first", OWNER)
    else:
        with pytest.raises(ImproperlyConfigured, match="另存为，编码选 UTF-8"):
            runpy.run_path(copy)


def test_in_1_sqlite_is_opened_in_the_way_that_loses_nothing(monkeypatch):
    options = configured(monkeypatch, DATABASE_URL="sqlite:////tmp/x.sqlite3?timeout=1")["DATABASES"]["default"]
    assert options["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert options["OPTIONS"]["timeout"] == 30
    for pragma in ["journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"]:
        assert pragma in options["OPTIONS"]["init_command"]
    assert not options.get("ATOMIC_REQUESTS")
    with pytest.raises(ImproperlyConfigured, match="ATOMIC_REQUESTS"):
        configured(monkeypatch, DATABASE_URL="sqlite:////tmp/x.sqlite3?atomic_requests=True")


@pytest.mark.parametrize(("disk", "warned"), [("nfs4", True), ("cifs", True), ("ext4", False)])
def test_in_1_a_database_on_a_network_disk_is_warned_about(tmp_path, monkeypatch, disk, warned):
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/sda1 / ext4 rw 0 0\nserver:/share {tmp_path} {disk} rw 0 0\n")
    monkeypatch.setattr(checks, "MOUNTS", mounts)
    database = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(tmp_path / "db.sqlite3")}}
    monkeypatch.setattr(settings, "DATABASES", database)
    found = checks.database_on_a_local_disk(None)
    assert [warning.id for warning in found] == (["networks.W001"] if warned else [])


def test_in_1_a_server_that_starts_on_a_network_disk_says_so_in_its_log(tmp_path):
    (tmp_path / "mounts").write_text(f"/dev/sda1 / ext4 rw 0 0\nserver:/share {tmp_path} nfs4 rw 0 0\n")
    words = "import django; django.setup(); from pathlib import Path; from networks import checks; "
    words += f"checks.MOUNTS = Path({str(tmp_path / 'mounts')!r}); import mashan_edu.wsgi"
    kept = {name: os.environ[name] for name in ["PATH", "SYSTEMROOT", "PYTHONPATH"] if name in os.environ}
    kept |= {"SECRET_KEY": "x", "LEDGER_KEY": "x", "DJANGO_SETTINGS_MODULE": "mashan_edu.settings"}
    kept |= {"DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3", "PYTHONUTF8": "1"}
    done = subprocess.run([sys.executable, "-c", words], cwd=ROOT, env=kept, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "WARNING mashan_edu.wsgi SQLite 数据库在网络磁盘（nfs4）上" in done.stderr


def test_in_1_the_commands_for_ledgers_leave_out_every_check_but_the_one_of_the_disk():
    for app, command in [("trainings", "import_sessions"), ("trainings", "export_sessions"), ("reporting", "assess")]:
        assert load_command_class(app, command).requires_system_checks == ["disk"]
    assert [c for c in registry.get_checks() if "disk" in c.tags] == [checks.database_on_a_local_disk]


def test_wb_1_https_brings_hsts_host_cookies_and_redirects(world, monkeypatch):
    given = configured(monkeypatch, HTTPS="on")
    changed = {name: given[name] for name in given if name.startswith(("SECURE_", "SESSION_COOKIE", "CSRF_COOKIE"))}
    with override_settings(**changed):
        client = Client()
        assert client.get("/login/")["Location"] == "https://testserver/login/"
        response = client.post("/login/", {"username": "town", "password": "Correct-Horse-7"}, secure=True)
        assert response["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
        client.get("/login/", secure=True)
        cookie = response.cookies["__Host-sessionid"]
        assert (cookie["secure"], cookie["httponly"], cookie["path"], cookie["domain"]) == (True, True, "/", "")
        assert cookie["samesite"] == "Lax"
        token = Client().get("/login/", secure=True).cookies["__Host-csrftoken"]
        assert (token["secure"], token["httponly"], token["path"], token["domain"]) == (True, True, "/", "")


def test_wb_5_the_mistakes_with_https_look_as_the_handbook_says(world, monkeypatch):
    """nginx in front speaks HTTPS and says so, and the platform does not believe it: round and round, or refused at sign-in."""
    given = configured(monkeypatch, HTTPS="on")
    changed = {name: given[name] for name in given if name.startswith(("SECURE_", "SESSION_COOKIE", "CSRF_COOKIE"))}
    behind = {"HTTP_X_FORWARDED_PROTO": "https", "HTTP_X_FORWARDED_FOR": "198.51.100.7"}
    with override_settings(**changed):
        assert Client().get("/login/", **behind)["Location"] == "https://testserver/login/"
        with override_settings(TRUSTED_PROXIES=["127.0.0.1"]):
            assert Client().get("/login/", **behind).status_code == 200
    strict = Client(enforce_csrf_checks=True)
    token = strict.get("/login/", **behind).context["csrf_token"]
    sent = {"username": "town", "password": "Correct-Horse-7", "csrfmiddlewaretoken": str(token)}
    refused = strict.post("/login/", sent, HTTP_ORIGIN="https://testserver", **behind)
    assert refused.status_code == 403 and "页面已过期" in refused.content.decode()


def test_wb_1_plain_http_promises_nothing_that_loopback_cannot_keep(client, db):
    response = client.get("/login/")
    assert response.status_code == 200
    assert "Strict-Transport-Security" not in response


# --- behind a proxy ------------------------------------------------------------------------------------------

SPOOFS = [  # (peer, X-Forwarded-For, the client's address) with 10.0.0.0/8 and ::1 as proxies of ours
    ("203.0.113.5", "198.51.100.1", "203.0.113.5"),  # a stranger's own claim is worth nothing
    ("203.0.113.5", "127.0.0.1", "203.0.113.5"),
    ("10.0.0.1", "", "10.0.0.1"),
    ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
    ("10.0.0.1", "1.1.1.1, 198.51.100.7", "198.51.100.7"),  # what the client put in front is hearsay
    ("10.0.0.1", "1.1.1.1, 198.51.100.7, 10.0.0.2", "198.51.100.7"),  # two proxies of ours
    ("10.0.0.1", "10.0.0.9, 10.0.0.2", "10.0.0.9"),
    ("10.0.0.1", "198.51.100.7, garbage", "10.0.0.1"),
    ("10.0.0.1", "' OR 1=1 --", "10.0.0.1"),
    ("10.0.0.1", ", ,", "10.0.0.1"),
    ("10.0.0.1", "fe80::7%eth0", "10.0.0.1"),
    ("::1", "2001:db8::7", "2001:db8::7"),
    ("", "198.51.100.7", ""),  # a Unix socket names no peer
]


@pytest.mark.parametrize(("peer", "forwarded", "address"), SPOOFS)
def test_wb_5_the_clients_address_is_what_our_own_proxies_saw(peer, forwarded, address):
    request = RequestFactory().get("/", REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=forwarded)
    with override_settings(TRUSTED_PROXIES=["10.0.0.0/8", "::1"]):
        TrustedProxyMiddleware(lambda r: HttpResponse())(request)
    assert client_address(request) == address
    assert "HTTP_X_FORWARDED_FOR" not in request.META


def test_wb_5_without_trusted_proxies_nothing_forwarded_is_believed():
    headers = {"HTTP_X_FORWARDED_FOR": "127.0.0.1", "HTTP_X_FORWARDED_PROTO": "https", "HTTP_X_FORWARDED_HOST": "evil"}
    request = RequestFactory().get("/", REMOTE_ADDR="203.0.113.5", **headers)
    with override_settings(TRUSTED_PROXIES=[]):
        TrustedProxyMiddleware(lambda r: HttpResponse())(request)
    assert client_address(request) == "203.0.113.5"
    assert not request.is_secure()
    assert request.get_host() == "testserver"


def test_wb_5_a_trusted_proxy_says_that_the_visitor_came_by_https():
    request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_PROTO="https")
    with override_settings(TRUSTED_PROXIES=["10.0.0.1"]):
        TrustedProxyMiddleware(lambda r: HttpResponse())(request)
    assert request.is_secure()


def test_wb_5_a_forged_address_does_not_escape_the_lock_out(world, client):
    for number in range(5):
        data = {"username": "town", "password": "wrong"}
        answer = client.post("/login/", data, HTTP_X_FORWARDED_FOR=f"198.51.100.{number}", HTTP_X_REAL_IP="8.8.8.8")
    assert answer.status_code == 429


@pytest.mark.parametrize(
    "host", ["evil.example", "testserver.evil.example", "testserver:80@evil.example", "a b", "[::1"]
)
def test_wb_5_a_foreign_host_header_is_refused(client, db, host):
    response = client.get("/login/", HTTP_HOST=host)
    assert response.status_code == 400
    assert "evil" not in response.content.decode()


def test_wb_5_a_forwarded_host_never_gets_into_a_link(client, db):
    response = client.get("/sessions/", HTTP_X_FORWARDED_HOST="evil.example", HTTP_FORWARDED="host=evil.example")
    assert response["Location"] == "/login/?next=/sessions/"
    assert "evil.example" not in client.get("/login/", HTTP_X_FORWARDED_HOST="evil.example").content.decode()


def test_id_3_passwords_are_kept_as_argon2_where_no_test_runs():
    kept = {name: os.environ[name] for name in ["PATH", "SYSTEMROOT", "PYTHONPATH"] if name in os.environ}
    kept |= {"SECRET_KEY": "x", "LEDGER_KEY": "x", "DJANGO_SETTINGS_MODULE": "mashan_edu.settings"}
    words = "from django.contrib.auth.hashers import make_password; print(make_password('x').split('$')[0])"
    done = subprocess.run([sys.executable, "-c", words], cwd=ROOT, env=kept, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "argon2", done.stderr


def test_rb_3_nobody_waits_for_ever_on_postgresql_and_who_has_options_of_his_own_keeps_them(monkeypatch):
    """As long as on SQLite: a thread that waits for somebody's transaction is one less for all others."""
    address = "postgres://mashan@127.0.0.1/mashan"
    own = configured(monkeypatch, DATABASE_URL=address)["DATABASES"]["default"]
    assert "-c lock_timeout=30s" in own["OPTIONS"]["options"] and own["CONN_HEALTH_CHECKS"]
    own = configured(monkeypatch, DATABASE_URL=f"{address}?options=-c%20statement_timeout%3D60s")["DATABASES"][
        "default"
    ]
    assert own["OPTIONS"] == {"options": "-c statement_timeout=60s"}


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has a timeout of its own")
@pytest.mark.parametrize(("name", "value"), [("lock_timeout", "30s"), ("jit", "off"), ("join_collapse_limit", "4")])
def test_rb_3_postgresql_takes_the_limits_as_they_are_meant(db, name, value):
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW {name}")
        assert cursor.fetchone() == (value,)


def test_up_2_wb_1_every_uploaded_file_goes_through_the_storage_that_has_no_address(settings):
    fields = [field for model in apps.get_models() for field in model._meta.fields if isinstance(field, FileField)]
    assert len(fields) >= 4
    used = [storages["default"] if isinstance(f.storage, DefaultStorage) else f.storage for f in fields]
    assert {type(storage) for storage in used} == {PrivateStorage}
    # A request in an earlier test puts the script's prefix before it.
    assert settings.MEDIA_URL.strip("/") == "" and {field.storage.directory_permissions_mode for field in fields} == {
        0o750
    }
    with pytest.raises(ValueError, match="no URL"):
        default_storage.url("evidence/x")
