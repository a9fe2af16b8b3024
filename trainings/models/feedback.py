"""满意度: what residents say of a session, on the page by which they signed in or on paper, and what they are answered
(依据 一(三), 三(六)). Nothing ties an answer to a name, a device or an hour."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from networks import audit
from networks.access import Scope, ScopedQuerySet, Subject, barred_from_answering
from networks.models import User
from networks.wording import has_personal_number

from .entry import protected_name_in
from .session import TrainingSession
from .verbs import Refused, Status
from .vocabulary import Audience

MOST_ANSWERS = 3000  # by QR for one session; more is a machine
MOST_ON_PAPER = 20_000
SAID_BEFORE = "您的评价先前已经收到，只收一次：这次写的没有收。还有话要说，请告诉工作人员"


class Feedback(models.Model):
    """One person's answer. Its key is random and its time the day alone, so that rows can be laid beside no roster."""

    class Satisfaction(models.TextChoices):
        SATISFIED = "satisfied", "满意"
        FAIRLY = "fairly", "基本满意"
        UNSATISFIED = "unsatisfied", "不满意"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    session = models.ForeignKey(TrainingSession, models.CASCADE, verbose_name="场次", related_name="feedback")
    satisfaction = models.CharField("满意程度", max_length=12, choices=Satisfaction.choices)
    learned = models.CharField("学到了什么", max_length=200, blank=True)
    wish = models.CharField("建议或意见", max_length=300, blank=True)
    is_complaint = models.BooleanField("是意见、投诉，希望答复", default=False)
    given_on = models.DateField("日期")
    shown_wish = models.CharField(
        "给居民看的说法", max_length=300, blank=True, help_text="先照抄原话；里面有姓名、电话的，请删去"
    )
    answer = models.CharField("答复", max_length=500, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, verbose_name="答复人", related_name="+"
    )
    answered_at = models.DateTimeField("答复时间", null=True, blank=True)
    version = models.PositiveIntegerField("版本", default=0, editable=False)

    objects = ScopedQuerySet.as_manager()
    # Narrower than the session's own: who co-organises it or has it in their township reads no words of residents.
    scope = Scope(
        Subject.RECORD,
        county="session__organiser__county_id",
        unit="session__organiser_id",
        stage="session__status",
        private=TrainingSession.PRIVATE,
        author_role="session__entered_by__role",
    )

    class Meta:
        verbose_name = verbose_name_plural = "居民评价"
        ordering = ["-given_on", "pk"]
        indexes = [models.Index(fields=["session", "satisfaction"], name="feedback_by_session")]
        constraints = [
            models.CheckConstraint(
                condition=Q(satisfaction__in=["satisfied", "fairly", "unsatisfied"]), name="feedback_satisfaction_known"
            ),
            models.CheckConstraint(condition=Q(is_complaint=False) | ~Q(wish=""), name="complaint_has_words"),
            models.CheckConstraint(
                condition=Q(answer="", answered_by=None, answered_at=None)
                | (~Q(answer="") & ~Q(shown_wish="") & Q(answered_by__isnull=False, answered_at__isnull=False)),
                name="answer_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.session}的一份评价"

    @classmethod
    def give(
        cls,
        session: TrainingSession,
        *,
        satisfaction: str,
        learned: str,
        wish: str,
        is_complaint: bool,
        key: uuid.UUID | None = None,
    ) -> None:
        """Stores one answer; with the `key` of one that is there already, nothing (IN-3), and says so where the words are others.
        Raises Refused with sentences for residents. The log says that there was one; not when within the day (the row holds the day alone), nor from
        where."""
        with transaction.atomic():
            row = session.locked_row()
            if row.status in {Status.CANCELLED, Status.VOID} or row.roster_ban():
                raise Refused("这一场不在网上评价")
            row.refuse_locked_year()
            said = {"satisfaction": satisfaction, "learned": learned, "wish": wish}
            said["is_complaint"] = is_complaint and bool(wish)
            if key and (earlier := cls.objects.filter(pk=key).first()):
                if earlier.session_id == row.pk and all(getattr(earlier, name) == said[name] for name in said):
                    return
                raise Refused(SAID_BEFORE)
            if row.feedback.count() >= MOST_ANSWERS:
                raise Refused("这一场的评价已经很多，不再收了，谢谢")
            cls.objects.create(id=key or uuid.uuid4(), session=row, given_on=timezone.localdate(), **said)
            audit.record("居民评价", actor=None, subject=row, county_code=row.organiser.county_id)

    def reply(self, *, actor: User, shown_wish: str, answer: str) -> None:
        """What residents then read on the session's page. Said again, it replaces what was said."""
        session = self.session
        if barred := barred_from_answering(actor, session):
            raise PermissionDenied(barred)
        if not self.wish:
            raise Refused("这份评价没有写建议或意见，不用答复")
        if not shown_wish or not answer:
            raise Refused("请写好给居民看的说法和答复")
        protected = Audience.objects.protected_names()
        for words in (shown_wish, answer):
            if name := protected_name_in(words, protected):
                raise Refused(f"居民看得到的话里不能出现“{name}”，请改用不指明人群的说法")
            if has_personal_number(words):
                raise Refused("居民看得到的话里不写个人手机号码和身份证号；要留电话，请写办公电话")
        with transaction.atomic():
            row = type(self).objects.select_for_update().get(pk=self.pk)
            row.shown_wish, row.answer, row.answered_by = shown_wish, answer, actor
            row.answered_at, row.version = timezone.now(), row.version + 1
            row.save()
        self.__dict__.update(row.__dict__)


class PaperTally(models.Model):
    """纸质问卷: the same question asked on paper, counted by the officer."""

    session = models.OneToOneField(TrainingSession, models.CASCADE, verbose_name="场次", related_name="paper_tally")
    satisfied = models.PositiveIntegerField("满意（份）", default=0)
    fairly = models.PositiveIntegerField("基本满意（份）", default=0)
    unsatisfied = models.PositiveIntegerField("不满意（份）", default=0)
    source = models.CharField("怎么收的", max_length=100, help_text="如：下课时发的纸质问卷，收回 36 份")
    version = models.PositiveIntegerField("版本", default=0, editable=False)

    history = HistoricalRecords()
    objects = ScopedQuerySet.as_manager()
    scope = Scope(Subject.RECORD, via="session")

    class Meta:
        verbose_name = verbose_name_plural = "纸质问卷"
        constraints = [
            models.CheckConstraint(
                condition=Q(satisfied__lte=MOST_ON_PAPER, fairly__lte=MOST_ON_PAPER, unsatisfied__lte=MOST_ON_PAPER),
                name="paper_tally_at_most_20000",
            ),
            models.CheckConstraint(
                condition=Q(satisfied__gte=1 - F("fairly") - F("unsatisfied")), name="paper_tally_counts_something"
            ),
            models.CheckConstraint(condition=~Q(source=""), name="paper_tally_has_source"),
        ]

    def __str__(self) -> str:
        return f"{self.session}的纸质问卷"

    @property
    def total(self) -> int:
        return self.satisfied + self.fairly + self.unsatisfied

    @classmethod
    def put(cls, session: TrainingSession, *, actor: User, **figures: object) -> PaperTally:
        """Enters the counted sheets, or corrects them. Raises PermissionDenied, Refused."""
        with transaction.atomic():
            row = session.locked_row()
            if not TrainingSession.objects.editable_by(actor).filter(pk=row.pk).exists():
                raise PermissionDenied("纸质问卷由登记这一场的单位填报")
            row.refuse_locked_year()
            if row.sensitivity() == Audience.Sensitivity.HEADCOUNT_ONLY:
                raise Refused("这一场的培训对象只报人次，不收满意度问卷")
            if row.status in {Status.PLANNED, Status.CANCELLED, Status.VOID} or not row.is_over():
                raise Refused("培训结束以后才能填报问卷")
            sheets = sum(figures.get(name, 0) for name in ("satisfied", "fairly", "unsatisfied"))
            if row.reported_attendance and sheets > row.reported_attendance:
                raise Refused(
                    f"共 {sheets:,} 份，比填报的 {row.reported_attendance:,} 人次还多，请核对；人次填错的，先改人次"
                )
            tally = cls.objects.filter(session=row).first() or cls(session=row)
            for name, value in figures.items():
                setattr(tally, name, value)
            tally.version += 1
            tally._history_user, tally._change_reason = actor, "填报纸质问卷"
            tally.save()
        return tally
