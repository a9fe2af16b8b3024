"""The county's rush at the end of the year on one machine (LD-1): `python3 run.py load`.

Every user signs in, opens ten pages, uploads a ledger of 100 sessions of the year so far and confirms it, and enters one more
session with five photos of 2 MB that nobody else has; all begin at their own moment within the time given, and all come from one
address, as an office does. The product
is served as docs/deploy serves it, by as many processes, in a temporary database (SQLite, or PostgreSQL when DATABASE_URL says so) and
folder of its own, both removed afterwards. Then the same is done by one user at a time: that is what the ratios compare with.

python3 run.py load                           174 users within ten minutes
python3 run.py load --users 10 --minutes 0.5  a taste of it

Prints a table in Markdown, and how the waiting compares with the times in which it shall be over. Exit code 1 when anything was
lost, counted twice, refused or answered with an error; being slow is told and judged by people, for it depends on the machine.
"""

import argparse
import contextlib
import http.client
import io
import json
import os
import random
import re
import shlex
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from concurrent.futures import ProcessPoolExecutor
from datetime import date, timedelta
from pathlib import Path

from bench import Database

HOME = Path(__file__).resolve().parent.parent
DEPLOY = HOME / "docs/deploy"
PASSWORD = "Rush-of-December-26"  # noqa: S105 - of accounts that live as long as this program
ALONE = 3  # users who do the same one after the other, to compare with
LONGEST_ANSWER = 120  # seconds after which somebody gives up
LONGEST_COMPARING = 300  # seconds within which the last photo is compared with the others
IN_TIME = {"all pages together": 1, "confirm it": 5}  # seconds, of the 95th of a hundred
PAGES = ["/", "/sessions/", "/sessions/new/", "/sessions/import/", "/sessions/import/batches/"]
PAGES += ["/calendar/", "/assessment/{year}/materials/", "/network/figures/", "/sessions/photos/", "/learn/"]


# --- the parent: a database, a server, the users ---------------------------------------------------------


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=174)
    parser.add_argument("--minutes", type=float, default=10, help="within which all of them begin and end")
    parser.add_argument("--rows", type=int, default=100, help="sessions in a ledger")
    parser.add_argument("--photos", type=int, default=5, help="photos of a session")
    parser.add_argument("--photo-kb", type=int, default=2048, help="size of a photo")
    parser.add_argument("--processes", type=int, default=shipped_processes(), help="of the server")
    parser.add_argument("--from-models", action="store_true", help="tables without the migrations: quicker to prepare")
    parser.add_argument("--step", help=argparse.SUPPRESS)
    parser.add_argument("--argument", default="", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        print(json.dumps(STEPS[options.step](options.argument)))
        return 0
    amounts = [options.users, options.rows, options.photos, options.photo_kb, options.processes]
    if min(amounts) < 1 or options.minutes <= 0:
        parser.error("all numbers must be greater than nothing")
    with tempfile.TemporaryDirectory(prefix="load-") as folder, Installation(Path(folder), "rush") as product:
        return rush(product, options)


class Installation(Database):
    """A temporary database with a folder for uploads beside it; `serving` is the product at work on both."""

    def __init__(self, folder: Path, name: str) -> None:
        super().__init__(folder, name)
        self.folder, self.media = folder, folder / "media"
        self.env = {**os.environ, "DATABASE_URL": self.url, "MEDIA_ROOT": str(self.media)}
        self.env |= {"BACKUP_DIR": str(folder / "backups"), "DJANGO_SETTINGS_MODULE": "mashan_edu.settings"}
        # Second factors take a telephone; HTTPS ends before this server.
        self.env |= {"DEMO": "off", "DEBUG": "off", "HTTPS": "off", "MFA_REQUIRED": "off", "PYTHONUTF8": "1"}
        self.env |= {"ALLOWED_HOSTS": "127.0.0.1", "SECRET_KEY": "of one run", "LEDGER_KEY": "of one run"}

    def step(self, name: str, argument: str = "") -> dict:
        line = [sys.executable, __file__, "--step", name, "--argument", argument]
        done = subprocess.run(line, env=self.env, cwd=HOME, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{name} failed:\n{done.stderr}")
        return json.loads(done.stdout.splitlines()[-1])

    @contextlib.contextmanager
    def serving(self, processes: int):
        """The ports of so many processes of the server, and their numbers."""
        with contextlib.ExitStack() as stack:
            logs = [self.folder / f"server-{number}.log" for number in range(processes)]
            servers = [stack.enter_context(started(log, self.env)) for log in logs]
            yield [port_of(*one) for one in zip(servers, logs, strict=True)], [server.pid for server in servers]

    def told(self) -> str:
        """The end of what the servers wrote."""
        return "\n".join(log.read_text(errors="replace")[-4000:] for log in sorted(self.folder.glob("server-*.log")))


@contextlib.contextmanager
def started(log: Path, env: dict):
    line = [sys.executable, "-m", "waitress", *shipped_options(), "--listen=127.0.0.1:0", "mashan_edu.wsgi:application"]
    with log.open("wb") as out:
        server = subprocess.Popen(line, env=env | {"PYTHONUNBUFFERED": "1"}, cwd=HOME, stdout=out, stderr=out)
    try:
        yield server
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def port_of(server: subprocess.Popen, log: Path) -> int:
    for _ in range(300):
        if told := re.search(r"Serving on http://127\.0\.0\.1:(\d+)", log.read_text(errors="replace")):
            return int(told[1])
        if server.poll() is not None:
            break
        time.sleep(0.1)
    sys.exit(f"The server did not start:\n{log.read_text(errors='replace')}")


def shipped_options() -> list[str]:
    """What the unit that is shipped gives the server, apart from where it listens."""
    unit = (DEPLOY / "mashan-edu@.service").read_text(encoding="utf-8")
    line = re.search(r"^ExecStart=\S+ (.+) mashan_edu\.wsgi:application$", unit, re.M)
    return [word for word in shlex.split(line[1]) if not word.startswith("--listen")]


def shipped_processes() -> int:
    return len(re.findall(r"^Wants=mashan-edu@", (DEPLOY / "mashan-edu.target").read_text(encoding="utf-8"), re.M))


class Balance:
    """Each request goes to the process that has fewest open, as docs/deploy/nginx.conf has it (least_conn)."""

    def __init__(self, ports: list[int]) -> None:
        self.open, self.lock = dict.fromkeys(ports, 0), threading.Lock()

    @contextlib.contextmanager
    def port(self):
        with self.lock:
            fewest = min(self.open.values())
            port = random.choice([port for port, many in self.open.items() if many == fewest])  # noqa: S311
            self.open[port] += 1
        try:
            yield port
        finally:
            with self.lock:
                self.open[port] -= 1


def rush(product: Installation, options) -> int:
    note(f"Preparing {options.users + ALONE} accounts …")
    users = product.step("prepare", f"{options.users + ALONE}{':models' * options.from_models}")["users"]
    albums = pictures(product.folder, len(users), options.photos, options.photo_kb)
    with product.serving(options.processes) as (ports, pids):
        balance = Balance(ports)
        people = [
            User(balance, number, name, unit, options.rows, album)
            for number, ((name, unit), album) in enumerate(zip(users, albums, strict=True), start=1)
        ]
        for port in ports:  # templates are read once, whoever comes first
            User(Balance([port]), 0, "", "", 0, []).open("/learn/", "", warm=True)
        seconds = options.minutes * 60
        note(f"{options.users} users within {seconds:.0f} seconds …")
        many, began = people[:-ALONE], time.monotonic()
        chance = random.Random(20261231)  # noqa: S311 - the same rush every time
        # Nobody begins in the last fifth, so that the last ones are through when the time is over.
        threads = [
            threading.Thread(target=one.work, args=[began + chance.random() * seconds * 0.8, seconds * 0.15, chance])
            for one in many
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        lasted = time.monotonic() - began
        late = product.step("compared")["seconds"]
        note(f"Done after {lasted:.0f} seconds; now one user at a time …")
        for one in people[-ALONE:]:
            one.work(0, 0, chance)
        product.step("compared")
        used = [used_by(pid) for pid in pids]
    found = product.step("count", str(product.media))
    memory, seconds = " + ".join(str(peak) for peak, _ in used), sum(seconds for _, seconds in used) / len(people)
    used = f"peak memory {memory} MB, the server's processor time a user {seconds:.1f} s; "
    used += f"the last photo compared with the others {late:.0f} s after the last user"
    return report(options, many, people[-ALONE:], lasted, used, found, product)


def report(options, many, alone, lasted, used, found, product) -> int:
    took, bare, wrong = gathered(many), gathered(alone), [text for one in many + alone for text in one.wrong]
    engine = "PostgreSQL" if product.server else "SQLite"
    print(
        f"\n{options.users} users, {options.rows} rows and {options.photos} photos of {options.photo_kb} KB each, "
        f"{engine}, {os.cpu_count()} cores, {options.processes} processes with {' '.join(shipped_options())}; "
        f"asked for {options.minutes:g} minutes, took {lasted / 60:.1f}; {used}\n"
    )
    print("| what | how often | median ms | p95 ms | longest ms | alone, median ms | p95 / alone |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    pages = [ms for what, times in took.items() if what.startswith("/") for ms in times]
    bare_pages = [ms for what, times in bare.items() if what.startswith("/") for ms in times]
    rows = [("all pages together", pages, bare_pages)]
    rows += [(what, times, bare.get(what, [])) for what, times in took.items()]
    for what, times, base in rows:
        if not times or not base:
            continue
        middle = statistics.median(base)
        figures = [len(times), statistics.median(times), p95(times), max(times), middle]
        print(f"| {what} | {' | '.join(f'{n:.0f}' for n in figures)} | {p95(times) / middle:.1f} |")
    everybody = options.users + ALONE
    wanted = {
        "sessions": everybody * (options.rows + 1),
        "histories of their making": everybody * (options.rows + 1),
        "ledgers stored": everybody,
        "photos": everybody * options.photos,
        "photos not compared": 0,
        "files": everybody * (options.photos + 1),
        "files without row, rows without file": 0,
        "sessions twice": 0,
    }
    print()
    for name, times, _ in rows:
        if times and name in IN_TIME:
            told = "in time" if p95(times) < IN_TIME[name] * 1000 else "too slow on this machine"
            print(f"{name}: 95 of 100 within {p95(times) / 1000:.1f} s, wanted within {IN_TIME[name]} s: {told}")
    print("\n| kept | wanted | found |\n| --- | ---: | ---: |")
    for name, number in wanted.items():
        print(f"| {name} | {number} | {found[name]} |")
    lost = [name for name, number in wanted.items() if found[name] != number]
    five = sum("answered 5" in text for text in wrong)
    print(f"\nNot as they should be: {len(lost)} counts, {len(wrong)} answers, of these 5xx: {five}")
    for text in wrong[:20]:
        print(f"- {text}")
    if wrong or lost:
        note(product.told())
    return 1 if wrong or lost else 0


def gathered(people: list) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for one in people:
        for what, ms in one.took:
            found.setdefault(what, []).append(ms)
    return found


def p95(times: list[float]) -> float:
    return sorted(times)[max(0, -(-len(times) * 95 // 100) - 1)]


def note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def used_by(pid: int) -> tuple[int, float]:
    """The highest resident memory of the server in MB and its seconds of processor time; noughts where the platform does not
    tell."""
    try:
        memory = int(Path(f"/proc/{pid}/status").read_text().split("VmHWM:")[1].split()[0]) / 1024
        ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        return round(memory), sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")
    except (OSError, IndexError):
        return 0, 0.0


# --- one user ----------------------------------------------------------------------------------------------


class StoppedError(Exception):
    """An answer with which a step cannot go on."""


class User:
    """Somebody of a unit with a browser; `took` is how long each answer was waited for, `wrong` what should not have been."""

    def __init__(self, balance: Balance, number: int, name: str, unit: str, rows: int, album: list[Path]) -> None:
        self.balance, self.number, self.name, self.unit = balance, number, name, unit
        self.rows, self.album = rows, album
        self.cookies: dict[str, str] = {}
        self.took: list[tuple[str, float]] = []
        self.wrong: list[str] = []

    def work(self, begins: float, pauses: float, chance: random.Random) -> None:
        """Everything one after the other, spread over `pauses` seconds."""
        time.sleep(max(0, begins - time.monotonic()))
        year = date.today().year
        steps = [self.sign_in, *(lambda page=page: self.open(page.format(year=year), page) for page in PAGES)]
        steps[4:4], steps[8:8] = [self.import_a_ledger], [self.enter_a_session]
        for step in steps:
            try:
                step()
            except StoppedError:  # noted already; the next step is tried all the same
                pass
            except (OSError, http.client.HTTPException, LookupError, TypeError) as problem:
                self.wrong.append(f"{self.name}: {type(problem).__name__} {problem}")
            time.sleep(pauses / len(steps) * 2 * chance.random())

    def sign_in(self) -> None:
        self.open("/login/", "open the sign-in page")
        self.send("/login/", {"username": self.name, "password": PASSWORD}, what="sign in")

    def import_a_ledger(self) -> None:
        address = self.send(
            "/sessions/import/", {"year": ""}, [("workbook", "台账.xlsx", self.ledger())], what="upload a ledger"
        )
        page = self.open(address, "open its rehearsal")
        digest = re.search(r'name="digest" value="(\w+)"', page)[1]
        self.send(f"{address}confirm/", {"digest": digest}, what="confirm it")

    def enter_a_session(self) -> None:
        page = self.open("/sessions/new/", "open the entry form")
        given = {
            "token": re.search(r'name="token"[^>]*value="([^"]+)"', page)[1],
            "title": f"第{self.number}人登记的一场",
            "held_on": a_day(self.number).isoformat(),
            "place": re.search(r'<option value="(\d+)" selected', page)[1],
            "reported_attendance": "45",
            "length_unit": "lesson",
        }
        photos = [("photos", path.name, path.read_bytes()) for path in self.album]
        self.open(self.send("/sessions/new/", given, photos, what="enter with photos"), "open the session")

    def ledger(self) -> bytes:
        import openpyxl

        book = openpyxl.Workbook()
        book.active.append(["培训名称", "主办单位", "开始时间", "实到人次", "主题类别", "培训形式"])
        for row in range(1, self.rows + 1):
            title = f"第{self.number}人的第{row}期培训"
            day = f"{a_day(row * 3 + self.number)} 9:00"
            book.active.append([title, self.unit, day, 20 + row, "农村实用技术", "课堂学习"])
        content = io.BytesIO()
        book.save(content)
        return content.getvalue()

    def open(self, path: str, what: str, *, warm: bool = False) -> str:
        status, _, body = self.ask("GET", path, what="" if warm else what)
        self.expect(status == 200, f"{path} answered {status}")
        return body

    def send(self, path: str, fields: dict, files=(), *, what: str) -> str:
        """The address that the answer leads to."""
        mark = uuid.uuid4().hex
        parts = [(f'name="{name}"', str(value).encode()) for name, value in fields.items()]
        parts.append(('name="csrfmiddlewaretoken"', self.cookies.get("csrftoken", "").encode()))
        parts += [(f'name="{name}"; filename="{called}"', content) for name, called, content in files]
        body = b"".join(
            f"--{mark}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + content + b"\r\n"
            for head, content in parts
        )
        headers = {"Content-Type": f"multipart/form-data; boundary={mark}"}
        status, where, page = self.ask("POST", path, body + f"--{mark}--\r\n".encode(), headers, what)
        told = "" if status == 302 else " ".join(re.findall(r"(?:alert|invalid-feedback)[^>]*>([^<]+)", page))[:200]
        self.expect(status == 302, f"{path} ({what}) answered {status} {told}")
        return where

    def ask(self, method: str, path: str, body: bytes = b"", headers: dict | None = None, what: str = "") -> tuple:
        """One connection an answer: that is the dearer case."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        began = time.perf_counter()
        with self.balance.port() as port:
            link = http.client.HTTPConnection("127.0.0.1", port, timeout=LONGEST_ANSWER)
            try:
                link.request(method, path, body or None, (headers or {}) | ({"Cookie": cookies} if cookies else {}))
                answer = link.getresponse()
                page = answer.read().decode(errors="replace")
            finally:
                link.close()
        if what:
            self.took.append((what, (time.perf_counter() - began) * 1000))
        for set_cookie in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = set_cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer.status, answer.headers.get("Location", ""), page

    def expect(self, fine: bool, told: str) -> None:
        if not fine:
            self.wrong.append(f"{self.name}: {told}")
            raise StoppedError


def a_day(number: int) -> date:
    """A day of this year that has been, another one for the next number."""
    today = date.today()
    first = today.replace(month=1, day=1)
    return first + timedelta(days=number % ((today - first).days + 1))


def pictures(folder: Path, users: int, each: int, kilobytes: int) -> list[list[Path]]:
    """`each` photos for every user, no two alike, made before the clock runs."""
    note(f"Taking {users * each} photos …")
    albums = [[folder / f"照片{user}-{n}.jpg" for n in range(each)] for user in range(users)]
    paths = [path for album in albums for path in album]
    with ProcessPoolExecutor() as pool:
        for path, content in zip(paths, pool.map(photo, [kilobytes] * len(paths), range(len(paths))), strict=True):
            path.write_bytes(content)
    return albums


def photo(kilobytes: int, seed: int) -> bytes:
    """A JPEG of about that size in which there is something to see."""
    from PIL import Image

    chance = random.Random(seed)  # noqa: S311 - the same pictures every time
    wide = max(64, round((kilobytes * 1024) ** 0.5 * 2))
    noise = Image.frombytes("RGB", (wide // 4, wide * 3 // 16), chance.randbytes((wide // 4) * (wide * 3 // 16) * 3))
    picture = noise.resize((wide, wide * 3 // 4), Image.Resampling.BICUBIC)
    for quality in (98, 95, 90, 80, 60):
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=quality)
        if out.tell() <= kilobytes * 1024:
            break
    return out.getvalue() + bytes(max(0, kilobytes * 1024 - out.tell()))


# --- the steps, each in a process of its own ---------------------------------------------------------------


def django() -> None:
    sys.path.insert(0, str(HOME))
    import django

    django.setup()


def prepare(argument: str) -> dict:
    """The county, and that many accounts of its townships and departments, each with its unit's name."""
    django()
    from django.apps import apps
    from django.conf import settings
    from django.contrib.auth.hashers import make_password
    from django.core.management import call_command

    from networks.models import CountySettings, Division, MemberUnit, User
    from reporting.models import AssessmentYear

    number_of, _, straight = argument.partition(":")
    if straight:
        settings.MIGRATION_MODULES = {app.label: None for app in apps.get_app_configs()}
    call_command("migrate", run_syncdb=bool(straight), verbosity=0)
    call_command("load_county", verbosity=0, stdout=io.StringIO())
    county = Division.objects.get(tier="county")
    CountySettings.objects.update_or_create(county=county, defaults={"live_since": date.today().year})
    AssessmentYear.objects.open_year(county, date.today().year)
    units = list(MemberUnit.objects.filter(kind="township").order_by("pk"))
    hashed, made = make_password(PASSWORD), []
    for number in range(int(number_of)):
        unit, name = units[number % len(units)], f"rush-{number:03d}"
        home = {"role": "township", "home_division": unit.division, "must_change_password": False}
        user = User.objects.create_user(name, None, name=f"第{number}人", **home)
        User.objects.filter(pk=user.pk).update(password=hashed)  # hashed once: to do it is slow on purpose
        made.append([name, unit.name])
    return {"users": made}


def count(media: str) -> dict:
    """What is in the database and in the folder."""
    django()
    from django.apps import apps
    from django.db.models import Count, FileField

    from trainings.models import Evidence, ImportBatch, TrainingSession
    from trainings.photo_matches import waiting

    named = set()
    for model in apps.get_models():
        for field in model._meta.get_fields():
            if isinstance(field, FileField):
                named |= set(model._default_manager.exclude(**{field.name: ""}).values_list(field.name, flat=True))
    there = {str(path.relative_to(media)).replace(os.sep, "/") for path in Path(media).rglob("*") if path.is_file()}
    rows = TrainingSession.objects.order_by()
    return {
        "sessions": rows.count(),
        "histories of their making": TrainingSession.history.filter(history_type="+").count(),
        "ledgers stored": ImportBatch.objects.exclude(state__in=["rehearsed", "proposed"]).count(),
        "photos not compared": waiting().count(),
        "photos": Evidence.objects.filter(kind="photo").exclude(file="").count(),
        "files": len(there),
        "files without row, rows without file": len(named ^ there),
        "sessions twice": rows.values("title", "organiser").annotate(n=Count("pk")).filter(n__gt=1).count(),
    }


def compared(argument: str) -> dict:
    """Waits until the server, which does it beside the requests, has compared the photos; the seconds that took, at most so many."""
    django()
    from trainings.photo_matches import waiting

    began = time.monotonic()
    while waiting().exists() and time.monotonic() - began < LONGEST_COMPARING:
        time.sleep(0.2)
    return {"seconds": round(time.monotonic() - began, 1)}


STEPS = {"prepare": prepare, "count": count, "compared": compared}

if __name__ == "__main__":
    sys.exit(main())
