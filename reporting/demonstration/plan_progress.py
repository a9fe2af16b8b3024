"""What the demonstration county does about the plan: goals, reports with evidence and sessions, decisions; last year is closed."""

import datetime
import random

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from networks import uploads
from networks.models import Division, MemberUnit, User
from trainings.models import Status, TrainingSession

from ..models import Plan, PlanTask, PlanYear, ReportEvidence, Standing, TaskGoal, TaskJudgement, TaskReport
from ..plan_progress import Board
from . import pictures
from .script import MARK

GOALS = {  # clause: the county's goal, goals of single units
    "二(一)1": ("134 个村都有教学点，22 个社区至少 15 个开展活动", {"450124100": "新汉村、新兴社区两个点办成样板"}),
    "二(一)3": ("实验区、示范区自评五个方面都在推进", {"450124100": "年底前完成自评并上报"}),
    "二(二)2": ("图书馆、文化馆、文化站每周开放不少于 42 小时；三宝进社区 22 场", {}),
    "二(三)1": ("各成员单位都办满 4 场、400 人次", {"rsj": "就业技能培训不少于 500 人次"}),
    "二(三)4": ("老年人参加学习的比例比上年提高", {}),
    "二(四)1": ("新编本土课程 6 门，壮话授课的不少于 2 门", {}),
    "二(四)2": ("每个乡镇社区学校落实 1 名专干", {}),
}
TOLD = [  # clause, unit, text, needs
    ("二(一)1", "450124100", "两个教学点挂牌，桌椅、投影到位；第三季度起每月一次智能手机课。", ""),
    ("二(一)1", "450124103", "羊山村教学点恢复活动，办了两期攀岩旅游服务班。", "教学点没有投影仪，想请中心借一台。"),
    ("二(一)1", "jyj", "完成全县教学点摸底，待核实的机构已电话核对一半。", ""),
    ("二(一)3", "450124100", "五个方面逐项自评，体系构建、资源共享已有材料。", ""),
    ("二(二)1", "jyj", "12 所中小学周末向居民开放操场和阅览室。", "两所学校担心安全责任，请明确管理办法。"),
    ("二(二)1", "450124101", "中心小学图书室每周六开放半天。", ""),
    ("二(二)2", "wxgtj", "文化馆免费开放，会鼓、扁担舞进社区办了 9 场。", ""),
    ("二(三)1", "rsj", "返乡人员就业技能培训办到第三期。", ""),
    ("二(三)1", "kx", "科普大篷车下乡四次，结合赶圩日办讲座。", ""),
    ("二(三)2", "wxgtj", "“周末会鼓课”报名满员，拟作为学习品牌培育。", ""),
    ("二(三)4", "lgj", "老年大学增开手机班、书法班。", ""),
    ("二(三)4", "tw", "暑期青少年活动营办了两期。", "场地紧，冬季想用县职业学校的教室。"),
    ("二(四)2", "rsj", "已会同县教育局核定专干名单。", ""),
    ("三(一)", "450124102", "乡镇领导小组已调整，文件已报送。", ""),
    ("三(六)", "jyj", "季度统计按时上报，通报两次。", ""),
]
LATER = ("二(一)1", "450124100", "又有一个社区教学点开课；全年计划的三个点都已开展活动。", "")
JUDGED = [  # this year: clause, standing, note
    ("二(二)2", Standing.DONE, "开放时间和进社区场次都已达到目标，有照片和场次记录。"),
    ("二(四)2", Standing.HINDERED, "两个乡镇专干调离后还没有补上，正与人社部门商量。"),
]


def write(county: Division, today: datetime.date) -> None:
    """After the ledger, whose sessions are named. Runs in the caller's transaction."""
    plan = Plan.objects.founding(county)
    tasks = {task.clause: task for task in PlanTask.objects.filter(plan=plan).select_related("plan")}
    units = {unit.code: unit for unit in MemberUnit.objects.filter(county=county)}
    office = User.objects.select_related("person").get(username="bureau")
    for year in (today.year - 1, today.year):
        _set_goals(tasks, units, year, office)
        day = min(today, datetime.date(year, 12, 20))
        for number, line in enumerate(TOLD):
            # this year's reports come in little by little; at New Year there is none from before the first of January
            as_of = max(datetime.date(year, 1, 1), day - datetime.timedelta(days=9 * (len(TOLD) - number)))
            _report(tasks, units, year, as_of, line)
        _report(tasks, units, year, day, LATER)
    _judge(tasks, today.year, office, JUDGED)
    last = Board(plan, today.year - 1, office, today)
    decided = [
        (line.task.clause, Standing.DONE if line.heard else Standing.NOT_DONE, f"按年底汇报认定（{MARK}）")
        for line in last.lines
    ]
    _judge(tasks, today.year - 1, office, decided)
    PlanYear.close(plan, today.year - 1, actor=office, note=f"{MARK}：年底汇总后办结")


def _set_goals(tasks: dict, units: dict, year: int, office: User) -> None:
    for clause, (whole, single) in GOALS.items():
        for unit, text in {None: whole, **{units[code]: told for code, told in single.items()}}.items():
            goal = TaskGoal(task=tasks[clause], year=year, unit=unit, text=f"{text}（{MARK}）")
            goal._history_user = office
            goal.save()


def _report(tasks: dict, units: dict, year: int, as_of: datetime.date, line: tuple) -> None:
    clause, code, text, needs = line
    unit = units[code]
    officer = (
        User.objects.select_related("person")
        .filter(username__in=[f"town-{code}", f"unit-{code}"], is_active=True)
        .first()
    )
    own = TrainingSession.objects.filter(organiser=unit, status=Status.VERIFIED, held_on__lte=as_of).in_year(year)
    row = TaskReport.file(
        actor=officer,
        task=tasks[clause],
        year=year,
        unit=unit,
        sessions=own.order_by("-held_on")[:2],
        as_of=as_of,
        text=f"{text}（{MARK}）",
        needs=needs,
        token=f"demo-{year}-{clause}-{code}-{len(text)}",
    )
    if code in ("450124100", "wxgtj", "lgj"):
        drawn = SimpleUploadedFile("照片.jpg", pictures.photo(random.Random(f"plan {year} {clause} {code} {as_of}")))
        with uploads.atomic():
            ReportEvidence.add(row, actor=officer, files=[uploads.prepare(drawn)])
    moment = timezone.make_aware(datetime.datetime.combine(as_of, datetime.time(16, 20)))
    moment = min(moment, timezone.now())
    TaskReport.objects.filter(pk=row.pk).update(entered_at=moment)
    row.history.update(history_date=moment)


def _judge(tasks: dict, year: int, office: User, decided: list) -> None:
    for clause, standing, note in decided:
        TaskJudgement(task=tasks[clause], year=year).judge(actor=office, standing=standing, note=note)
