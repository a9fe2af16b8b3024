"""个人信息清单: every field that holds something about a person, what for, how sensitive, how long and who reads it (PI-1;
个人信息保护法 6, 17, 28, 47, 55). A field that could hold such a thing and stands in neither table fails the tests;
docs/personal-data.md is printed from here (`manage.py personal_data`).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import apps
from django.db import models

APPS = ("networks", "trainings", "reporting")


@dataclass(frozen=True)
class Kind:
    """What several fields have in common."""

    whose: str
    purpose: str
    level: str  # 一般 or 敏感 (个人信息保护法 28)
    period: str
    readers: str


_TERM = "年度锁定定案后 12 个月（县级设置可改）删除，一直没有锁定的从次年年底起算，没有培训日期的场次按登记的年度算；有原因的可暂缓；人次保留"
KINDS = {
    "resident": Kind(
        "参训居民", "核对一场培训的实到人次，防止重复计数", "一般", _TERM,
        "平时遮盖；本单位登记人员显示全名时记日志；办公室写明用途后查看，未成年人和没有写年龄段的除外；其他单位只见人次",
    ),
    "minor": Kind(
        "参训居民（可能是未成年人）", "标明未成年人，使其姓名在本单位以外一律遮盖", "敏感", _TERM,
        "同上；培训对象是未成年人的场次不建名册",
    ),
    "sign_up": Kind(
        "报名居民", "留名额、培训改期时由主办单位联系", "一般", _TERM, "本单位登记人员，每次查看记日志；其他单位只见人数"
    ),
    "opinion": Kind(
        "参训居民（不记名）", "了解满意度，答复意见（一(三)）", "一般", "与场次同样长；只记日期，不和名册、设备对应，电话和身份证号自动抹去",
        "登记单位和县里看原话并答复；居民只看到经整理的说法和答复；不足 5 份不公布比例",
    ),
    "staff": Kind(
        "工作人员、教师、志愿者", "工作联系和岗位配备核对（二(四)2）", "一般", "任职记录长期保存，离任注明日期",
        "本乡镇、本单位和县级机构",
    ),
    "staff_phone": Kind(
        "工作人员", "县、乡、单位之间的工作联系", "一般", "任职期间；离任后由维护人清空",
        "通讯录和维护人可见全号，其余只显示前三后四位",
    ),
    "account": Kind(
        "有账号的工作人员", "登录、分清责任（谁登记、谁核定）", "一般", "账号停用后保留，作为核定和日志的署名", "账号管理人、审计"
    ),
    "credential": Kind("有账号的工作人员", "核对身份", "敏感", "改密、失效、停用即被替换；只存摘要，动态口令只存种子（密钥由它和 SECRET_KEY 现算）", "无人可读"),
    "log": Kind(
        "有账号的工作人员", "安全审计（网络安全法 21）：谁在什么时候从哪里做了什么", "一般", "不少于六个月，不含居民信息", "审计"
    ),
    "signature": Kind(
        "有账号的工作人员", "记明由谁登记、提交、核定、审定或上传", "一般", "与所在记录同样长", "能看到该记录的账号"
    ),
    "teacher": Kind("授课教师", "场次登记的一部分（谁讲的课）", "一般", "与场次同样长", "能看到该场次的账号"),
    "portrait": Kind(
        "参训居民（照片、签到表）", "任意一种佐证，证明培训办过", "一般（未成年人为敏感）", "与场次同样长，登记单位可删除；未成年人场次的随名册到期删除，只留摘要",
        "照片：能看到该场次的账号；签到表、满意度：登记单位和办公室，名册里有未成年人的只给登记单位；谁在哪天看过哪一场的记日志；不公开；"
        "只报人次的场次不收，未成年人场次不收签到表和满意度",
    ),
    "star": Kind("百姓学习之星候选人", "本人同意后的宣传（三(七)）", "一般", "本人不同意了撤回并删除，连同照片和修改记录；停用后不再公开", "审定前本单位和办公室，公开后居民"),
    "free": Kind(
        "可能提到的人", "说明一件事的自由文字；页面提示不写居民姓名、身份证号和电话", "一般", "与所在记录同样长", "能看到该记录的账号"
    ),
    "upload": Kind(
        "表格里写到的工作人员或教师", "导入前的校验", "一般", "入库或放弃后删除文件（入库的场次台账保留原件备查）", "上传人"
    ),
}  # fmt: skip

PERSONAL: dict[str, dict[str, str]] = {
    "networks.CountySettings": {"privacy_notice": "free"},
    "networks.Institution": {"phone": "staff_phone"},
    "networks.InstitutionState": {"note": "free"},
    "networks.InstitutionCheck": {"note": "free"},
    "networks.MemberUnit": {"note": "free"},
    "networks.SharedResource": {"phone": "staff_phone", "note": "free"},
    "networks.Provider": {"phone": "staff_phone", "note": "free"},
    "networks.ResourceProject": {"content": "free"},
    "networks.Person": {"name": "staff", "post": "staff", "phone": "staff_phone"},
    "networks.Appointment": dict.fromkeys(["person", "title", "specialities", "succeeds", "note"], "staff"),
    "networks.ServiceRecord": {"appointment": "staff", "what": "free"},
    "networks.SeatHolder": {"person": "staff", "titles": "staff"},
    "networks.User": {
        "username": "account", "person": "account", "password": "credential", "second_factor_seed": "credential",
    },
    "networks.RecoveryCode": {"user": "account", "digest": "credential"},
    "networks.SignIn": dict.fromkeys(["user", "address", "device"], "log"),
    "networks.PasswordLink": {
        "user": "account", "created_by": "signature", "digest": "credential", "bound_to": "credential",
    },
    "networks.AuditEvent": dict.fromkeys(["actor", "actor_name", "address", "detail"], "log"),
    "networks.Attachment": {"file": "free", "name": "free", "uploaded_by": "signature"},
    "networks.RegistryImport": {"user": "signature", "file": "upload"},
    "networks.LearningGroup": {"activity": "free"},
    "networks.Reorganisation": {
        "made_by": "signature", "undone_by": "signature", "undone_why": "free", "entries": "staff",
    },
    "networks.ZoneCheck": {"text": "free", "evidence": "free"},
    "networks.Fund": {"note": "free"},
    "trainings.RosterLine": {
        **dict.fromkeys(["name", "sex", "home", "phone_tail", "identity", "code", "device", "signed_at", "source"], "resident"),
        "age_band": "minor",
    },
    "trainings.SignUp": dict.fromkeys(
        ["name", "phone_tail", "seats", "cancel_digest", "made_at", "cancelled_at"], "sign_up"
    ),
    "trainings.Feedback": {
        **dict.fromkeys(["satisfaction", "learned", "wish", "is_complaint", "given_on", "shown_wish"], "opinion"),
        "answer": "free", "answered_by": "signature",
    },
    "trainings.ScanSheet": {"opened_by": "signature"},
    "trainings.RosterHold": {"placed_by": "signature", "lifted_by": "signature", "reason": "free"},
    "trainings.Announcement": {"phone": "staff_phone", "words": "free"},
    "trainings.TrainingSession": {
        "instructors": "teacher",
        **dict.fromkeys(["entered_by", "revised_by", "submitted_by", "verified_by"], "signature"),
        **dict.fromkeys(["title", "venue", "remarks", "verified_reason", "return_note"], "free"),
    },
    "trainings.Evidence": {
        "file": "portrait", "original_name": "free", "link": "free", "uploaded_by": "signature",
    },
    "trainings.ImportBatch": {
        "file": "upload",
        "original_name": "free",
        "corrections": "upload",
        "notices": "upload",
        **dict.fromkeys(["user", "confirmed_by", "undo_proposed_by", "undone_by"], "signature"),
    },
    "trainings.PhotoPrint": {"patterns": "portrait"},
    "trainings.HintAnswer": {"sentence": "teacher", "text": "free", "answered_by": "signature"},
    "trainings.SubmitToken": {"user": "signature"},
    "trainings.ColumnName": {"confirmed_by": "signature"},
    "trainings.PointLink": {"digest": "credential", "created_by": "signature", "revoked_by": "signature"},
    "trainings.Course": {
        "proposed_by": "signature", "decided_by": "signature", "return_note": "free", "syllabus": "free",
        "co_developers": "staff",
    },
    "trainings.Story": {
        "proposed_by": "signature", "decided_by": "signature", "return_note": "free", "subject": "star",
        "summary": "star", "body": "star", "title": "star",
    },
    "trainings.TrainingClass": {"note": "free", "entered_by": "signature"},
    "trainings.UnitPlan": {"text": "free"},
    "reporting.QuotaAdjustment": {"reason": "free"},
    "reporting.Prompt": {"text": "free", "own": "free", "sent_by": "signature"},
    "reporting.LateEntry": {"reason": "free", "note": "free", "asked_by": "signature", "decided_by": "signature"},
    "reporting.Material": {"note": "free", "handed_in_by": "signature", "decided_by": "signature"},
    "reporting.CallSample": {"drawn_by": "signature"},
    "reporting.Call": {"note": "free", "called_by": "signature"},
    # An act's content names accounts by their key, nobody by name (tests/reporting/test_locking.py).
    "reporting.LedgerAct": {
        **dict.fromkeys(["payload", "proposed_by", "confirmed_by"], "signature"), "reason": "free",
    },
    "reporting.YearProposal": {
        **dict.fromkeys(["proposed_by", "decided_by"], "signature"), "reason": "free", "note": "free", "os_user": "log",
        "choices": "free",
    },
    "reporting.Confirmation": {**dict.fromkeys(["uploaded_by", "decided_by"], "signature"), "note": "free"},
    "reporting.Objection": {
        **dict.fromkeys(["filed_by", "answered_by"], "signature"),
        **dict.fromkeys(["about", "wanted", "answer"], "free"),
    },
    "reporting.SignOff": {
        **dict.fromkeys(["signer", "recorded_by", "cancelled_by"], "signature"), "words": "free", "cancelled_why": "free",
    },
    "reporting.Bulletin": {
        **dict.fromkeys(["title", "opening", "body", "closing", "attachments", "recipients", "content"], "free"),
        **dict.fromkeys(["drafted_by", "issued_by"], "signature"),
    },
    "reporting.FormEntry": {"values": "free"},
    "reporting.Submission": {
        "figures": "free", "why": "free", "cancelled_why": "free", "signer": "staff",
        "prepared_by": "signature", "sent_by": "signature", "cancelled_by": "signature",
    },
    "reporting.PlanYear": {"note": "free", "closed_by": "signature"},
    **{key: {"withdrawn_why": "free", "withdrawn_by": "signature"} for key in ["reporting.Plan", "reporting.PlanTask"]},
    "reporting.TaskJudgement": {"note": "free", "judged_by": "signature"},
    "reporting.TaskReport": {
        **dict.fromkeys(["text", "needs", "withdrawn_why"], "free"),
        **dict.fromkeys(["entered_by", "withdrawn_by"], "signature"),
    },
    "reporting.ReportEvidence": {"link": "free", "added_by": "signature"},
}  # fmt: skip

# Fields of a kind that could hold something about a person, and do not: names of places, bodies, words, documents.
NOT_PERSONAL: dict[str, str] = {
    "networks.Division": "code name short_name",
    "networks.Institution": "name aliases hosts address",
    "networks.MemberUnit": "code name aliases",
    "networks.UnitTerm": "basis",
    "networks.AffiliatedBody": "name",
    "networks.SharedResource": "name offers opening_hours open_to address",
    "networks.UnitSuccession": "basis",
    "networks.DivisionSuccession": "basis",
    "networks.FormerName": "name short_name basis",
    "networks.Attachment": "content_type sha256_original sha256_stored",
    "networks.AuditEvent": "county_code action subject subject_id",
    "networks.SignIn": "factor",
    "networks.LearningGroup": "name theme recognised_by",
    "networks.AnnualFigure": "source method",
    "networks.AwarenessSurvey": "source",
    "networks.LeadingGroup": "name basis",
    "networks.Seat": "post",
    "networks.Provider": "name offers",
    "networks.ResourceProject": "title funds",
    "networks.RegistryImport": "registry sha256",
    "networks.Reorganisation": "what basis lines",
    "networks.Zone": "basis note",
    "trainings.Theme": "name shown_as clause",
    "trainings.Programme": "name shown_as clause",
    "trainings.Project": "name shown_as clause",
    "trainings.Language": "name shown_as clause",
    "trainings.DeliveryForm": "name shown_as clause",
    "trainings.Audience": "name shown_as clause",
    "trainings.Course": "title",
    "trainings.CourseMaterial": "title link",
    "trainings.TrainingClass": "name",
    "trainings.Evidence": "content_type sha256_original sha256_stored",
    "trainings.CoOrganiser": "name",
    "trainings.HintAnswer": "kind fingerprint",
    "trainings.PaperTally": "source",
    "trainings.ScanSheet": "token",
    "trainings.ImportBatch": "sha256 assignments rehearsal_digest",
    "trainings.SubmitToken": "token result",
    "trainings.ColumnName": "header key column",
    "trainings.PointReport": "token",
    "trainings.TrainingSession": "number organiser_written audience_text co_organiser_text",
    "reporting.CallSample": "seed frame frame_digest",
    "reporting.FormEntry": "form",
    "reporting.Submission": "form to_whom digest",
    "reporting.MaterialKind": "name clause note",
    "reporting.LedgerAct": "payload_digest previous key_id algorithm mac",
    "reporting.YearProposal": "seen_digest",
    "reporting.Confirmation": "figures digest",
    "reporting.Bulletin": "masthead number issuer copy_to printed_by word_digest",
    "reporting.Plan": "title number carry_note quota_clause",
    "reporting.PlanTask": "clause group title text responsible_text",
    "reporting.TaskGoal": "text",
    "reporting.TaskReport": "token",
    "reporting.ReferenceThreshold": "reason",
    "reporting.AssessmentYear": "basis_title basis_number basis_clause",
}

ABOUT_RESIDENTS = {"resident", "minor", "sign_up"}  # of a model with one of these every field is declared
_PEOPLE = {"User", "Person", "Appointment", "SeatHolder", "SignIn", "RosterLine", "SignUp"}


def our_models() -> Iterator[type[models.Model]]:
    """The models of the three apps; their historical tables hold the same fields for as long as the row itself."""
    for model in apps.get_models():
        if model._meta.app_label in APPS and not hasattr(model, "instance_type"):
            yield model


def could_be_personal(field: models.Field) -> bool:
    """Free text, files, addresses, and what points to a person."""
    if field.is_relation:
        return field.related_model.__name__ in _PEOPLE
    if isinstance(field, models.FileField | models.JSONField | models.GenericIPAddressField | models.BinaryField):
        return True
    return isinstance(field, models.CharField | models.TextField) and not field.choices


def undeclared() -> list[str]:
    """model.field of whatever could hold something about a person and stands in neither table."""
    missing = []
    for model in our_models():
        label = model._meta.label
        personal = PERSONAL.get(label, {})
        known = set(personal) | set(NOT_PERSONAL.get(label, "").split())
        whole = bool(ABOUT_RESIDENTS & set(personal.values()))
        for field in model._meta.concrete_fields:
            asked = could_be_personal(field) or (whole and not field.is_relation and not field.primary_key)
            if asked and field.name not in known:
                missing.append(f"{label}.{field.name}")
    return missing


def markdown() -> str:
    """docs/personal-data.md."""
    lines = [
        "# 个人信息清单",
        "",
        "由 `manage.py personal_data` 从 `reporting/personal_data.py` 生成，请勿手改。系统任何地方都不登记身份证号；居民的电话只有末四位。",
        "修改记录（历史表）里的同名字段与原记录同样长；签到名册和报名没有历史表。",
        "",
    ]
    by_kind: dict[str, list[str]] = {key: [] for key in KINDS}
    for label, fields in sorted(PERSONAL.items()):
        model = apps.get_model(label)
        for name, key in fields.items():
            by_kind[key].append(
                f"{model._meta.verbose_name}·{model._meta.get_field(name).verbose_name}（`{label}.{name}`）"
            )
    for key, kind in KINDS.items():
        if by_kind[key]:
            lines += [
                f"## {kind.whose}：{kind.purpose}",
                "",
                f"- 类别：{kind.level}个人信息",
                f"- 保存：{kind.period}",
                f"- 谁能看到：{kind.readers}",
                f"- 字段：{'；'.join(by_kind[key])}",
                "",
            ]
    return "\n".join(lines)
