"""What the hints for the reviewer rest on: prints of photos, which photos are the same, and what a reviewer answered.

None of it decides anything (hints, not verdicts); trainings/hints/ says what is pointed out and why.
"""

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q

from networks.access import Scope, ScopedQuerySet, Subject


class PhotoPrint(models.Model):
    """By what a photo is known again (trainings/photos.py); nothing can be seen in it. Goes with its piece of evidence."""

    evidence = models.OneToOneField(
        "trainings.Evidence", models.CASCADE, verbose_name="佐证材料", related_name="photo_print"
    )
    rule = models.PositiveSmallIntegerField("算法版本")
    patterns = models.BinaryField("特征")
    compared_at = models.DateTimeField("比对时间", null=True, blank=True)  # None: cut short, photo_prints catches up

    objects = ScopedQuerySet.as_manager()
    scope = Scope(Subject.RECORD, via="evidence")

    class Meta:
        verbose_name = verbose_name_plural = "照片特征"

    def __str__(self) -> str:
        return f"照片特征 {self.evidence_id}"


class PhotoMatch(models.Model):
    """Two photos that look like one. Stored from both sides, so that each session finds its own; who may see the other
    session is asked where it is shown."""

    evidence = models.ForeignKey(
        "trainings.Evidence", models.CASCADE, verbose_name="佐证材料", related_name="photo_matches"
    )
    other = models.ForeignKey("trainings.Evidence", models.CASCADE, verbose_name="相同的照片", related_name="+")
    likeness = models.PositiveSmallIntegerField("相同程度（%）", validators=[MaxValueValidator(100)])
    found_at = models.DateTimeField("发现时间", auto_now_add=True)

    objects = ScopedQuerySet.as_manager()
    scope = Scope(Subject.RECORD, via="evidence")

    class Meta:
        verbose_name = verbose_name_plural = "相同照片"
        constraints = [
            models.UniqueConstraint(fields=["evidence", "other"], name="photo_match_once"),
            models.CheckConstraint(condition=~Q(evidence=F("other")), name="photo_match_of_two"),
            models.CheckConstraint(condition=Q(likeness__lte=100), name="photo_match_percent"),
        ]

    def __str__(self) -> str:
        return f"{self.evidence_id} = {self.other_id}"


class HintAnswer(models.Model):
    """What a reviewer found out about a hint. It stays answered for as long as the situation is the same: the fingerprint
    is made from what the hint rests on, and a hint about two sessions has the same one in both."""

    session = models.ForeignKey(
        "trainings.TrainingSession", models.CASCADE, verbose_name="场次", related_name="hint_answers"
    )
    kind = models.CharField("提示", max_length=12)
    fingerprint = models.CharField("情况摘要", max_length=64, db_index=True)
    sentence = models.CharField("提示原文", max_length=300)
    text = models.CharField("核查情况", max_length=300)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="核查人", related_name="+")
    answered_at = models.DateTimeField("核查时间", auto_now_add=True)

    objects = ScopedQuerySet.as_manager()
    scope = Scope(Subject.RECORD, via="session")

    class Meta:
        verbose_name = verbose_name_plural = "核查提示的答复"
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="hint_answer_has_text"),
            models.CheckConstraint(condition=~Q(fingerprint=""), name="hint_answer_has_fingerprint"),
        ]

    def __str__(self) -> str:
        return self.text
