"""The operators' handbook and what it stands on: every command, option, file and setting that the texts name is there."""

import argparse
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands, load_command_class

import run

from .site_map import addresses

PROJECT = Path(settings.BASE_DIR)
HANDBOOK = PROJECT / "docs/operations.md"
TEXTS = [PROJECT / "README.md", *sorted((PROJECT / "docs").rglob("*.md")), *sorted((PROJECT / "docs/deploy").iterdir())]
OF_OTHERS = {"PYTHONUTF8", "PIP_NO_INDEX", "PIP_FIND_LINKS", "NEW_DATABASE_URL", "DATABASE_URL", "ALTER"}


def named():
    """(text, command of manage.py, the words after it up to the end of the code)."""
    for path in TEXTS:
        text = path.read_text(encoding="utf-8")
        for name, rest in re.findall(r"manage\.py ([a-z_]+)([^`\n&；，。]*)", text):
            yield path.name, name, rest
        if path.name == "mashan-nightly.service":  # several in one loop
            for name, rest in re.findall(r'"([a-z_]+)((?: [\w-]+)*)"', text):
                yield path.name, name, rest


def test_every_command_of_manage_py_that_a_text_names_is_there_with_its_options():
    known, wrong = get_commands(), []
    assert {name for _, name, _ in named()} >= {"migrate", "load_county", "move_database", "verify_ledger"}
    for where, name, rest in named():
        if name not in known:
            wrong.append(f"{where}: {name}")
            continue
        parser = load_command_class(known[name], name).create_parser("manage.py", name)
        options = {option for action in parser._actions for option in action.option_strings}
        assert isinstance(parser, argparse.ArgumentParser)
        wrong += [f"{where}: {name} {o}" for o in re.findall(r"(?<!\S)(--[a-z-]+)", rest) if o not in options]
    assert wrong == []


def test_every_command_of_run_py_that_a_text_names_is_there():
    known = run.TOOLS | {"setup", "test"} | set(get_commands())
    found = {name for path in TEXTS for name in re.findall(r"run\.py ([a-z_]+)", path.read_text(encoding="utf-8"))}
    assert found >= {"setup", "test", "lint", "bench", "bar", "audit", "sbom"}
    assert found - known == set()
    for tool in run.TOOLS:
        assert (PROJECT / "tools" / f"{tool}.py").exists()


def test_every_file_and_setting_that_the_handbook_names_is_there():
    text = HANDBOOK.read_text(encoding="utf-8")
    files = set(re.findall(r"`((?:docs|tools)/[\w./@-]+|README\.md|CHANGELOG\.md|requirements\.txt)", text))
    assert len(files) > 5 and [name for name in files if not (PROJECT / name).exists()] == []
    source = (PROJECT / "mashan_edu/settings.py").read_text(encoding="utf-8")
    for name in set(re.findall(r"`([A-Z][A-Z_]+[A-Z])(?![A-Z_.])", text)) - OF_OTHERS:
        assert f'"{name}"' in source, name


def test_id_4_what_a_new_secret_key_ends_and_what_a_restore_elsewhere_needs_is_said():
    text = HANDBOOK.read_text(encoding="utf-8")
    leak = re.search(r"\*\*数据可能泄露\*\*.+?\n\n", text, re.S)[0]
    assert all(
        word in leak
        for word in ("动态口令全部失效", "恢复码", "manage.py reset_second_factor", "manage.py revoke_links")
    )
    carried = re.search(r"换一台机器恢复时，.+?`\.env`", text)[0]
    assert set(re.findall(r"`([A-Z_]+_KEYS?)`", carried)) == {
        "SECRET_KEY",
        "LEDGER_KEY",
        "LEDGER_OLD_KEYS",
        "BACKUP_KEY",
    }


def test_rb_1_an_upgrade_stops_the_platform_before_it_backs_up_and_copies_all_of_the_database():
    text = HANDBOOK.read_text(encoding="utf-8")
    section = text[text.index("## 六、升级") : text.index("## 七、")]
    steps = dict(re.findall(r"^(\d)\. (.+?)(?=^\d\. |\n\n)", section, re.M | re.S))
    in_order = [
        "systemctl stop mashan-edu.target",
        "`manage.py backup`",
        "**复制**",
        "`manage.py migrate`",
        "启动，打开",
    ]
    assert [next(n for n, step in steps.items() if what in step) for what in in_order] == ["2", "3", "4", "5", "6"]
    assert "db.sqlite3-wal" in steps["4"]
    back = section[section.index("要退回") :]
    assert back.index("旧文件夹里的 `db.sqlite3` 就是升级前的") < back.index("恢复第 3 步的那一份")


def test_sc_2_what_installs_the_tools_of_the_tests_is_not_run_where_the_platform_serves():
    text = HANDBOOK.read_text(encoding="utf-8")
    assert {"audit", "sbom"} <= run.TOOLS  # each brings what the tests need into .venv
    for tool in ("`python3 run.py audit`", "`python3 run.py sbom`"):
        assert text.index(tool) < text.index("不要在正式的服务器上运行") < text.index("## 二、")
    offline = re.search(r"`sudo -u mashan (env PIP_NO_INDEX=1 PIP_FIND_LINKS=(\S+) python3 run\.py setup)`", text)
    assert offline and offline[2].startswith("/"), (
        "sudo drops what stands before it, and the folder is asked for from .venv"
    )


def test_the_warnings_of_the_check_that_must_not_be_passed_over_are_named():
    """Those of our own checks; what Django adds is named where it may be passed over."""
    checks = [(PROJECT / path).read_text(encoding="utf-8") for path in ("networks/checks.py", "reporting/checks.py")]
    warnings = set(re.findall(r'id="(\w+\.W\d+)"', "".join(checks)))
    text = HANDBOOK.read_text(encoding="utf-8")
    assert len(warnings) == 3 and {name for name in warnings if f"`{name}`" not in text} == set()


def test_rb_1_after_the_move_to_postgresql_there_is_a_backup_and_a_drill_at_once():
    text = HANDBOOK.read_text(encoding="utf-8")
    section = text[text.index("## 七、") : text.index("## 八、")]
    assert section.index("manage.py move_database") < section.index("`manage.py backup && manage.py drill`")


def test_wb_1_the_handbook_says_what_https_promises_and_how_its_mistakes_look():
    text = HANDBOOK.read_text(encoding="utf-8")
    source = (PROJECT / "mashan_edu/settings.py").read_text(encoding="utf-8")
    assert "SECURE_HSTS_INCLUDE_SUBDOMAINS = True" in source and "和它下面的全部子域名" in text
    assert "httpd_can_network_connect" in text and re.search(r"“重定向次数过多”.+\n?.*`TRUSTED_PROXIES`", text)


def test_what_is_done_every_night_is_the_same_on_both_systems_and_in_the_table():
    text, deploy = HANDBOOK.read_text(encoding="utf-8"), PROJECT / "docs/deploy"
    unit = (deploy / "mashan-nightly.service").read_text(encoding="utf-8")
    on_linux = re.findall(r'"([a-z_]+(?: [\w-]+)*)"', unit)
    on_windows = re.findall(r"manage\.py ([^&']+?) *[&']", re.search(r"-Argument '/c \((.+)\) >>", text)[1] + "'")
    told = re.findall(r"`manage\.py ([^`]+)`", re.search(r"^\| 每晚（自动） \| (.+) \|$", text, re.M)[1])
    assert re.search(r"^\| 每晚（您要另设） \| .*另一台机器", text, re.M) and "`30 3 * * * mashan rsync -a " in text
    assert on_linux == on_windows == told and on_linux[:2] == ["backup --keep 30", "drill"]


def test_the_units_that_the_handbook_starts_are_shipped_and_of_one_account_and_folder():
    text, deploy = HANDBOOK.read_text(encoding="utf-8"), PROJECT / "docs/deploy"
    started = {unit for _, unit in re.findall(r"systemctl (enable --now|stop|status) (mashan-[a-z.]+[a-z])", text)}
    assert started == {"mashan-edu.target", "mashan-nightly.timer"}
    units = [(deploy / name).read_text(encoding="utf-8") for name in ("mashan-edu@.service", "mashan-nightly.service")]
    for key in ("User", "Group", "WorkingDirectory"):
        assert len({re.search(rf"^{key}=(.+)$", unit, re.M)[1] for unit in units}) == 1
    assert re.search(r"^WorkingDirectory=(.+)$", units[0], re.M)[1] in text
    assert text.count("useradd --system") == 1 and "sudo -u mashan .venv/bin/python manage.py" in text


def test_the_readme_leads_to_the_handbook_and_says_nothing_of_it_twice():
    readme, handbook = (path.read_text(encoding="utf-8") for path in (PROJECT / "README.md", HANDBOOK))
    assert "docs/operations.md" in readme
    assert "waitress-serve" not in readme and "pg_dump" not in readme
    both = {line for line in readme.splitlines() if len(line) > 40} & set(handbook.splitlines())
    assert both == set()


@pytest.mark.parametrize("clause", range(1, 12))
def test_each_clause_of_the_level_3_table_says_what_both_sides_do(clause):
    row = re.search(
        rf"^\| 8\.1\.4\.{clause} (.+?) \| (.+?) \| (.+?) \|$", HANDBOOK.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert row and all(len(cell) > 3 for cell in row.groups())
    bar = (PROJECT / "docs/bar.md").read_text(encoding="utf-8")
    lines = re.search(
        r"（([A-Z]{2}-\d(?:、[A-Z]{2}-\d)*)）$", row[2]
    )  # of the bar, whose tests keep what the cell says
    assert lines and all(re.search(rf"^\| {line} \| [01] \| (?!dropped)", bar, re.M) for line in lines[1].split("、"))


def test_what_stands_before_the_platform_lets_through_what_it_takes_and_logs_no_key():
    nginx, service = (
        (PROJECT / "docs/deploy" / name).read_text(encoding="utf-8") for name in ("nginx.conf", "mashan-edu@.service")
    )
    size = int(re.search(r"client_max_body_size (\d+)m;", nginx)[1])
    assert size * 1024 * 1024 == settings.MOST_REQUEST_BYTES
    for text in (service, HANDBOOK.read_text(encoding="utf-8")):
        assert f"--max-request-body-size={settings.MOST_REQUEST_BYTES}" in text
        assert re.search(r"--listen=127\.0\.0\.1:(%i|\$port) ", text) and "--no-clear-untrusted-proxy-headers" in text
    assert "X-Forwarded-For $remote_addr" in nginx, "what a stranger sends along is not handed on"
    assert "$request " not in nginx and "$request_uri " not in nginx.split("log_format")[1].split(";")[0]
    assert "ssl_protocols TLSv1.2 TLSv1.3;" in nginx and "alias" not in nginx


def test_every_process_of_the_platform_is_started_and_asked_by_what_stands_before_it():
    text, deploy = HANDBOOK.read_text(encoding="utf-8"), PROJECT / "docs/deploy"
    target, nginx = ((deploy / name).read_text(encoding="utf-8") for name in ("mashan-edu.target", "nginx.conf"))
    ports = re.findall(r"^Wants=mashan-edu@(\d+)\.service$", target, re.M)
    assert len(ports) == 2 and ports == re.findall(r"^ *server 127\.0\.0\.1:(\d+);", nginx, re.M)
    assert ports == re.search(r"foreach \(\$port in ([\d, ]+)\)", text)[1].split(", ")  # on Windows
    assert "PartOf=mashan-edu.target" in (deploy / "mashan-edu@.service").read_text(encoding="utf-8")
    assert set(re.findall(r"proxy_pass (\S+);", nginx)) == {"http://mashan_edu"} and "least_conn;" in nginx
    # What somebody has sent is not sent to the other process once more, unless the first one never took it.
    assert "proxy_next_upstream" not in nginx


def test_rb_3_where_the_platform_cannot_answer_what_stands_before_it_says_in_chinese_what_to_do():
    nginx = (PROJECT / "docs/deploy/nginx.conf").read_text(encoding="utf-8")
    pages = dict(re.findall(r'location (@\w+) \{[^}]*return \d+ "([^"]+)";', nginx))
    led = {code: where for codes, where in re.findall(r"error_page ([\d ]+) (@\w+);", nginx) for code in codes.split()}
    assert (
        set(led) == {"413", "429", "500", "502", "504"} and "proxy_intercept_errors" not in nginx
    )  # our own pages pass
    assert "分几次传" in pages[led["413"]] and "过一分钟返回上一页再试" in pages[led["429"]]
    for code in ("500", "502", "504"):
        assert "按“恢复”" in pages[led[code]] and "系统管理员" in pages[led[code]] and "http" not in pages[led[code]]


def body_limits() -> tuple[int, list[tuple[str, str, int]]]:
    """What nginx.conf lets through where no location says otherwise, and what each of them does: its kind ("", "=" or "~"),
    its address or pattern, bytes. In MB, of which ours and those of nginx are the same."""
    nginx = (PROJECT / "docs/deploy/nginx.conf").read_text(encoding="utf-8")
    nginx = nginx[nginx.index("listen 443") :]
    outside = re.sub(r"^    location .+?^    \}$", "", nginx, flags=re.M | re.S)
    (usual,) = re.findall(r"client_max_body_size (\d+)m;", outside)
    found = []
    for kind, what, inside in re.findall(r"^    location (?:(=|~) )?(/\S*|\^\S+) \{(.+?)^    \}$", nginx, re.M | re.S):
        sizes = re.findall(r"client_max_body_size (\d+)m;", inside) or [usual]
        found.append((kind, what, int(sizes[0]) * 1024 * 1024))
    return int(usual) * 1024 * 1024, found


def let_through(path: str) -> int:
    """As nginx chooses: the very address, else the first pattern that fits, else the longest beginning."""
    usual, rules = body_limits()
    for kind in ("=", "~"):
        for _, what, size in (rule for rule in rules if rule[0] == kind):
            if path == what if kind == "=" else re.search(what, path):
                return size
    begins = [rule for rule in rules if not rule[0] and path.startswith(rule[1])]
    return max(begins, key=lambda rule: len(rule[1]))[2] if begins else usual


def test_ld_3_whoever_has_no_account_gets_no_more_past_nginx_than_the_page_takes():
    """A body lies on the disk of nginx and of waitress before the product can refuse it."""
    strangers = 0
    for address in addresses():
        path = "/" + re.sub(r"<[^>]+>", "x", address.route).replace("\\Z", "").replace("$", "").replace("^", "")
        if not getattr(address.callback, "login_required", True):
            strangers += 1
            most = getattr(address.callback, "most_bytes", settings.MOST_STRANGER_BYTES)
            assert let_through(path) == most, path
        elif not path.startswith(("/accounts/", "/logout/")):
            assert let_through(path) == settings.MOST_REQUEST_BYTES, path
    assert strangers > 20
    assert let_through("/static/img/mark.svg") == let_through("/accounts/me/") == settings.MOST_STRANGER_BYTES


def test_ld_3_one_address_asks_for_open_pages_only_so_often_and_for_static_files_as_often_as_it_likes():
    nginx = (PROJECT / "docs/deploy/nginx.conf").read_text(encoding="utf-8")
    assert re.findall(r"^limit_req_zone (\S+) zone=(\w+):\w+ rate=(\S+);", nginx, re.M) == [
        ("$mashan_open", "mashan_open", "20r/s")
    ]
    assert "    limit_req zone=mashan_open burst=200 nodelay;\n    limit_req_status 429;" in nginx
    pages = re.search(r'^map \$uri \$mashan_open \{\s+default\s+"";\s+"~(\S+)"\s+\$mashan_network;\s+\}', nginx, re.M)[
        1
    ]
    for address in addresses():
        path = "/" + re.sub(r"<[^>]+>", "x", address.route).replace("\\Z", "").replace("$", "").replace("^", "")
        assert bool(re.search(pages, path)) == (not getattr(address.callback, "login_required", True)), path
    assert not re.search(pages, "/static/css/app.css") and not re.search(pages, "/")
    networks = [
        re.compile(p.replace("?<", "?P<"))
        for p in re.findall(r'^    "~(\S+)" +\$net;', nginx.split("map $remote_addr")[1].split("}\n")[0], re.M)
    ]

    def counted(address: str) -> str:
        return next((found["net"] for one in networks if (found := one.search(address))), address)

    assert counted("2409:8c54:0:1::1") == counted("2409:8c54:0:1:ffff:2:3:4") != counted("2409:8c54:0:2::1")
    assert counted("2001:db8::a:b:c:d") == counted("2001:db8::1:2:3:4") and counted("203.0.113.5") == "203.0.113.5"


def test_ld_3_one_address_sends_only_so_many_large_bodies_at_a_time():
    nginx = (PROJECT / "docs/deploy/nginx.conf").read_text(encoding="utf-8")
    limits = dict(re.findall(r"^    limit_conn (\w+) (\d+);", nginx, re.M))
    zones = dict(re.findall(r"^limit_conn_zone (\S+) zone=(\w+):", nginx, re.M))
    assert limits == {"mashan_uploads": "40", "mashan_addresses": "200"}
    assert zones == {"$mashan_uploading": "mashan_uploads", "$binary_remote_addr": "mashan_addresses"}
    free = [re.compile(p) for p in re.findall(r'^    "~(\S[^"]+)" +"";', nginx, re.M)]

    def counted(method: str, length: str = "", encoding: str = "") -> bool:
        return not any(pattern.search(f"{method} {length}{encoding}") for pattern in free)

    assert not counted("GET") and not counted("POST", "0") and not counted("POST", "999999")
    assert counted("POST", "1000000") and counted("POST", "", "chunked") and counted("POST")
    assert counted("GET", "440401920") and counted("GET", "", "chunked")


def test_au_3_every_log_that_is_written_is_kept_for_more_than_six_months():
    text, deploy = HANDBOOK.read_text(encoding="utf-8"), PROJECT / "docs/deploy"
    nginx, rotated, journal = (
        (deploy / name).read_text(encoding="utf-8") for name in ("nginx.conf", "logrotate", "journald.conf")
    )
    logs = set(re.findall(r"^ +(?:access|error)_log (/\S+)", nginx, re.M))
    assert logs == set(re.search(r"^(/.+) \{$", rotated, re.M)[1].split())
    assert not any(log.endswith(".log") for log in logs), "the distribution's own rule would take hold of it too"
    assert re.search(r"^    daily$", rotated, re.M) and int(re.search(r"^    rotate (\d+)$", rotated, re.M)[1]) >= 190
    assert "Storage=persistent" in journal and int(re.search(r"^MaxRetentionSec=(\d+)day$", journal, re.M)[1]) >= 190
    assert "`docs/deploy/logrotate` 放到" in text and "`docs/deploy/journald.conf` 放到" in text
    started = re.findall(
        r'-Argument ["\'](/c .+)["\']$', text, re.M
    )  # on Windows, where nobody else keeps what they say
    assert len(started) == 2 and all(re.search(r">> D:\\mashan-logs\\\S+\.log 2>&1$", line) for line in started)
    trouble = text[text.index("**打不开**") :]
    assert all(log in trouble for log in logs if "error" in log)
    assert all(
        word in trouble for word in ("journalctl -u 'mashan-edu@*'", "D:\\mashan-logs\\8000.log", "D:\\nginx\\logs")
    )


def test_on_windows_the_account_is_made_the_settings_are_written_and_nginx_starts_with_the_machine():
    text = HANDBOOK.read_text(encoding="utf-8")
    section = text[text.index("## 三、在 Windows") : text.index("## 四、")]
    in_order = [
        "Install Python for all users",
        "New-LocalUser mashan",
        "run.py setup",
        "notepad .env",
        "manage.py migrate",
    ]
    in_order += [
        "include mashan-edu.conf;",
        "Register-ScheduledTask mashan-edu-$port",
        "Register-ScheduledTask mashan-nginx",
    ]
    places = [section.index(word) for word in in_order]
    assert places == sorted(places)
