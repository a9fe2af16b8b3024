"""附件: a file that shows or proves something about the network: a photo, a sign on a door, a notice."""

import contextlib
import uuid

from django.conf import settings
from django.core.files import File
from django.core.files.storage import FileSystemStorage
from django.db import models
from django.utils.functional import cached_property

from ..access import Action, Scope, ScopedQuerySet
from .places import Division

ENDINGS = {"image/jpeg": ".jpg", "image/png": ".png", "application/pdf": ".pdf"}


class PrivateStorage(FileSystemStorage):
    """Files below MEDIA_ROOT that have no address of their own; views hand them out after a scope check (UP-2)."""

    def __init__(self) -> None:
        super().__init__(base_url=None, file_permissions_mode=0o640, directory_permissions_mode=0o750)

    @cached_property
    def base_location(self):
        return settings.MEDIA_ROOT

    def _save(self, name: str, content: File) -> str:
        """What could not be written whole (a full disk) is taken away again: no row names it, and nobody else knows of it."""
        try:
            return super()._save(name, content)
        except BaseException:
            with contextlib.suppress(OSError):  # what made the first one fail may forbid this too
                self.delete(name)
            raise

    def url(self, name: str) -> str:
        raise ValueError("a private file has no URL")

    def deconstruct(self):
        return ("networks.models.attachments.PrivateStorage", [], {})


def internal_name(instance: models.Model, filename: str) -> str:
    """A random name: neither the person's file name nor anything guessable reaches the disk."""
    return f"{instance._meta.model_name}/{uuid.uuid4().hex}"


class Attachment(models.Model):
    """Made by `networks.uploads.attach` alone, which decides what may be stored. Seen by whoever sees the place; one that is
    `guarded` is handed out only by the page to which it belongs, which has rules of its own."""

    place = models.ForeignKey(Division, models.PROTECT, verbose_name="所属地", related_name="+")
    file = models.FileField("文件", storage=PrivateStorage, upload_to=internal_name, max_length=100)
    name = models.CharField("文件名", max_length=200)
    content_type = models.CharField("类型", max_length=100)
    size = models.PositiveIntegerField("字节数", default=0)
    sha256_original = models.CharField("原文件摘要", max_length=64)
    # Of the file on the disk, which for a photo is not the one that was sent; empty where it was missing when this came.
    sha256_stored = models.CharField("存储文件摘要", max_length=64, blank=True, default="")
    guarded = models.BooleanField("只由所属页面给出", default=False, editable=False)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="上传人", related_name="+")
    uploaded_at = models.DateTimeField("上传时间", auto_now_add=True)

    objects = ScopedQuerySet.as_manager()
    scope = Scope(place="place_id", managed_by=Action.MANAGE_NETWORK)

    class Meta:
        verbose_name = verbose_name_plural = "附件"
        ordering = ["-uploaded_at", "-pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_image(self) -> bool:
        return self.content_type.startswith("image/")

    @property
    def download_name(self) -> str:
        """What the file is called on somebody's computer: nothing that a person wrote (PI-7)."""
        return f"{self.place_id}-{self.pk}{ENDINGS.get(self.content_type, '')}"
