"""How fast it is, as ratios that mean the same on any machine: `python3 run.py bench`.

- Import: rehearsal and commit of a ledger of 10,000 rows, against openpyxl merely reading the file in full mode.
- Photos: how often a changed photo is missed and another one taken for it, on a generated corpus (tools/photo_corpus.py).
- Pages: county assessment, dashboard, session list and statistics at 1,000 and 200,000 stored sessions over ten years, against the
  bare grouped count and sum of one year's verified sessions on the same database.

Works in a temporary database of its own (SQLite, or PostgreSQL when DATABASE_URL says so), which is removed afterwards. Every
figure is taken in a fresh process, so that its peak memory is its own; times are the best of nine, queries are counted
separately.
"""

import argparse
import io
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from datetime import date, datetime, timedelta
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
YEARS = 10
BATCH = 5_000
ROUNDS = 3
BARE = """
    SELECT organiser_id, COUNT(*), SUM(verified_attendance) FROM trainings_trainingsession
    WHERE status = 'verified' AND held_on >= %s AND held_on < %s {} GROUP BY organiser_id"""
OF_THE_COUNTY = "AND organiser_id IN (SELECT id FROM networks_memberunit WHERE county_id = '450124')"


# --- the parent: a database, then one process per figure ------------------------------------------------


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000, help="rows of the ledger to import")
    parser.add_argument("--sizes", default="1000,200000", help="stored sessions at which pages are measured")
    parser.add_argument("--only", choices=["import", "pages", "photos"])
    parser.add_argument("--scenes", type=int, default=40, help="scenes of the photo corpus")
    parser.add_argument("--step", help=argparse.SUPPRESS)
    parser.add_argument("--argument", default="", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        print(json.dumps(STEPS[options.step](options.argument)))
        return 0
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        if options.only in (None, "import"):
            report_import(Path(folder), options.rows)
        if options.only in (None, "pages"):
            report_pages(Path(folder), [int(size) for size in options.sizes.split(",")])
        if options.only in (None, "photos"):
            with Database(Path(folder), "photos") as database:
                report_photos(database.step("photos", str(options.scenes)))
    return 0


def report_import(folder: Path, rows: int) -> None:
    print(f"\nImport of a ledger of {rows:,} rows (best of {ROUNDS} rounds, each on an empty ledger)")
    ledger, reads, imports = str(folder / "ledger.xlsx"), [], []
    for number in range(ROUNDS):
        with Database(folder, f"import{number}") as database:
            database.step("prepare")
            if not number:
                database.step("write_ledger", f"{rows}:{ledger}")
                idle = database.step("idle")
            reads.append(database.step("read_ledger", ledger))
            imports.append(database.step("import_ledger", ledger))
    read, imported = (min(found, key=lambda one: one["seconds"]) for found in (reads, imports))
    steps = [("rehearsal", "rehearsal"), ("commit, with history", "commit"), ("both", "seconds")]
    table(
        ["", "seconds", "x bare read", "peak MB"],
        [
            ["process that does nothing", "", "", idle["peak"]],
            ["openpyxl, full mode", f"{read['seconds']:.2f}", "1.0", read["peak"]],
            *(
                [name, f"{imported[key]:.2f}", f"{imported[key] / read['seconds']:.1f}", imported["peak"]]
                for name, key in steps
            ),
        ],
    )
    print(f"stored: {imported['sessions']:,} sessions, {imported['history']:,} history rows")


def report_pages(folder: Path, sizes: list[int]) -> None:
    with Database(folder, "pages") as database:
        database.step("prepare")
        for size in sizes:
            database.step("fill", str(size))
            bare, scoped = database.step("bare"), database.step("bare", OF_THE_COUNTY)
            print(f"\nPages at {size:,} sessions over {YEARS} years ({bare['rows']:,} verified ones in the year shown)")
            rows = [
                ["bare aggregate (SQL)", f"{bare['ms']:.1f}", "1.0", "1", bare["peak"]],
                ["… asked for one county's units", f"{scoped['ms']:.1f}", f"{scoped['ms'] / bare['ms']:.1f}", "1", ""],
            ]
            for name, step in [
                ("county assessment: calculation", "standings"),
                ("county assessment: page", "assessment"),
                ("dashboard: calculation", "figures"),
                ("dashboard: coverage of the network alone", "coverage"),
                ("dashboard: page", "dashboard"),
                ("session list: page", "list"),
                ("statistics by unit, two years: table", "table_unit"),
                ("statistics by unit, two years: page", "statistics"),
                ("statistics by place held, two years: table", "table_held"),
                ("statistics by audience, two years: table", "table_audience"),
            ]:
                found = database.step(step)
                ratio = f"{found['ms'] / bare['ms']:.1f}"
                rows.append([name, f"{found['ms']:.1f}", ratio, found["queries"], found["peak"]])
            table(["", "ms", "x bare", "queries", "peak MB"], rows)


def report_photos(found: dict) -> None:
    print(
        f"\nPhotos known again ({found['scenes']} scenes, as many same rooms with other people, as many sign-in sheets)"
    )
    table(["what was done to it", "tried", "missed", "false alarms"], found["counts"])
    print(
        f"different pictures compared: {found['pairs']:,} pairs, {found['taken']} taken for the same; "
        f"{found['seconds'] / found['pictures'] * 1000:.0f} ms a picture, print and comparison"
    )


def table(head: list, rows: list[list]) -> None:
    rows = [[str(cell) for cell in row] for row in [head, *rows]]
    widths = [max(len(row[at]) for row in rows) for at in range(len(head))]
    for row in rows:
        first, *rest = zip(row, widths, strict=True)
        print("  ".join([first[0].ljust(first[1]), *(text.rjust(width) for text, width in rest)]), flush=True)


class Database:
    """A temporary database; `step` runs one function of this file in a fresh process on it."""

    def __init__(self, folder: Path, name: str) -> None:
        asked = os.environ.get("DATABASE_URL", "")
        self.url = f"sqlite:///{folder / name}.sqlite3"
        self.server = None
        if asked.startswith("postgres"):
            self.server, _, own = asked.rpartition("/")
            self.name = f"{own.partition('?')[0] or 'mashan'}_bench_{name}_{os.getpid()}"
            self.url = f"{self.server}/{self.name}"

    def __enter__(self) -> "Database":
        if self.server:
            self._administer(f'CREATE DATABASE "{self.name}"')
        return self

    def __exit__(self, *exception) -> None:
        if self.server:
            self._administer(f'DROP DATABASE IF EXISTS "{self.name}"')

    def _administer(self, statement: str) -> None:
        import psycopg2

        connection = psycopg2.connect(f"{self.server}/postgres")
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
        connection.close()

    def step(self, name: str, argument: str = "") -> dict:
        environment = {
            **os.environ,
            "DATABASE_URL": self.url,
            "DJANGO_SETTINGS_MODULE": "mashan_edu.settings",
            "DEMO": "off",
            "MFA_REQUIRED": "off",
            "HTTPS": "off",
        }
        line = [sys.executable, __file__, "--step", name, "--argument", argument]
        done = subprocess.run(line, env=environment, cwd=HOME, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{name} failed:\n{done.stderr}")
        return json.loads(done.stdout.splitlines()[-1])


# --- the steps, each in a process of its own ------------------------------------------------------------


def peak() -> str:
    """Highest resident memory of this process so far, in MB; '' where the platform does not tell."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return ""
    return f"{int(status.split('VmHWM:')[1].split()[0]) / 1024:.0f}"


def django() -> None:
    sys.path.insert(0, str(HOME))
    import django

    django.setup()


def this_year() -> int:
    return datetime.now().year


def idle(_: str) -> dict:
    django()
    return {"peak": peak()}


def prepare(_: str) -> dict:
    """The county with its network, its units and two bureau accounts."""
    django()
    from django.core.management import call_command

    from networks.models import CountySettings, Division, User
    from reporting.models import AssessmentYear

    call_command("migrate", verbosity=0)
    call_command("load_county", verbosity=0, stdout=io.StringIO())
    county = Division.objects.get(tier="county")
    CountySettings.objects.update_or_create(county=county, defaults={"live_since": this_year() - YEARS + 1})
    for name in ("bureau", "bureau2"):
        User.objects.create_user(name, role="bureau", home_division=county, must_change_password=False)
    for back in range(YEARS):
        AssessmentYear.objects.open_year(county, this_year() - back)
    return {}


def fill(argument: str) -> dict:
    """Sessions up to that number, the same every time: every unit, ten years, mostly verified."""
    django()
    from django.db import connection
    from django.utils import timezone

    from networks.models import Division, MemberUnit, User
    from trainings.models import Audience, AudienceCount, DeliveryForm, Theme, TrainingSession

    chance = random.Random(20190202)  # noqa: S311  the same data every time, nothing secret
    units, forms, themes = (list(model.objects.all()) for model in (MemberUnit, DeliveryForm, Theme))
    places, audiences = list(Division.objects.filter(tier="village")), list(Audience.objects.all())
    bureau, second = User.objects.get(username="bureau"), User.objects.get(username="bureau2")
    now = timezone.now()

    def session(number: int) -> TrainingSession:
        status = chance.choices(["verified", "submitted", "returned", "draft", "planned"], [85, 6, 3, 4, 2])[0]
        year = this_year() - number % YEARS
        heads = chance.choice([18, 25, 40, 60, 80, 120, 300])
        row = TrainingSession(
            number=f"BENCH{number:07d}",
            title=f"桑蚕小蚕共育技术培训（第{number}期）",
            organiser=chance.choice(units),
            place=chance.choice(places),
            venue="村委会二楼会议室",
            held_on=date(year, 1, 1) + timedelta(days=chance.randrange(365)),
            form=chance.choice(forms),
            theme=chance.choice(themes),
            minutes=chance.choice([None, 60, 90, 120, 150]),
            audience_text="农村居民20、青少年",
            instructors="农业技术推广站技术员",
            remarks="讲解小蚕共育的温湿度控制，并在蚕房现场演示。",
            planned_attendance=heads,
            reported_attendance=None if status == "planned" else heads,
            status=status,
            version=1,
            entered_by=bureau,
            on_behalf_source="paper",
            return_reason="figure" if status == "returned" else "",
        )
        if status in {"submitted", "returned", "verified"}:
            row.submitted_by, row.submitted_at = bureau, now
        if status == "verified":
            row.verified_by, row.verified_at, row.verified_attendance = second, now, heads
        return row

    stored, wanted = TrainingSession.objects.count(), int(argument)
    for first in range(stored, wanted, BATCH):
        rows = TrainingSession.objects.bulk_create(session(n) for n in range(first, min(first + BATCH, wanted)))
        AudienceCount.objects.bulk_create(
            AudienceCount(session=row, audience=audience, number=chance.choice([None, 10, 20, 40]))
            for row in rows
            for audience in chance.sample(audiences, chance.choice([1, 2]))
        )
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")  # what autovacuum would have done by now
    return {}


def timed(work, count: int = 9) -> float:
    """Milliseconds of the best of several runs, after one to warm up: what else the machine does only ever adds."""
    work()
    times = []
    for _ in range(count):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1000)
    return min(times)


def bare(scope: str) -> dict:
    django()
    from django.db import connection

    bounds = [date(this_year(), 1, 1), date(this_year() + 1, 1, 1)]
    if connection.vendor == "sqlite":
        bounds = [day.isoformat() for day in bounds]

    def run() -> list:
        with connection.cursor() as cursor:
            cursor.execute(BARE.format(scope), bounds)
            return cursor.fetchall()

    return {"ms": timed(run), "rows": sum(row[1] for row in run()), "peak": peak()}


def measured(work) -> dict:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    ms = timed(work)
    memory = peak()
    with CaptureQueriesContext(connection) as queries:
        work()
    return {"ms": ms, "queries": len(queries), "peak": memory}


def current():
    from reporting.models import AssessmentYear

    return AssessmentYear.objects.select_related("county").get(year=this_year())


def standings(_: str) -> dict:
    django()
    from reporting.assessment import county_standing

    return measured(lambda: county_standing(current()))


def board():
    from networks.models import User
    from reporting.dashboard import Dashboard
    from reporting.models import AssessmentYear

    before = AssessmentYear.objects.get(year=this_year() - 1)
    return Dashboard(current(), before, date.today(), User.objects.get(username="bureau"))


def figures(_: str) -> dict:
    django()

    def work() -> None:
        found = board()
        _ = (
            found.paragraph,
            found.halves,
            found.curve,
            found.reach,
            found.townships,
            found.coverage,
            found.figures.themes,
        )

    return measured(work)


def coverage(_: str) -> dict:
    """By itself, for it asks of every institution whether anything was held there."""
    django()
    return measured(lambda: board().coverage)


def statistics(by: str) -> dict:
    """One table of this year beside the same days of the year before, its charts left out."""
    django()
    from networks.models import User
    from reporting.measures import By
    from reporting.periods import Period
    from reporting.statistics import Asked, Statistics

    bureau, asked = User.objects.get(username="bureau"), Asked(Period.of_year(this_year()), By(by))

    def work() -> None:
        found = Statistics(bureau, asked)
        assert found.rows and found.total.now.held

    return measured(work)


def page(path: str) -> dict:
    """What a bureau officer waits for, rights, template and all."""
    django()
    from django.conf import settings
    from django.test import Client

    from networks.models import User

    settings.ALLOWED_HOSTS = ["testserver"]
    client = Client()
    client.force_login(User.objects.get(username="bureau"), backend="networks.backends.AccountBackend")

    def work() -> None:
        response = client.get(path.format(this_year()))
        assert response.status_code == 200, response.status_code

    return measured(work)


def write_ledger(argument: str) -> dict:
    """A ledger as a clerk would keep it, of that many different sessions."""
    from openpyxl import Workbook

    rows, _, path = argument.partition(":")
    book = Workbook(write_only=True)
    sheet = book.create_sheet(f"{this_year()}年")
    sheet.append([f"{this_year()}年马山县社区教育培训台账"])
    head = "序号 培训名称 主办单位 举办地 培训地点 开始时间 结束时间 主题类别 培训形式 培训对象 计划人数 实到人次 授课教师 备注"
    sheet.append(head.split())
    for n in range(int(rows)):
        day = date(this_year(), 1, 1) + timedelta(days=n % 300)
        sheet.append(
            [
                n + 1,
                f"小蚕共育技术培训第{n}期",
                ["白山镇人民政府", "县教育局", "古零镇人民政府", "县文化馆"][n % 4],
                ["白山镇/新汉村", "古零镇", "马山县", "白山镇"][n % 4],
                "村委会二楼会议室",
                [day, f"{day.year}年{day.month}月{day.day}日上午9:00", f"{day.year}.{day.month}.{day.day}"][n % 3],
                None,
                "农村实用技术",
                "课堂学习",
                "青少年12、学生家长9" if n % 2 else None,
                40,
                [36, "40人", "１２０"][n % 3],
                "农业技术推广站技术员",
                "第一季度" if n % 5 else None,
            ]
        )
    book.save(path)
    return {}


def read_ledger(path: str) -> dict:
    """openpyxl in full mode, every cell touched once."""
    from openpyxl import load_workbook

    start = time.perf_counter()
    cells = sum(cell.value is not None for row in load_workbook(path).active.iter_rows() for cell in row)
    return {"seconds": time.perf_counter() - start, "cells": cells, "peak": peak()}


def import_ledger(path: str) -> dict:
    django()
    from networks.models import User
    from trainings.models import TrainingSession
    from trainings.workbook import commit, rehearse

    bureau = User.objects.get(username="bureau")
    start = time.perf_counter()
    rehearsal = rehearse(path, bureau, year=this_year())
    middle = time.perf_counter()
    if rehearsal.errors:
        raise SystemExit(f"the ledger has errors: {rehearsal.errors[:3]}")
    commit(rehearsal, rehearsal.digest)
    end = time.perf_counter()
    return {
        "rehearsal": middle - start,
        "commit": end - middle,
        "seconds": end - start,
        "peak": peak(),
        "sessions": TrainingSession.objects.count(),
        "history": TrainingSession.history.count(),
    }


def photos(scenes: str) -> dict:
    django()
    from tools.photo_corpus import measure

    started = time.perf_counter()
    counts, pairs, taken = measure(int(scenes))
    pictures = sum(count.tried for count in counts) + 3 * int(scenes)
    return {
        "scenes": int(scenes),
        "counts": [[count.change, count.tried, count.missed, count.alarms] for count in counts],
        "pairs": pairs,
        "taken": taken,
        "pictures": pictures,
        "seconds": time.perf_counter() - started,
    }


STEPS = {
    "idle": idle,
    "prepare": prepare,
    "fill": fill,
    "bare": bare,
    "standings": standings,
    "figures": figures,
    "coverage": coverage,
    "assessment": lambda _: page("/assessment/{}/"),
    "dashboard": lambda _: page("/dashboard/{}/"),
    "list": lambda _: page("/sessions/?year={}"),
    "statistics": lambda _: page("/statistics/?year={}"),
    "table_unit": lambda _: statistics("unit"),
    "table_held": lambda _: statistics("held"),
    "table_audience": lambda _: statistics("audience"),
    "write_ledger": write_ledger,
    "read_ledger": read_ledger,
    "import_ledger": import_ledger,
    "photos": photos,
}

if __name__ == "__main__":
    sys.exit(main())
