"""Handing out what was uploaded: never as something a browser runs or displays as a page (UP-2)."""

from django.db.models.fields.files import FieldFile
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from ..access import Action, require, visible_or_404
from ..models import Attachment


@require(Action.VIEW_NETWORK)
@require_GET
def attachment(request: HttpRequest, pk: int) -> HttpResponse:
    row = visible_or_404(request.user, Attachment.objects.filter(guarded=False), pk=pk)
    return hand_out(row.file, content_type=row.content_type, name=row.download_name)


def hand_out(file: FieldFile, *, content_type: str, name: str) -> HttpResponse:
    """The stored file as a download in a sandbox; pictures may stand in <img>. Whether the person may have it is the
    caller's business."""
    try:
        with file.open("rb") as stored:  # at most uploads.MOST_BYTES
            content = stored.read()
    except FileNotFoundError:
        raise Http404("这份材料的文件不在了，请联系系统管理员从备份恢复") from None
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
    }
    return HttpResponse(content, content_type=content_type, headers=headers)
