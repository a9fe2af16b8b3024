"""The audit log: who did what to which thing, kept longer than the thing itself."""

from django.db import models

from ..access import Scope, ScopedQuerySet, Subject


class AuditEvent(models.Model):
    """One act. Names things by type and id, so that it outlives them; carries no personal data of residents."""

    at = models.DateTimeField("时间", auto_now_add=True, db_index=True)
    actor = models.ForeignKey(
        "networks.User", models.SET_NULL, null=True, blank=True, verbose_name="账号", related_name="+"
    )
    actor_name = models.CharField("账号名", max_length=60, blank=True)
    county_code = models.CharField("县", max_length=6, blank=True)
    action = models.CharField("操作", max_length=40)
    subject = models.CharField("对象", max_length=40, blank=True)
    subject_id = models.CharField("对象编号", max_length=60, blank=True)
    detail = models.JSONField("说明", default=dict, blank=True)
    address = models.GenericIPAddressField("地址", null=True, blank=True)

    objects = ScopedQuerySet.as_manager()
    scope = Scope(Subject.LOG, county="county_code")

    class Meta:
        verbose_name = verbose_name_plural = "操作日志"
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor_name} {self.action}"
