"""What is said at start-up about the ledger: is there a key to sign with, and does the database guard what was signed and logged?"""

from django.conf import settings
from django.core.checks import Tags, register
from django.core.checks import Warning as CheckWarning
from django.db import connections

from . import guard


@register
def ledger_has_a_key(app_configs, **kwargs) -> list[CheckWarning]:
    """Without a key everything works but locking a year, which refuses in words."""
    if settings.LEDGER_KEY:
        return []
    hint = "请在 .env 里设置 LEDGER_KEY（一串随机的文字），并和数据库分开保存。"
    return [CheckWarning("没有设置 LEDGER_KEY，年度不能锁定定案。", hint=hint, id="reporting.W001")]


@register(Tags.database)
def ledger_is_guarded(app_configs, databases=None, **kwargs) -> list[CheckWarning]:
    """A warning and no error: an error would keep `migrate`, which lays the triggers again, from running."""
    found = []
    for alias in databases or []:
        connection = connections[alias]
        if guard.there(connection) and guard.missing(connection):
            found.append(CheckWarning(f"{guard.TOLD}。", hint=f"{guard.WHAT_TO_DO}。", id="reporting.W002"))
    return found
