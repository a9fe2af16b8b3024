"""附件: a file that shows or proves something about the network: a photo, a sign on a door, a notice."""

import uuid

from django.conf import settings
from django.db import models

from ..access import Action, Scope, ScopedQuerySet
from .places import Division


def _internal_name(instance: "Attachment", name: str) -> str:
    """Files lie under a random name; what the person called them is kept beside (UP-2)."""
    return f"network/{uuid.uuid4().hex}"


class Attachment(models.Model):
    """Made by `networks.uploads.attach` alone, which decides what may be stored. Seen by whoever sees the place."""

    place = models.ForeignKey(Division, models.PROTECT, verbose_name="所属地", related_name="+")
    file = models.FileField("文件", upload_to=_internal_name, max_length=100)
    name = models.CharField("文件名", max_length=200)
    content_type = models.CharField("类型", max_length=40)
    size = models.PositiveIntegerField("字节数", default=0)
    sha256_original = models.CharField("原文件摘要", max_length=64)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="上传人", related_name="+")
    uploaded_at = models.DateTimeField("上传时间", auto_now_add=True)

    objects = ScopedQuerySet.as_manager()
    scope = Scope(place="place_id", managed_by=Action.MANAGE_NETWORK)

    class Meta:
        verbose_name = verbose_name_plural = "附件"
        ordering = ["-uploaded_at", "-pk"]

    def __str__(self) -> str:
        return self.name
