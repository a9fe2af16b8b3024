"""The demonstration's accounts: one per role, township and department, each of another invented person."""

import secrets

from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher, get_hasher

from networks.models import Division, MemberUnit, Person, User

from .script import MARK

_LETTERS = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # nothing that looks like something else
COUNTY_PEOPLE = {  # username: (role, the invented person)
    "bureau": ("bureau", "演示·韦（职成股）"),
    "bureau2": ("bureau", "演示·蓝（职成股）"),
    "director": ("bureau", "演示·黄（办公室主任）"),
    "centre": ("centre", "演示·覃（县社区教育中心）"),
    "leader": ("leader", "演示·陆（领导小组）"),
    "auditor": ("auditor", "演示·蒙（审计）"),
    "operator": ("operator", "演示·周（系统管理员）"),
}
DEPARTMENTS = ["jyj", "fgkjj", "mzj", "rsj", "wxgtj", "tw", "kx", "lgj"]


class _Quick(Argon2PasswordHasher):
    """Same format, less work: the passwords are drawn at random, and nearly forty slow hashes would take the visitor's
    patience. The first sign-in with a password stores it again at full strength."""

    time_cost, memory_cost, parallelism = 1, 1024, 1


def create(county: Division) -> dict[str, str]:
    """Makes all accounts; returns their passwords by username, which are stored nowhere else."""
    homes = {}
    for username, (role, name) in COUNTY_PEOPLE.items():
        homes[username] = (role, name, {} if role == "operator" else {"home_division": county})
    for unit in MemberUnit.objects.filter(county=county).select_related("division"):
        if unit.kind == MemberUnit.Kind.TOWNSHIP:
            home = {"home_division": unit.division}
            homes[f"town-{unit.code}"] = ("township", f"演示·{unit.short_name}专干", home)
            homes[f"head-{unit.code}"] = ("head", f"演示·{unit.short_name}分管领导", home)
        elif unit.code in DEPARTMENTS:
            homes[f"unit-{unit.code}"] = ("unit", f"演示·{unit.short_name}干部", {"home_unit": unit})
    usual = get_hasher()
    hasher, passwords = _Quick() if isinstance(usual, Argon2PasswordHasher) else usual, {}
    for username, (role, name, home) in homes.items():
        passwords[username] = settings.DEMO_PASSWORD or "-".join(_word() for _ in range(3))
        person = Person.objects.create(name=name, county=county, post=MARK)
        user = User.objects.create_user(username, None, person=person, role=role, must_change_password=False, **home)
        user.password = hasher.encode(passwords[username], hasher.salt())
        user.save(update_fields=["password"])
    return passwords


def _word() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(4))
