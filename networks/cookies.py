"""What our cookies are called, besides Django's own two (settings)."""

from django.conf import settings


def host_cookie(name: str) -> str:
    """With HTTPS a name that no other site of the domain can set; browsers then ask for Secure, the path / and no domain (WB-1)."""
    return f"__Host-{name}" if settings.HTTPS else name
