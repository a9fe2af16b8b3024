"""Accounts: one person, one home, one role. What a role may do is written in networks/access."""

import datetime

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.functional import cached_property
from simple_history.models import HistoricalRecords

from ..access import EDUCATION_BUREAU, ROLES, Action, Scope, ScopedQuerySet, Subject, can
from .people import DEMONSTRATION, Person
from .places import CODE_LENGTH, Division, Tier
from .second_factor import HasSecondFactor
from .succession import Lineage, lineages_of
from .units import MemberUnit


class Role(models.TextChoices):
    BUREAU = "bureau", "领导小组办公室（县教育局）"
    CENTRE = "centre", "县社区教育中心"
    TOWNSHIP = "township", "乡镇专干"
    UNIT = "unit", "成员单位"
    HEAD = "head", "分管领导"
    LEADER = "leader", "领导"
    AUDITOR = "auditor", "审计"
    OPERATOR = "operator", "系统管理员"


class UserManager(BaseUserManager.from_queryset(ScopedQuerySet)):
    def create_user(self, username: str, password: str | None = None, *, name: str = "", **fields) -> "User":
        """An account with its person; without a password nobody can sign in to it."""
        if "person" not in fields and "person_id" not in fields:
            home = fields.get("home_division") or getattr(fields.get("home_unit"), "county", None)
            county = Division.objects.filter(pk=home.code[:6]).first() if home else None
            fields["person"] = Person.objects.create(name=name or username, county=county)
        user = self.model(username=username, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, username: str, password: str | None = None, **fields) -> "User":
        """`createsuperuser` makes an operator: accounts and settings, no verification, no assessment (AC-5). Raises
        ValidationError for a weak password, which the command says when it is not asked for on a terminal too (ID-3). It is
        logged like an account made by the page, with who ran the command (AU-1)."""
        from .. import audit  # which asks the models

        if password is not None:
            validate_password(password, self.model(username=username))
        with transaction.atomic():
            user = self.create_user(username, password, role=Role.OPERATOR, must_change_password=False, **fields)
            audit.record("建立账号", actor=None, subject=user, role=str(user.role), os_user=audit.os_user())
        return user


class User(HasSecondFactor, AbstractBaseUser):
    """账号. `home_division` (a county or a township) or `home_unit` bounds what the account sees."""

    username = models.CharField(
        "账号",
        max_length=60,
        unique=True,
        validators=[UnicodeUsernameValidator()],
        error_messages={"unique": "这个账号名已被使用"},
    )
    person = models.ForeignKey(Person, models.PROTECT, verbose_name="使用人", related_name="accounts")
    role = models.CharField("角色", max_length=10, choices=Role.choices)
    home_division = models.ForeignKey(
        Division, models.PROTECT, null=True, blank=True, verbose_name="所属县或乡镇", related_name="accounts"
    )
    home_unit = models.ForeignKey(
        MemberUnit, models.PROTECT, null=True, blank=True, verbose_name="所属单位", related_name="accounts"
    )
    is_active = models.BooleanField("启用", default=True)
    must_change_password = models.BooleanField("首次登录须改密码", default=True)
    password_changed_at = models.DateTimeField("密码修改时间", null=True, blank=True, editable=False)
    created_at = models.DateTimeField("建立时间", default=timezone.now, editable=False)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = []

    history = HistoricalRecords(excluded_fields=["password", "last_login", "second_factor_seed", "second_factor_step"])
    objects = UserManager()
    scope = Scope(Subject.ACCOUNT, place="home_division_id", unit="home_unit_id", county="home_unit__county_id")

    class Meta:
        verbose_name = verbose_name_plural = "账号"
        ordering = ["username"]
        constraints = [
            models.CheckConstraint(condition=Q(home_division=None) | Q(home_unit=None), name="user_has_one_home"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="user_role_known"),
            models.CheckConstraint(
                condition=~Q(role__in=["bureau", "centre", "leader", "auditor", "township"]) | Q(home_unit=None),
                name="user_home_fits_role",
            ),
            models.CheckConstraint(
                condition=~Q(role__in=["unit"]) | Q(home_division=None), name="user_of_a_unit_has_no_place"
            ),
            models.CheckConstraint(
                condition=Q(second_factor_seed="", second_factor_since=None, second_factor_step=0)
                | (~Q(second_factor_seed="") & Q(second_factor_since__isnull=False, second_factor_step__gt=0)),
                name="second_factor_whole_or_none",
            ),
            # Town-1 beside town-1 would only confuse whoever has to type one of them.
            models.UniqueConstraint(
                Lower("username"), name="username_once", violation_error_message="这个账号名已被使用"
            ),
        ]

    def __str__(self) -> str:
        return self.username

    def clean(self) -> None:
        super().clean()
        tier = self.home_division.tier if self.home_division else None
        county_roles = {Role.BUREAU, Role.CENTRE, Role.LEADER, Role.AUDITOR}
        if self.role in county_roles and tier != Tier.COUNTY:
            raise ValidationError({"home_division": "这个角色的账号应属于一个县"})
        if self.role == Role.TOWNSHIP and tier != Tier.TOWNSHIP:
            raise ValidationError({"home_division": "乡镇专干的账号应属于一个乡镇"})
        if self.role == Role.UNIT and not self.home_unit:
            raise ValidationError({"home_unit": "成员单位的账号应属于一个单位"})
        if self.role == Role.HEAD and not (self.home_unit or tier == Tier.TOWNSHIP):
            raise ValidationError({"home_unit": "分管领导的账号应属于一个单位或一个乡镇"})

    def save(self, *args, **kwargs) -> None:
        """Signing in is no change of the account: it stands in the audit log and leaves no history row."""
        if set(kwargs.get("update_fields") or ()) == {"last_login"}:
            self.skip_history_when_saving = True
        try:
            super().save(*args, **kwargs)
        finally:
            self.__dict__.pop("skip_history_when_saving", None)

    def set_password(self, raw_password: str | None) -> None:
        super().set_password(raw_password)
        self.password_changed_at = timezone.now()

    @property
    def standing(self) -> str:
        """Role and home in one word: what a one-time link is bound to, so that none outlives a move."""
        return f"{self.role}:{self.home_division_id or ''}:{self.home_unit_id or ''}"

    @property
    def may_sign_in(self) -> bool:
        """In use, and none of the demonstration's, whose passwords others know, where real work is done (ID-1)."""
        return self.is_active and (settings.DEMO or self.person.post != DEMONSTRATION)

    @transaction.atomic
    def suspend(self) -> None:
        """停用: nobody signs in any more, whoever is in is out, unused links end. Raises ValidationError when it is so
        already."""
        self._switch(False, "这个账号已经停用")
        self.password_links.revoke()
        self.sign_ins.all().end()

    @transaction.atomic
    def reactivate(self) -> None:
        """启用 again, with the password it had. Raises ValidationError when it is in use."""
        self._switch(True, "这个账号没有停用")

    def _switch(self, on: bool, already: str) -> None:
        """The one writer of `is_active`. The stored row is asked under a lock: of two at once, one is told."""
        if self.locked().is_active is on:
            raise ValidationError(already)
        self.is_active = on
        self.save(update_fields=["is_active"])

    def locked(self) -> "User":
        """The account as it is stored, kept from others until the transaction ends."""
        return User.objects.select_for_update(of=["self"]).select_related("person").get(pk=self.pk)

    def get_full_name(self) -> str:
        return self.person.name

    def get_short_name(self) -> str:
        return self.person.name

    @property
    def county_code(self) -> str:
        """The county in which the account works, or '' (operators, homeless accounts)."""
        if self.home_division_id:
            return self.home_division_id[:6]
        return self.home_unit.county_id if self.home_unit_id else ""

    @cached_property
    def _lineages(self) -> tuple[Lineage[int], Lineage[str]]:
        """The county's units and places over time; one query, kept as long as this account is."""
        return lineages_of(self.county_code)

    @cached_property
    def _home_unit(self) -> MemberUnit | None:
        """The unit that the account was made for: its home, its township's government, or for the county centre the
        department that 二(一)1 puts it under (县教育局)."""
        if self.home_unit_id:
            return self.home_unit
        if self.role in {Role.TOWNSHIP, Role.HEAD} and self.home_division_id:
            path = self._lineages[1].path(self.home_division_id, timezone.localdate())
            newest_first = MemberUnit.objects.order_by(models.F("established_on").desc(nulls_last=True), "-pk")
            units = newest_first.filter(division__in=path, kind=MemberUnit.Kind.TOWNSHIP)
            found = {unit.division_id: unit for unit in units}  # of each place the first; what followed is lineage
            return next((found[code] for code in path if code in found), None)
        if self.role == Role.CENTRE:
            return MemberUnit.objects.filter(county_id=self.county_code, code=EDUCATION_BUREAU).first()
        return None

    @cached_property
    def own_unit(self) -> MemberUnit | None:
        """The unit for which this account enters sessions: what stands today for the one that it was made for. Whoever
        belonged to a unit that was merged lands in its successor."""
        return self.unit_on(timezone.localdate())

    def unit_on(self, day: datetime.date | None) -> MemberUnit | None:
        """The unit that held the account's sessions on that day: before a merger the unit's former self."""
        home = self._home_unit
        if home is None:
            return None
        key = self._lineages[0].standing_on(home.pk, day or timezone.localdate())
        if key not in self._units_met:
            self._units_met[key] = home if key == home.pk else MemberUnit.objects.get(pk=key)
        return self._units_met[key]

    @cached_property
    def _units_met(self) -> dict[int, MemberUnit]:
        return {}

    @cached_property
    def own_unit_ids(self) -> list[int]:
        """The own unit and, once it has taken over from others, these."""
        return self._lineages[0].answering_for(self.own_unit.pk, timezone.localdate()) if self.own_unit else []

    @cached_property
    def own_place_codes(self) -> list[str]:
        """The code of the home's place as it is today and, once it has taken over from others, theirs. Counties stay."""
        if not self.home_division_id or len(self.home_division_id) == CODE_LENGTH[Tier.COUNTY]:
            return [self.home_division_id] if self.home_division_id else []
        places, today = self._lineages[1], timezone.localdate()
        return places.answering_for(places.standing_on(self.home_division_id, today), today)

    @property
    def home_place(self) -> str:
        """The code of the place where this account's things usually are, as it is today: its township or the county; ''
        without a home. Lists of places put it first."""
        if self.home_division_id:
            return self.own_place_codes[0]
        return self.own_unit.division_id if self.own_unit else ""

    @cached_property
    def places_moved(self) -> tuple[list[str], list[str]]:
        """Codes of former villages that have come into the own township from another one, and of those whose code is the own
        township's while what stands for them today lies in another one. No query."""
        if not self.own_place_codes or len(self.own_place_codes[0]) != CODE_LENGTH[Tier.TOWNSHIP]:
            return [], []
        places, today = self._lineages[1], timezone.localdate()
        own, come, gone = set(self.own_place_codes), [], []
        for code in places.ended_by(today):
            if len(code) != CODE_LENGTH[Tier.VILLAGE]:
                continue
            was, now = (at[: CODE_LENGTH[Tier.TOWNSHIP]] in own for at in (code, places.standing_on(code, today)))
            if was != now:
                (come if now else gone).append(code)
        return come, gone

    @property
    def home_name(self) -> str:
        home = self.home_unit if self.home_unit_id else self.home_division
        return str(home) if home else ""

    # Django's admin asks these; the answers come from the table of rights, never from stored permissions.
    @property
    def is_staff(self) -> bool:
        return can(self, Action.USE_ADMIN)

    @property
    def is_superuser(self) -> bool:
        return False

    def has_perm(self, perm: str, obj: object = None) -> bool:
        return False  # each admin class asks networks.access itself (fail closed)

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_staff

    @property
    def role_sentence(self) -> str:
        return ROLES[self.role].sentence
