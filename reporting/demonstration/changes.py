"""One department outside the list that was renamed years ago, and one entry that was wrong and taken back, so that the page
of changes has something to show. The 18 units with a quota stay as the founding document names them, the places as they are."""

import datetime

from django.utils import timezone

from networks.models import Change, Division, MemberUnit, Reorganisation, UnitSuccession, User
from networks.redistricting import rename_place
from networks.reorganisation import take_back

from .script import MARK

RENAMED = ("nyj", "nyj-2018", "县农业局", datetime.date(2019, 3, 1))  # today's code, its former self, since when
ENTERED_WRONGLY = "450124100201"  # 新汉村, which is still called so


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
    bureau = User.objects.get(username="bureau")
    new.established_on, new._history_user = on, bureau
    new.save()
    UnitSuccession.objects.create(old=old, new=new, on=on, change=Change.RENAME, basis=f"{MARK}：机构改革方案")
    village = Division.objects.get(pk=ENTERED_WRONGLY)
    renamed = village.short_name.removesuffix("村") + "社区居委会"
    rename_place(village, name=renamed, on=timezone.localdate(), basis=f"{MARK}：村改社区的请示", actor=bureau)
    take_back(Reorganisation.objects.get(), bureau, f"{MARK}：还没有批复，登记早了")
