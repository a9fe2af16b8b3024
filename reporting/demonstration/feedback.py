"""One settled year goes all the way: window, objections with their answers, publication, a mistake that is put right as 更正第 1 号;
and of the last full year some stamped sheets have come back. By the verbs, at the hours at which people would have acted."""

import datetime

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from networks import uploads
from networks.models import Division, MemberUnit, User

from ..confirming import Sheets
from ..frozen import frozen_of
from ..models import AssessmentYear, Confirmation, Objection, QuotaAdjustment, SignOff
from ..publication import candidates
from . import pictures
from .bulletins import write_one
from .script import MARK
from .settling import clock_at

STEP = datetime.timedelta(days=1)


class TooEarly(Exception):
    """The year is so young that the next step lies in the future."""


def write(county: Division, today: datetime.date) -> None:
    """The year before the last full one; what lies in the future is left out, as in the first days of a year."""
    people = {name: User.objects.get(username=name) for name in ("bureau", "bureau2", "director")}
    try:
        _stamped(AssessmentYear.objects.get(county=county, year=today.year - 1), people)
        _published(AssessmentYear.objects.get(county=county, year=today.year - 2), people)
    except TooEarly:
        pass


def _at(moment: datetime.datetime):
    if moment > timezone.now():
        raise TooEarly
    return clock_at(moment)


def _paper(*lines: str) -> uploads.Prepared:
    content = pictures.pdf([*lines, "本件为演示材料，不是真实文件。"])
    return uploads.prepare(SimpleUploadedFile("扫描件.pdf", content))


def _morning(year: int, month: int, day: int) -> datetime.datetime:
    return timezone.make_aware(datetime.datetime(year, month, day, 9, 40))


def _stamped(year: AssessmentYear, people: dict[str, User]) -> None:
    """Accepted, waiting, returned; all others have still to come."""
    moment = _morning(year.year + 1, 1, 12)
    for position, code in enumerate(("450124100", "wxgtj", "450124103", "kx")):
        name = f"town-{code}" if code.isdigit() else f"unit-{code}"
        unit, officer = MemberUnit.objects.get(county=year.county_id, code=code), User.objects.get(username=name)
        sheet = Sheets(year).of(unit, 0)
        scan = _paper(f"{sheet.period}完成情况确认表（{MARK}）", unit.name, f"核对码 {sheet.code_in_groups}")
        with _at(moment + position * STEP), uploads.atomic():
            day = timezone.localdate()
            row = Confirmation.receive(year, unit, 0, actor=officer, code=sheet.code, filled_on=day, scan=scan)
        with _at(moment + position * STEP + datetime.timedelta(hours=5)):
            if position < 2:
                row.accept(people["bureau2"])
            elif position == 2:
                row.send_back(people["bureau2"], f"{MARK}：公章压住了核对码，看不清，请重新拍照")


def _published(year: AssessmentYear, people: dict[str, User]) -> None:
    bureau, second, director = people["bureau"], people["bureau2"], people["director"]
    start = timezone.localtime(year.standing_act().made_at) + STEP
    with _at(start):
        year.preview(bureau, timezone.localdate() + 6 * STEP)
    asked = []
    for position, (code, about, wanted) in enumerate(
        (
            ("450124103", "协办的一场没有计入本镇", "请把协办的场次也计入本镇"),
            ("unit-wxgtj", "文化馆的才艺展示没有计入", "请按培训计入"),
            ("450124100", "九月一场的人次少了", "请按签到表更正"),
        ),
        start=1,
    ):
        officer = User.objects.get(username=code if code.startswith("unit-") else f"town-{code}")
        with _at(start + position * STEP), uploads.atomic():
            asked.append(
                Objection.file(
                    year,
                    officer.own_unit,
                    actor=officer,
                    about=f"{MARK}：{about}",
                    wanted=wanted,
                    files=[_paper(f"复核申请的佐证（{MARK}）", about)],
                )
            )
    with _at(start + 4 * STEP):
        asked[0].reply(second, "declined", "本年度口径：联合举办的只计主办单位，见口径说明。")
        asked[1].reply(director, "partly", "其中的辅导课可以单独登记为培训，下一年度起照此登记；展演本身不计入。")
        asked[2].withdraw(User.objects.get(username="town-450124100"))
    with _at(start + 8 * STEP):
        chosen = {one.code: f"{MARK}：全年各季度都有培训，资料齐全" for one in candidates(year) if one.eligible}
        chosen = dict(list(chosen.items())[:2])
        proposal = year.propose_publication(bureau, chosen)
    with _at(start + 8 * STEP + datetime.timedelta(hours=2)):
        act = proposal.confirm(second)
    with _at(start + 9 * STEP), uploads.atomic():
        SignOff.record(
            act,
            actor=bureau,
            signer=f"分管副县长（{MARK}）",
            signed_on=timezone.localdate(),
            words="同意，印发各单位",
            scan=_paper(f"签批件（{MARK}）", str(act)),
        )
    year.refresh_from_db()
    with _at(start + 10 * STEP):
        write_one(year, bureau)
    _corrected(year, people, chosen, start + 20 * STEP)


def _corrected(year: AssessmentYear, people: dict[str, User], chosen: dict[str, str], start: datetime.datetime) -> None:
    """An adjusted quota that the leading group had agreed to was not entered before the lock."""
    bureau, second = people["bureau"], people["bureau2"]
    reason = f"{MARK}：领导小组会议已同意调减的任务，锁定前漏登记"
    if start + 3 * STEP > timezone.now():
        raise TooEarly  # an unlocked year would have been left behind
    units = frozen_of(year).figures["units"]
    missed = next((r for r in units if not r["met"] and r["verified"][0] and r["adjustment"] is None), None)
    if missed is None:
        return
    with _at(start):
        year.propose_unlock(bureau, reason).confirm(second)
    year.refresh_from_db()
    with _at(start + STEP):
        QuotaAdjustment.objects.create(
            year=year,
            unit=MemberUnit.objects.get(county=year.county_id, code=missed["code"]),
            sessions=min(missed["required"][0], missed["verified"][0]),
            attendances=min(missed["required"][1], missed["verified"][1]),
            reason=f"{MARK}：当年办公场所受灾，经领导小组会议同意调减",
        )
        year.propose_lock(bureau, f"{MARK}：补登记调减的任务").confirm(second)
    year.refresh_from_db()
    with _at(start + 2 * STEP):
        year.propose_publication(bureau, chosen, reason).confirm(people["director"])
