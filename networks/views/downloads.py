"""Workbooks handed out."""

import io

from django.http import FileResponse

from ..forms import XLSX


def workbook(content: bytes, name: str) -> FileResponse:
    """An attachment under a name that tells nothing of what is in it (PI-7)."""
    return FileResponse(io.BytesIO(content), as_attachment=True, filename=name, content_type=XLSX)
