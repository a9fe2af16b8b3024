"""One department outside the list that was renamed years ago, so that the page of changes has something to show. The 18
units with a quota stay as the founding document names them."""

import datetime

from networks.models import Change, Division, MemberUnit, UnitSuccession, User

from .script import MARK

RENAMED = ("nyj", "nyj-2018", "县农业局", datetime.date(2019, 3, 1))  # today's code, its former self, since when


def write(county: Division) -> None:
    """Invented, and marked as such; no session lies before it."""
    code, former, name, on = RENAMED
    new = MemberUnit.objects.get(county=county, code=code)
    old = MemberUnit.objects.create(
        county=county,
        code=former,
        name=name,
        kind=new.kind,
        division=county,
        position=new.position,
        note=MARK,
        retired_on=on,
    )
    new.established_on, new._history_user = on, User.objects.get(username="bureau")
    new.save()
    UnitSuccession.objects.create(old=old, new=new, on=on, change=Change.RENAME, basis=f"{MARK}：机构改革方案")
