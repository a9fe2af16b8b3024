"""PI-4, PI-7: names and numbers are typed in at every door of an installation, and then looked for, byte by byte, wherever they
must not lie: in the files of the database, its write-ahead log, on the disk, in both logs, in addresses and in a backup.

ID numbers, whole telephone numbers, passwords and one-time secrets lie nowhere. The names that residents give lie in the
database and nowhere else.
"""

import contextlib
import datetime
import io
import json
import logging
import re
import shutil
import tempfile
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote

import pyotp
import pytest
import time_machine
from django.conf import settings as django_settings
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import Workbook
from PIL import Image

from networks import logs
from networks.models import AuditEvent, Institution, MemberUnit, User
from networks.models.second_factor import secret_of
from networks.tokens import new_token
from networks.views.second_factor import SEED
from reporting.backup import new_key, postgres
from tests.acts import at_the_door
from tests.conftest import World
from trainings.models import (
    Announcement,
    DeliveryForm,
    Evidence,
    Feedback,
    PointLink,
    RosterLine,
    ScanSheet,
    SignUp,
    Theme,
)

from .installation import new_database

PASSWORD, NEW = "Correct-Horse-7", "Brave-Otter-88"
DOORS = ["paste", "table", "sign-up", "door", "file", "feedback", "message", "search", "sign-in", "point", "refused"]
KEPT = {"paste", "table", "sign-up", "door", "file", "feedback"}  # whose names the database may hold
NAMES = {door: f"金丝雀{sign}" for door, sign in zip(DOORS, "甲乙丙丁戊己庚辛壬癸子", strict=True)}
PHONES = {door: f"138771640{number}" for number, door in enumerate(DOORS, start=10)}
IDS = {door: f"4501241990030773{number}" for number, door in enumerate(DOORS, start=10)}
IN_THE_PICTURE = "taken by 金丝雀丑 at 23.7,108.2"

OPTIONS = django_settings.DATABASES["default"].get("OPTIONS", {})


@pytest.fixture
def place(installation, settings, tmp_path, monkeypatch):
    """The installation with everything that leaves it: text log, log server, temporary files."""
    if connection.vendor == "postgresql":  # the first one is everybody's
        installation.config = new_database(installation.config["NAME"])
        installation.others.append(installation.config)
        settings.MEDIA_ROOT = shutil.copytree(installation.media, tmp_path / "media")
        installation.media = settings.MEDIA_ROOT
    settings.BACKUP_KEY = new_key()
    temp = tmp_path / "temp"
    temp.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temp))
    text, shipped = io.StringIO(), io.StringIO()
    formats = django_settings.LOGGING["formatters"]
    handlers = [(text, logs.Plain(formats["plain"]["format"])), (shipped, logs.Shipped(formats["shipped"]["format"]))]
    root, before = logging.getLogger(), (logging.getLogger().level, logs.AUDIT.level)
    made = []
    for stream, formatter in handlers:  # as the settings lay them, but down to INFO
        handler = logging.StreamHandler(stream)
        handler.setFormatter(formatter)
        handler.addFilter(logs.OneLine())
        handler.addFilter(lambda record: not record.name.startswith("django.db"))
        made.append(handler)
        root.addHandler(handler)
    root.setLevel(logging.INFO)
    logs.AUDIT.addHandler(made[1])
    logs.AUDIT.setLevel(logging.INFO)
    installation.temp, installation.text, installation.shipped = temp, text, shipped
    with installation.inside():
        yield installation
    root.setLevel(before[0])
    logs.AUDIT.setLevel(before[1])
    logs.AUDIT.removeHandler(made[1])
    for handler in made:
        root.removeHandler(handler)


@pytest.fixture
def at_nine():
    morning = timezone.make_aware(datetime.datetime.combine(timezone.localdate(), datetime.time(9, 5)))
    with time_machine.travel(morning, tick=True):
        yield


def the_county() -> World:
    users = {user.username: user for user in User.objects.all()}
    units = {unit.code: unit for unit in MemberUnit.objects.select_related("division")}
    named = {"ours": "450124100", "theirs": "450124103", "wxgtj": "wxgtj", "lgj": "lgj", "foreign": "450125100"}
    today = timezone.localdate()
    return World(
        today=today,
        year=today.year,
        form=DeliveryForm.objects.get(name="课堂学习"),
        theme=Theme.objects.get(name="农村实用技术"),
        **users,
        **{name: units[code] for name, code in named.items()},
    )


def signed_in(username: str) -> Client:
    client = Client()
    assert client.post("/login/", {"username": username, "password": PASSWORD}).status_code == 302
    return client


def table(door: str) -> SimpleUploadedFile:
    book = Workbook()
    book.active.append(["姓名", "电话", "身份证号"])
    book.active.append([NAMES[door], PHONES[door], IDS[door]])
    file = io.BytesIO()
    book.save(file)
    return SimpleUploadedFile(f"{NAMES[door]}{IDS[door]}.xlsx", file.getvalue())


def picture(name: str) -> SimpleUploadedFile:
    out, exif = io.BytesIO(), Image.Exif()
    exif[0x010E] = IN_THE_PICTURE
    Image.new("RGB", (80, 60), (30, 90, 200)).save(out, "JPEG", exif=exif)
    return SimpleUploadedFile(name, out.getvalue(), "image/jpeg")


def cells(response) -> dict:
    """The grid of a roster as a browser sends it back."""
    grid = response.context["grid"]
    data = {"source": grid.source, "unread": grid.unread}
    for number, row in enumerate(grid.rows):
        data |= {f"{cell}-{number}": text for cell, text in row.cells.items()}
    return data


def numbers(door: str) -> str:
    return f"{NAMES[door]} {PHONES[door]} {IDS[door]}"


def typed_in(w: World) -> SimpleNamespace:
    """Everybody types what they should and should not; the answers, and what was secret."""
    answers, secrets, links = [], [PASSWORD, NEW], []

    def send(client: Client, path: str, body: dict | None = None, status: int | None = 200):
        answer = client.get(path) if body is None else client.post(path, body)
        assert status is None or answer.status_code == status, (path, answer.status_code)
        answers.append(answer)
        return answer

    stranger, town, bureau = Client(), signed_in("town"), signed_in("bureau")
    # At the sign-in page people type everything into the field of the name.
    send(stranger, "/login/", {"username": numbers("sign-in"), "password": f"{NAMES['sign-in']}-Pass-7"})
    secrets.append(f"{NAMES['sign-in']}-Pass-7")
    # A roster, pasted and as a table.
    draft = w.session(w.ours, held_on=w.today)
    key = {"pk": draft.pk}
    for door, body in [("paste", {"text": f"姓名\t电话\t身份证号\n{NAMES['paste']}\t{PHONES['paste']}\t{IDS['paste']}\n"}),
                       ("table", {"workbook": table("table")})]:  # fmt: skip
        grid = send(town, reverse("roster-check", kwargs=key), body)
        send(town, reverse("roster-save", kwargs=key), cells(grid), 302)
        line = RosterLine.objects.get(name=NAMES[door])
        assert line.phone_tail == PHONES[door][-4:]
    send(town, reverse("roster-names", kwargs=key), {})
    send(town, reverse("roster-export", kwargs=key), {"purpose": f"查{IDS['refused']}来过没有"})
    send(town, reverse("roster-export", kwargs=key), {"purpose": f"查{NAMES['paste']}来过没有"})
    taken = send(town, reverse("roster-export", kwargs=key), {"purpose": "发放结业证书"})
    assert "attachment" in taken["Content-Disposition"] and b"".join(taken.streaming_content)[:2] == b"PK"
    # Evidence under the name of somebody, with more inside than the picture.
    add = {"kind": "sheet", "files": [picture(f"{numbers('file')}.jpg")]}
    send(town, reverse("evidence-add", kwargs=key), add, 302)
    assert NAMES["file"] in Evidence.objects.get(session=draft).original_name
    b"".join(send(town, reverse("session-archive", kwargs=key)).streaming_content)
    # Signing up, with the whole number first.
    soon = w.session(w.ours, status="planned", held_on=w.today + datetime.timedelta(days=5), reported=None)
    Announcement.objects.create(session=soon, is_public=True, phone="0771-6820001", takes_sign_ups=True)
    page, token = f"/learn/sessions/{soon.number}/sign-up/", new_token()
    links.append(token)
    mine = {"name": NAMES["sign-up"], "phone_tail": PHONES["sign-up"], "seats": "1", "token": token}
    send(stranger, page, mine)
    send(stranger, page, mine | {"phone_tail": "6180"}, 302)
    assert SignUp.objects.get().phone_tail == "6180"
    # At the door.
    held = w.session(
        w.ours, held_on=w.today, start_time=datetime.time(9), end_time=datetime.time(9, 30), title="扫码的"
    )
    sheet = ScanSheet.open(held, actor=w.town)
    door = reverse("scan", args=[sheet.address_words])
    send(stranger, door, at_the_door(NAMES["door"] + IDS["door"]))
    send(stranger, door, at_the_door(NAMES["door"], phone_tail=PHONES["door"]))
    send(stranger, door, at_the_door(NAMES["door"], phone_tail="6188"))
    assert held.roster.get().name == NAMES["door"]
    with time_machine.travel(timezone.now() + datetime.timedelta(hours=1), tick=True):
        said = {"satisfaction": "fairly", "wish": f"请{NAMES['feedback']}回电{PHONES['feedback']}，证{IDS['feedback']}"}
        send(stranger, reverse("scan-feedback", args=[sheet.token]), said)
    assert "****" in Feedback.objects.get().wish
    # A message from a group, and people who are looked for.
    send(town, reverse("session-message"), {"text": f"3月5日新汉村桑蚕培训 40人 联系{numbers('message')}"})
    send(bureau, reverse("accounts"), {"q": NAMES["search"]})
    send(bureau, reverse("people"), {"q": NAMES["search"]})
    send(bureau, reverse("people"), {"q": PHONES["search"]})
    # A teaching point without account.
    point = Institution.objects.get(division__code="450124100201")
    _, link = PointLink.issue(point, w.town)
    links.append(link)
    report = {"token": "f" * 32, "held_on": w.today.isoformat(), "title": "桑蚕培训", "attendance": "40"}
    send(stranger, reverse("point", args=[link]), report | {"note": f"请打{numbers('point')}"})
    # Numbers in the address, where nobody was asked for them: not there, not allowed, and a page that does not open.
    send(town, f"/nowhere/{IDS['refused']}/{PHONES['refused']}/", status=404)
    send(town, f"/admin/{IDS['refused']}/{PHONES['refused']}/", status=403)
    send(town, f"/review/?q={quote(numbers('refused'))}", status=403)
    # A link for a password, and a telephone.
    slip = send(bureau, reverse("account-link", args=[w.head.pk]), {}).content.decode()
    handed = re.search(r"set-password/([a-z0-9-]+)/", slip)[1]
    links += [handed, handed.replace("-", "")]
    both = {"new_password1": NEW, "new_password2": NEW}
    send(stranger, reverse("set-password", args=[handed]), both, 302)
    send(bureau, reverse("second-factor-set-up"))
    phone = pyotp.TOTP(secret_of(bureau.session[SEED]))
    codes = send(bureau, reverse("second-factor-set-up"), {"code": phone.now()}).content.decode()
    recovery = re.findall(r"<code>([a-z0-9-]{17})</code>", codes)
    assert len(recovery) == 8
    secrets += [phone.secret, *recovery, *(code.replace("-", "") for code in recovery)]
    return SimpleNamespace(answers=answers, secrets=secrets, links=links)


# --- where they are looked for ---------------------------------------------------------------------------


def forms(word: str) -> list[bytes]:
    """As it may stand in a file: as it is, escaped as JSON does, as addresses do."""
    return list({word.encode(), json.dumps(word)[1:-1].encode(), quote(word).encode(), word.encode("utf-16-le")})


def lies_in(word: str, content: bytes) -> bool:
    return any(form in content for form in forms(word))


def raw(place) -> bytes:
    """The database as it lies on the disk, or as PostgreSQL tells it."""
    if connection.vendor == "sqlite":
        file = Path(place.config["NAME"])
        assert file.with_name(file.name + "-wal").stat().st_size > 0, "the write-ahead log is among what is read"
        return b"".join(path.read_bytes() for path in sorted(file.parent.glob(f"{file.name}*")))
    dump = place.backups.parent / "dump.sql"
    postgres._run("pg_dump", ["--format=plain", f"--file={dump}"], place.config)
    return dump.read_bytes()


def addresses(answers) -> str:
    found = []
    for answer in answers:
        found += [answer.headers.get("Location", ""), answer.headers.get("Content-Disposition", "")]
        if not answer.streaming:
            found += re.findall(r'(?:href|src|action|data-url)="([^"]*)"', answer.content.decode(errors="replace"))
    return "\n".join(address for address in found if not address.startswith("tel:"))


def sessions() -> str:
    """What browsers' sessions hold, which the database keeps packed."""
    return "\n".join(str(row.get_decoded()) for row in Session.objects.all())


def test_pi_4_pi_7_what_is_typed_in_at_every_door_lies_only_where_it_may(place, at_nine):
    typed = typed_in(the_county())
    made = place.make()
    assert made.encrypted
    files = [path for path in place.backups.parent.rglob("*") if path.is_file()]
    stored = [path for path in place.media.rglob("*") if path.is_file()]
    elsewhere = {
        "the text log": place.text.getvalue().encode(),
        "the line for the log server": place.shipped.getvalue().encode(),
        "the audit log": json.dumps(list(AuditEvent.objects.values()), default=str, ensure_ascii=False).encode(),
        "an address or a file name of an answer": addresses(typed.answers).encode(),
        "a browser's session": sessions().encode(),
        "the name of a file": "\n".join(map(str, files)).encode(),
        "a stored file": b"\n".join(path.read_bytes() for path in stored),
        "a temporary file": b"\n".join(path.read_bytes() for path in place.temp.rglob("*") if path.is_file()),
        "the encrypted backup": made.path.read_bytes(),
        "what lies beside the backup": b"\n".join(p.read_bytes() for p in place.backups.rglob("*.json")),
    }
    database = raw(place)
    # The controls: each place was really looked into.
    assert b"/nowhere/" in elsewhere["the text log"] and b"Forbidden" in elsewhere["the text log"]
    assert "登录失败".encode() in elsewhere["the line for the log server"]
    assert "导出名册".encode() in elsewhere["the audit log"] and len(stored) >= 2 and len(files) > len(stored)
    assert [door for door in KEPT if not lies_in(NAMES[door], database)] == []
    assert b"_auth_user_id" in elsewhere["a browser's session"]

    nowhere = [*IDS.values(), *PHONES.values(), *typed.secrets, IN_THE_PICTURE]
    nowhere += [name for door, name in NAMES.items() if door not in KEPT]
    leaks = [f"{word} in the database" for word in nowhere + typed.links if lies_in(word, database)]
    for where, text in elsewhere.items():
        here = [] if where == "an address or a file name of an answer" else typed.links  # which are addresses
        leaks += [f"{word} in {where}" for word in [*nowhere, *NAMES.values(), *here] if lies_in(word, text)]
    assert sorted(set(leaks)) == []


@pytest.mark.skipif(
    connection.vendor != "sqlite", reason="where deleted rows lie in the file until their place is used"
)
@pytest.mark.parametrize("overwritten", [True, False])
def test_pi_4_pi_5_a_name_that_was_taken_out_is_gone_from_the_file_itself(place, at_nine, overwritten):
    """As the settings open the database, and as they must not."""
    with contextlib.closing(connections["default"].cursor()) as cursor:
        cursor.execute("PRAGMA secure_delete = OFF")
        if overwritten:
            cursor.execute(re.search(r"PRAGMA secure_delete=\w+", OPTIONS["init_command"])[0])
    w = the_county()
    town, draft = signed_in("town"), w.session(w.ours, held_on=w.today)
    key = {"pk": draft.pk}
    grid = town.post(reverse("roster-check", kwargs=key), {"text": f"{NAMES['paste']}\n{NAMES['table']}\n"})
    town.post(reverse("roster-save", kwargs=key), cells(grid))
    soon = w.session(w.ours, status="planned", held_on=w.today + datetime.timedelta(days=5), reported=None)
    told = Announcement.objects.create(session=soon, is_public=True, phone="0771-6820001", takes_sign_ups=True)
    told.sign_up(name=NAMES["sign-up"], phone_tail="6180", seats=1, token=new_token())
    checkpoint()
    there = Path(place.config["NAME"]).read_bytes()
    assert all(lies_in(NAMES[door], there) for door in ["paste", "table", "sign-up"])
    line = RosterLine.objects.get(name=NAMES["paste"])
    assert town.post(reverse("roster-remove", kwargs={**key, "line_pk": line.pk})).status_code == 302
    assert town.post(reverse("session-sign-ups-clear", args=[soon.pk])).status_code == 302
    checkpoint()
    left = Path(place.config["NAME"]).read_bytes()
    assert lies_in(NAMES["table"], left)
    found = [door for door in ["paste", "sign-up"] if lies_in(NAMES[door], left)]
    assert found == ([] if overwritten else ["paste", "sign-up"])


def checkpoint() -> None:
    """Everything from the write-ahead log into the file, as happens by itself when the service stops."""
    with contextlib.closing(connections["default"].cursor()) as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
