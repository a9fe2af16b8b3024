"""The demonstration county: real network, invented accounts and sessions, the same every time for a given date."""

import datetime
import secrets

from django.conf import settings
from django.core.management import call_command
from django.db import transaction

from networks.loading import COUNTY
from networks.models import CountySettings, Division, MemberUnit, Person, User

from .models import AssessmentYear

EARLIER_YEARS = 3
MARK = "演示数据"  # post of every invented person; its presence says that a database is a demonstration


class NotADemonstration(Exception):
    """The database holds something else, which the demonstration must not touch."""


def prepare(today: datetime.date, *, empty: bool = False, fresh: bool = False) -> dict[str, str]:
    """Makes the demonstration county unless it is there already; returns the new accounts' passwords by username."""
    is_demo = Person.objects.filter(post=MARK).exists()
    if not is_demo and (User.objects.exists() or Division.objects.exists()):
        raise NotADemonstration("这个数据库里已有别的数据，演示不能使用它；请用 DATABASE_URL 指定一个空数据库")
    if is_demo and fresh:
        call_command("flush", interactive=False, verbosity=0)
    elif is_demo:
        return {}
    with transaction.atomic():
        call_command("load_county", verbosity=0, stdout=open_null())
        passwords = _accounts()
        county = Division.objects.get(pk=COUNTY)
        CountySettings.objects.update_or_create(county=county, defaults={"live_since": today.year})
        for year in range(today.year - EARLIER_YEARS, today.year + 1):
            AssessmentYear.objects.open_year(county, year)
    return passwords


def open_null():
    import io

    return io.StringIO()


def _accounts() -> dict[str, str]:
    """One account per role, township and department, each of another invented person."""
    county = Division.objects.get(pk=COUNTY)
    homes = {
        "bureau": ("bureau", {"home_division": county}),
        "bureau2": ("bureau", {"home_division": county}),
        "director": ("bureau", {"home_division": county}),
        "centre": ("centre", {"home_division": county}),
        "leader": ("leader", {"home_division": county}),
        "auditor": ("auditor", {"home_division": county}),
        "operator": ("operator", {}),
    }
    for unit in MemberUnit.objects.filter(county=county):
        if unit.kind == MemberUnit.Kind.TOWNSHIP:
            homes[f"town-{unit.code}"] = ("township", {"home_division": unit.division})
            homes[f"head-{unit.code}"] = ("head", {"home_division": unit.division})
        elif unit.code in {"jyj", "fgkjj", "mzj", "rsj", "wxgtj", "tw", "kx", "lgj"}:
            homes[f"unit-{unit.code}"] = ("unit", {"home_unit": unit})
    passwords = {}
    for username, (role, home) in homes.items():
        password = settings.DEMO_PASSWORD or secrets.token_urlsafe(9)
        person = Person.objects.create(name=username, county=county, post=MARK)
        User.objects.create_user(username, password, person=person, role=role, must_change_password=False, **home)
        passwords[username] = password
    return passwords
