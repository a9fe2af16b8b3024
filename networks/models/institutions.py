"""社区教育机构: the nodes of the three-tier network, and what became of each of them when (依据 二(一)1, 三(三))."""

import datetime

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import OuterRef, Q, Subquery
from django.utils import timezone
from simple_history.models import HistoricalRecords

from ..access import Action, Scope, ScopedQuerySet
from .places import Division, Tier

EARLIEST_YEAR = 1900  # before that a date is a slip of the pen


class InstitutionQuerySet(ScopedQuerySet):
    def with_state_on(self, day: datetime.date) -> "InstitutionQuerySet":
        """Annotates `state_then`: the state that held on that day, "unconfirmed" where nothing was recorded by then."""
        recorded = InstitutionState.objects.filter(institution=OuterRef("pk"), since__lte=day).order_by("-since")
        unknown = models.Value(Institution.State.UNCONFIRMED.value)
        return self.annotate(state_then=models.functions.Coalesce(Subquery(recorded.values("state")[:1]), unknown))


class Institution(models.Model):
    """A node of the network at a place. `state` is what the newest `InstitutionState` says; `record` alone writes it.

    运行 and 无活动 are no states but two ways an open institution shows: with or without a session this year.
    """

    class Kind(models.TextChoices):
        CENTRE = "centre", "县社区教育中心"
        SCHOOL = "school", "乡镇社区学校"
        POINT = "point", "教学点"
        GUIDANCE = "guidance", "指导机构（县）"  # 三(三): guides the whole county
        MANAGEMENT = "management", "管理机构（乡镇）"  # 三(三)
        RESEARCH = "research", "研究指导机构"  # 二(四)2: at the county centre

    class Function(models.TextChoices):
        IMPLEMENT = "implement", "实施"
        MANAGE = "manage", "管理"

    class State(models.TextChoices):
        UNCONFIRMED = "unconfirmed", "待核实"
        PREPARING = "preparing", "筹建"
        OPEN = "open", "已开办"
        SUSPENDED = "suspended", "暂停"
        CLOSED = "closed", "停办"

    division = models.ForeignKey(Division, models.PROTECT, verbose_name="所在地", related_name="institutions")
    kind = models.CharField("类别", max_length=10, choices=Kind.choices)
    function = models.CharField("职能", max_length=10, choices=Function.choices, default=Function.IMPLEMENT)
    name = models.CharField("名称", max_length=80)
    aliases = models.TextField("别名", blank=True, max_length=500, help_text="每行一个，导入台账时按这些名称识别")
    hosts = models.TextField(
        "承办单位", blank=True, max_length=500, help_text="每行一个，如村委会、村小学、党群服务中心"
    )
    address = models.CharField("地址", max_length=100, blank=True)
    phone = models.CharField("办公电话", max_length=30, blank=True)
    posts = models.PositiveSmallIntegerField("核定编制（人）", null=True, blank=True, help_text="依据 三(五)")
    rooms = models.PositiveSmallIntegerField("教室（间）", null=True, blank=True)
    seats = models.PositiveIntegerField("座位（个）", null=True, blank=True)
    computers = models.PositiveIntegerField("计算机（台）", null=True, blank=True)
    books = models.PositiveIntegerField("图书（册）", null=True, blank=True)
    state = models.CharField("状态", max_length=12, choices=State.choices, default=State.UNCONFIRMED, editable=False)
    state_since = models.DateField("状态起始日期", null=True, blank=True, editable=False)
    photo = models.ForeignKey(
        "networks.Attachment", models.SET_NULL, null=True, blank=True, verbose_name="照片", related_name="+"
    )
    version = models.PositiveIntegerField("版本", default=0, editable=False)

    history = HistoricalRecords()
    objects = InstitutionQuerySet.as_manager()
    scope = Scope(place="division_id", managed_by=Action.MANAGE_NETWORK)

    class Meta:
        verbose_name = verbose_name_plural = "社区教育机构"
        ordering = ["division_id", "kind", "name"]
        constraints = [
            models.UniqueConstraint(fields=["division", "name"], name="institution_name_once_per_place"),
            models.CheckConstraint(
                condition=Q(state="unconfirmed") | Q(state_since__isnull=False), name="institution_state_has_date"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Each kind has its tier (二(一)1, 三(三)): a teaching point lies in a village, a school in a township."""
        tier = TIER_OF.get(self.kind)
        if self.division_id and tier and self.division.tier != tier:
            raise ValidationError({"kind": f"{self.get_kind_display()}应设在{tier.label}一级，请改选类别或所在地"})

    @classmethod
    def usual_at(cls, place: Division) -> dict[str, str]:
        """Kind, name, alias and host of the implementing institution that 二(一)1 puts at a place of this tier."""
        if place.tier == Tier.COUNTY:
            aliases = f"{place.name}社区教育中心"
            return {"kind": cls.Kind.CENTRE, "name": "县社区教育中心", "aliases": aliases, "hosts": "县职业学校"}
        if place.tier == Tier.TOWNSHIP:
            hosts = f"{place.name}成人文化技术学校"
            return {"kind": cls.Kind.SCHOOL, "name": f"{place.name}社区学校", "aliases": "", "hosts": hosts}
        name = f"{place.short_name}社区教育教学点".replace("社区社区", "社区")
        return {"kind": cls.Kind.POINT, "name": name, "aliases": f"{place.short_name}教学点", "hosts": ""}

    @property
    def all_names(self) -> list[str]:
        return [self.name, *filter(None, map(str.strip, self.aliases.splitlines()))]

    @property
    def host_names(self) -> list[str]:
        return [*filter(None, map(str.strip, self.hosts.splitlines()))]

    def record(
        self, state: str, since: datetime.date, note: str = "", *, instead: "InstitutionState | None" = None
    ) -> None:
        """From that day on the institution is in that state: the one writer of `state`. The same day twice corrects the
        entry, and `instead` is an entry of its own that was wrong and goes. Raises ValidationError for a day that cannot be,
        and for 待核实, which is the lack of any entry."""
        if state not in self.State.values or state == self.State.UNCONFIRMED:
            raise ValidationError("请选择机构现在的状态")
        if since > timezone.localdate():
            raise ValidationError("状态的起始日期不能晚于今天")
        if since.year < EARLIEST_YEAR:
            raise ValidationError(f"状态的起始日期早于 {EARLIEST_YEAR} 年，请核对")
        with transaction.atomic():
            row = type(self).objects.select_for_update().get(pk=self.pk)
            for wrong in row.states.filter(pk=instead.pk) if instead else []:
                wrong.delete()
            InstitutionState.objects.update_or_create(
                institution=row, since=since, defaults={"state": state, "note": note.strip()}
            )
            newest = row.states.order_by("-since").first()
            row.state, row.state_since = newest.state, newest.since
            row.version += 1
            row.save()
        self.state, self.state_since, self.version = row.state, row.state_since, row.version

    def move(self, place: Division, on: datetime.date, actor: models.Model) -> None:
        """From `on` on the institution is at another place, because its own ended (合村并居); where it was stays known."""
        FormerPlace.objects.create(institution=self, division_id=self.division_id, until=on)
        self.division, self._history_user = place, actor
        self.version += 1
        self.save()


TIER_OF = {
    Institution.Kind.CENTRE: Tier.COUNTY,
    Institution.Kind.SCHOOL: Tier.TOWNSHIP,
    Institution.Kind.POINT: Tier.VILLAGE,
    Institution.Kind.GUIDANCE: Tier.COUNTY,
    Institution.Kind.MANAGEMENT: Tier.TOWNSHIP,
    Institution.Kind.RESEARCH: Tier.COUNTY,
}


class InstitutionState(models.Model):
    """A dated fact: from `since` on, until the next entry, the institution was preparing, open, suspended or closed."""

    institution = models.ForeignKey(Institution, models.CASCADE, verbose_name="机构", related_name="states")
    state = models.CharField(
        "状态", max_length=12, choices=[c for c in Institution.State.choices if c[0] != "unconfirmed"]
    )
    since = models.DateField("自")
    note = models.CharField("说明", max_length=200, blank=True)

    history = HistoricalRecords()
    objects = ScopedQuerySet.as_manager()
    scope = Scope(via="institution")

    class Meta:
        verbose_name = verbose_name_plural = "机构状态"
        ordering = ["institution", "-since"]
        constraints = [
            models.UniqueConstraint(fields=["institution", "since"], name="one_institution_state_per_day"),
            models.CheckConstraint(
                condition=Q(state__in=["preparing", "open", "suspended", "closed"]), name="institution_state_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.institution} {self.since:%Y-%m-%d} {self.get_state_display()}"


class FormerPlace(models.Model):
    """原所在地: where an institution was until before `until`. What was held there by then was held by it, and coverage as of
    an earlier day finds it there."""

    institution = models.ForeignKey(Institution, models.CASCADE, verbose_name="机构", related_name="former_places")
    division = models.ForeignKey(Division, models.PROTECT, verbose_name="原所在地", related_name="+")
    until = models.DateField("至（不含当日）")

    objects = ScopedQuerySet.as_manager()
    scope = Scope(via="institution")

    class Meta:
        verbose_name = verbose_name_plural = "机构原所在地"
        ordering = ["institution", "until"]
        constraints = [
            models.UniqueConstraint(fields=["institution", "until"], name="one_former_place_per_day"),
        ]

    def __str__(self) -> str:
        return f"{self.institution} {self.until:%Y-%m-%d} 以前在{self.division}"


class InstitutionCheck(models.Model):
    """五有: whether the institution has each of the five things, with what shows it. The founding document does not list
    them; these are the usual five of village teaching points, read as 有牌子（机构）."""

    class Item(models.TextChoices):
        SIGN = "sign", "有机构（挂牌）"
        PLACE = "place", "有场地"
        PEOPLE = "people", "有队伍"
        RULES = "rules", "有制度"
        FUNDS = "funds", "有经费"

    institution = models.ForeignKey(Institution, models.CASCADE, verbose_name="机构", related_name="checks")
    item = models.CharField("项目", max_length=8, choices=Item.choices)
    met = models.BooleanField("具备", default=False)
    note = models.CharField("说明", max_length=200, blank=True)
    checked_on = models.DateField("核对日期", null=True, blank=True)
    evidence = models.ForeignKey(
        "networks.Attachment", models.SET_NULL, null=True, blank=True, verbose_name="佐证", related_name="+"
    )

    history = HistoricalRecords()
    objects = ScopedQuerySet.as_manager()
    scope = Scope(via="institution")

    class Meta:
        verbose_name = verbose_name_plural = "五有核对"
        ordering = ["institution", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["institution", "item"], name="one_check_per_item"),
            models.CheckConstraint(
                condition=Q(item__in=["sign", "place", "people", "rules", "funds"]), name="check_item_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.institution} {self.get_item_display()}"
