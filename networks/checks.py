"""What is said at start-up about where the data lies (IN-1) and whose it is (ID-1)."""

from pathlib import Path

from django.conf import settings
from django.core.checks import Error, Tags, register
from django.core.checks import Warning as CheckWarning
from django.db import connections

from .models import User
from .models.people import DEMONSTRATION

NETWORK_DISKS = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "glusterfs", "ceph"}
MOUNTS = Path("/proc/mounts")  # Linux; elsewhere the operator's manual has to do


@register("disk")  # a tag of its own: the commands for ledgers ask for this check alone
def database_on_a_local_disk(app_configs, **kwargs) -> list[CheckWarning]:
    """SQLite's locks and its write-ahead log do not hold on a network disk: two servers there lose writes."""
    database = settings.DATABASES["default"]
    name = str(database["NAME"])
    if not database["ENGINE"].endswith("sqlite3") or ":memory:" in name or not MOUNTS.exists():
        return []
    kind = _disk_of(Path(name).resolve().parent, MOUNTS.read_text(encoding="utf-8", errors="replace"))
    if kind not in NETWORK_DISKS:
        return []
    hint = "请把数据库放在本机硬盘上，或改用 PostgreSQL（DATABASE_URL）。"
    return [CheckWarning(f"SQLite 数据库在网络磁盘（{kind}）上，可能丢失数据：{name}", hint=hint, id="networks.W001")]


@register(Tags.database)
def no_demonstration_in_earnest(app_configs, databases=None, **kwargs) -> list[Error]:
    """Its accounts are refused anyway (`User.may_sign_in`); what was invented must not be taken for the county's figures."""
    found = []
    for alias in databases or []:
        there = User._meta.db_table in connections[alias].introspection.table_names()
        if there and not settings.DEMO and User.objects.using(alias).filter(person__post=DEMONSTRATION).exists():
            hint = "正式使用请用 DATABASE_URL 另指一个空的数据库；看演示请运行 python3 run.py。演示账号在这里不能登录。"
            found.append(Error("这个数据库是演示用的，里面的人和数字都是编造的。", hint=hint, id="networks.E001"))
    return found


def _disk_of(folder: Path, mounts: str) -> str:
    """The kind of file system that holds the folder, by the longest mount point above it."""
    best, kind = -1, ""
    for line in mounts.splitlines():
        fields = line.split()
        if len(fields) < 3:
            continue
        point = Path(fields[1].replace("\\040", " "))
        if (point == folder or point in folder.parents) and len(str(point)) > best:
            best, kind = len(str(point)), fields[2]
    return kind
