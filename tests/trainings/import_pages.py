"""A ledger as a browser sends it, and the presses of its pages."""

import io

import openpyxl
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from trainings.models import ImportBatch

HEADER = ["培训名称", "主办单位", "开始时间", "实到人次", "主题类别", "培训形式"]


GOOD = ["桑蚕小蚕共育技术", "白山镇", "{year}-03-05 9:00", 40, "农村实用技术", "课堂学习"]


def ledger(world, *rows, header=HEADER, name="台账.xlsx"):
    """An uploadable workbook; "{year}" in a cell becomes this year."""
    book = openpyxl.Workbook()
    sheet = book.active
    for row in [header, *rows]:
        sheet.append([cell.replace("{year}", str(world.year)) if isinstance(cell, str) else cell for cell in row])
    content = io.BytesIO()
    book.save(content)
    return SimpleUploadedFile(name, content.getvalue())


def changed(**cells):
    return [cells.get(name, value) for name, value in zip(HEADER, GOOD, strict=True)]


def upload(client, file, **given):
    return client.post(reverse("import-upload"), {"workbook": file} | given)


def uploaded(client, file, **given):
    response = upload(client, file, **given)
    assert response.status_code == 302, response.context["form"].errors
    return ImportBatch.objects.latest("pk")


def page(client, batch):
    return client.get(reverse("import-batch", args=[batch.pk]))


def confirm(client, batch, digest=None, **given):
    if digest is None:
        digest = page(client, batch).context["rehearsal"].digest
    return client.post(reverse("import-confirm", args=[batch.pk]), {"digest": digest} | given)


def mend(client, batch, *texts, **given):
    """Posts the page's own form with `texts` for its first errors, in order."""
    data = {"year": batch.year or ""}
    for number, (item, text) in enumerate(zip(page(client, batch).context["mends"], texts, strict=False)):
        data |= {
            f"{number}-at": item.keys,
            f"{number}-column": item.column,
            f"{number}-was": item.was,
            f"{number}-text": text,
        }
    return client.post(reverse("import-batch", args=[batch.pk]), data | given)


def historical(world, **cells):
    return ledger(
        world,
        [
            str(world.year - 2) + "-03-05" if name == "开始时间" else cells.get(name, value)
            for name, value in zip(HEADER, GOOD, strict=True)
        ],
    )
