"""Pages, style sheets and scripts go compressed to whoever takes them so: a phone in a village has little of a network, and
nothing between the application and the phone is sure to do it (a reverse proxy leaves alone what is compressed already)."""

import functools
import gzip
import re

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from django.utils.text import compress_string

_KINDS = re.compile(r"(text/(html|css|plain|calendar|javascript)|application/(javascript|json)|image/svg\+xml)\b")
_TAKES_GZIP = re.compile(r"\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))")
SHORTEST = 500  # bytes; what is shorter travels in one packet anyway
LONGEST_FILE = 2 * 1024 * 1024  # bytes of one of our own files; the largest has a quarter of it
PADDING = 100  # random bytes at most, so that a page's compressed length tells nothing of what is in it (BREACH)


@functools.lru_cache(maxsize=256)
def _packed(path: str, etag: str) -> bytes:
    """One of our own files, packed once: they change with the version alone."""
    with open(path, "rb") as file:
        return gzip.compress(file.read(), 9, mtime=0)


class CompressTextMiddleware:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not _KINDS.match(response.headers.get("Content-Type", "")) or response.has_header("Content-Encoding"):
            return response
        patch_vary_headers(response, ["Accept-Encoding"])
        if response.status_code in (206, 304) or request.method == "HEAD":
            return response
        if not _TAKES_GZIP.search(request.headers.get("Accept-Encoding", "")):
            return response
        return self._file(response) if response.streaming else self._page(response)

    @staticmethod
    def _page(response: HttpResponse) -> HttpResponse:
        if len(response.content) >= SHORTEST:
            response.content = compress_string(response.content, max_random_bytes=PADDING)
            response.headers["Content-Encoding"] = "gzip"
            if response.has_header("Content-Length"):
                response.headers["Content-Length"] = str(len(response.content))
        return response

    @staticmethod
    def _file(response: HttpResponse) -> HttpResponse:
        """One of our own files; whatever else is streamed has no ETag and goes as it is."""
        file, etag = getattr(response, "file_to_stream", None), response.headers.get("ETag")
        length = int(response.headers.get("Content-Length") or 0)
        if not (hasattr(file, "name") and etag and SHORTEST <= length <= LONGEST_FILE):
            return response
        content = _packed(file.name, etag)
        file.close()  # not the response, whose end would count as the end of the request
        kept = {name: value for name, value in response.headers.items() if name != "Content-Length"}
        return HttpResponse(content, headers=kept | {"Content-Encoding": "gzip", "Content-Length": str(len(content))})
