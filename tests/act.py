"""One POST of the site that changes something: who may do it, on which sample, with which body."""

import io
from collections.abc import Callable
from dataclasses import dataclass

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from .site_map import Site


@dataclass(frozen=True)
class Act:
    name: str  # of the address
    who: str
    sample: str
    body: Callable[[Site], dict]
    label: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.label}".strip()

    def url(self, site: Site) -> str:
        return site.samples.url(self.name, self.sample)


def picture() -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("RGB", (60, 40), (200, 30, 30)).save(out, "JPEG")
    return SimpleUploadedFile("牌子.jpg", out.getvalue())
