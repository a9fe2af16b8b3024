"""An uploaded registry workbook between its rehearsal and its commit."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from .accounts import User


def _internal_name(instance: "RegistryImport", name: str) -> str:
    """A random name; what the person called the file is not kept at all, it may name people (PI-7)."""
    return f"registryimport/{uuid.uuid4().hex}"


class RegistryImport(models.Model):
    """表格导入: rehearsed (未登记), then committed as a whole. The file goes once it is committed or replaced: what it changed
    stands in the history of the rows, and it may hold telephone numbers."""

    unscoped = "its uploader's business alone: `of` is the only way in; what it did stands in the audit log"

    class State(models.TextChoices):
        REHEARSED = "rehearsed", "已校验，未登记"
        COMMITTED = "committed", "已登记"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="上传人", related_name="+")
    registry = models.CharField("名册", max_length=20)  # a key of networks.registry.REGISTRIES
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.REHEARSED)
    file = models.FileField("工作簿", upload_to=_internal_name, max_length=100, blank=True)
    sha256 = models.CharField("文件摘要", max_length=64)
    rows = models.PositiveIntegerField("行数", default=0)
    created = models.PositiveIntegerField("新增", default=0)
    changed = models.PositiveIntegerField("修改", default=0)
    unchanged = models.PositiveIntegerField("不变", default=0)
    uploaded_at = models.DateTimeField("上传时间", auto_now_add=True)
    committed_at = models.DateTimeField("登记时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "名册导入"
        ordering = ["-uploaded_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="rehearsed", committed_at=None) | Q(state="committed", committed_at__isnull=False),
                name="registry_import_committed_has_time",
            ),
            models.CheckConstraint(condition=~Q(state="rehearsed", file=""), name="registry_import_waiting_has_file"),
            models.UniqueConstraint(
                fields=["user", "registry"], condition=Q(state="rehearsed"), name="one_waiting_registry_import"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.registry} {self.get_state_display()}"

    @classmethod
    def of(cls, user: User) -> models.QuerySet["RegistryImport"]:
        """The account's own uploads."""
        return cls.objects.filter(user=user)
