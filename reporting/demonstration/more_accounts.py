"""What a county's list of accounts looks like after a year: a second named officer who still has to set a password, one who
has left, and when everybody was here last. None of these has a button or a password."""

import datetime
import random

from django.contrib.auth.hashers import make_password
from django.utils import timezone
from simple_history.utils import bulk_create_with_history

from networks.models import Division, MemberUnit, Person, Role, User

from .script import MARK

SECOND, LEFT = "town-450124100-2", "unit-wxgtj-2"


def write(county: Division, today: datetime.date) -> None:
    """Deterministic for a date. Whoever signs in afterwards replaces the invented last time by a real one."""
    chance = random.Random(f"accounts {today}")
    midnight = timezone.make_aware(datetime.datetime.combine(today, datetime.time()))
    accounts = list(User.objects.order_by("pk"))
    for account in accounts:
        account.last_login = midnight - datetime.timedelta(minutes=chance.randint(60, 40 * 24 * 60))
    User.objects.bulk_update(accounts, ["last_login"])
    places = {"home_division": Division.objects.get(pk="450124100")}
    unit = MemberUnit.objects.get(county=county, code="wxgtj")
    second = Person.objects.create(name="演示·白山镇第二名专干", county=county, post=MARK)
    left = Person.objects.create(name=f"演示·{unit.short_name}已调离干部", county=county, post=MARK)
    new = [
        User(username=SECOND, person=second, role=Role.TOWNSHIP, **places),
        User(username=LEFT, person=left, role=Role.UNIT, home_unit=unit, is_active=False, must_change_password=False),
    ]
    for account in new:
        account.password = make_password(None)
    actor = {"default_user": User.objects.get(username="bureau"), "default_change_reason": MARK}
    bulk_create_with_history(new, User, **actor)
