"""What a unit writes into its session: entering, revising, correcting, confirming. The state stays as it is; the verbs
that change it are in session.py, which mixes this in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import CharField, TextField
from django.utils import timezone

from networks import audit
from networks.access import Action, can, units_to_enter_for
from networks.names import has_id_number, match_key
from networks.wording import has_personal_number

from .. import years
from .announcements import Announcement, SignUp
from .parts import AudienceCount, CoOrganiser
from .verbs import Conflict, Refused, Status
from .vocabulary import Audience

if TYPE_CHECKING:
    from django.http import HttpRequest

    from networks.models import MemberUnit, User

    from .session import TrainingSession
    from .session_rows import TrainingSessionQuerySet

LONGEST_LIST = 300  # characters of audience_text and co_organiser_text


def protected_name_in(text: str, protected: Iterable[str]) -> str:
    """The first of the protected names (`Audience.objects.protected_names()`) that the text contains, or ''."""
    key = match_key(text)
    return next((name for name in protected if match_key(name) in key), "")


def protected_names_in(texts: list[str]) -> list[str]:
    """For each text `protected_name_in` it, with today's list (see networks/wording.py). One query."""
    protected = Audience.objects.protected_names()
    return [protected_name_in(text, protected) for text in texts]


def audience_words(counts: Iterable[tuple[Audience, int | None]]) -> str:
    """青少年120、学生家长90: the audiences as one text."""
    return "、".join(f"{audience.name}{number or ''}" for audience, number in counts)


def co_organiser_words(names: Iterable[tuple[MemberUnit | None, str]]) -> str:
    return "、".join(name for _, name in names)


def each_once(names: list[tuple[MemberUnit | None, str]]) -> list[tuple[MemberUnit | None, str]]:
    """The co-organisers without those named before: a unit under whatever name, another body by its name."""
    found = {}
    for unit, name in names:
        found.setdefault(unit.pk if unit else name, (unit, name))
    return list(found.values())


def _refuse_source(actor: User, source: str, stored: str = "") -> None:
    """代录来源 is named by whoever enters on a unit's behalf; nobody else changes what is stored."""
    if can(actor, Action.ENTER_ON_BEHALF):
        if not source:
            raise Refused("代单位登记时，请选择代录来源")
    elif source != stored:
        raise Refused("只有领导小组办公室代单位登记时才写代录来源")


class EntryVerbs:
    """Mixed into TrainingSession."""

    # Texts that leave the circle of those who see the session (sheets, notices, public pages). Remarks and the audience
    # itself are shown only together with the session, so they may say whom it was for.
    PUBLIC_TEXTS = ("title", "venue", "organiser_written", "co_organiser_text", "instructors")

    # Words, which the bureau may mend without being kept from verifying; whoever rewrites anything else is.
    WORDING = frozenset({"title", "theme", "place", "outside_county", "venue"})

    REVISABLE = frozenset({Status.PLANNED, Status.DRAFT, Status.RETURNED})

    @classmethod
    def enter(
        cls,
        *,
        actor: User,
        changes: dict,
        audiences: list[tuple[Audience, int | None]],
        co_organisers: list[tuple[MemberUnit | None, str]],
    ) -> TrainingSession:
        """Stores a new session: a draft, or a plan while its day lies ahead. The bureau enters on a unit's behalf and
        names its source (代录来源). `changes` maps field names to values. Raises PermissionDenied, Refused."""
        session = cls(entered_by=actor, **changes)
        co_organisers = each_once(co_organisers)
        if not units_to_enter_for(actor).filter(pk=session.organiser_id).exists():
            raise PermissionDenied("只能登记本单位的培训场次")
        _refuse_source(actor, session.on_behalf_source)
        session._begin()
        with transaction.atomic():
            session._history_user = actor
            session._change_reason = (
                f"代录（{session.get_on_behalf_source_display()}）" if session.on_behalf_source else "登记"
            )
            session.set_audiences(audiences)
            session.set_co_organisers(co_organisers)
            session.save()
            session._store_parts(audiences, co_organisers)
        return session

    def revise(
        self,
        *,
        actor: User,
        seen_version: int,
        changes: dict,
        audiences: list[tuple[Audience, int | None]] | None = None,
        co_organisers: list[tuple[MemberUnit | None, str]] | None = None,
        reason: str = "修改",
    ) -> None:
        """The unit rewrites its draft or returned session. `changes` maps field names to values; `audiences` is a list of
        (Audience, number or None), `co_organisers` one of (MemberUnit or None, name as written). Raises Conflict when the
        row has moved on since `seen_version`."""
        self._edit(actor, seen_version, self.REVISABLE, changes, audiences, co_organisers, reason)

    def correct_wording(self, *, actor: User, seen_version: int, changes: dict) -> None:
        """The bureau mends the wording of name, theme and place "经电话核实"; figures stay what the unit reported, and it
        does not bar the corrector from verifying."""
        if not can(actor, Action.REVIEW):
            raise PermissionDenied("只有领导小组办公室的账号可以更正文字")
        if not set(changes) <= self.WORDING:
            raise Refused("这里只能更正名称、主题和地点的文字，数字请退回单位修改")
        self._edit(
            actor,
            seen_version,
            {Status.SUBMITTED, Status.VERIFIED},
            changes,
            None,
            None,
            "文字更正（经电话核实）",
        )

    def confirm_entry(self, *, actor: User) -> None:
        """The unit confirms what the bureau entered on its behalf (确认代录). Saying so twice changes nothing."""
        with transaction.atomic():
            row = self.locked_row()
            own = can(actor, Action.ENTER) and type(self).objects.editable_by(actor).filter(pk=self.pk).exists()
            if not own:
                raise PermissionDenied("代录的场次由责任单位的工作人员确认")
            if not row.on_behalf_source:
                raise Refused("这一场次不是代录的，不需要确认")
            if row.unit_confirmed_at is None:
                row._take_over_from_bureau(actor)
                row._history_user, row._change_reason = actor, "确认代录"
                row.save()
        self._take_over(row)

    def confirm_as_co_organiser(self, *, actor: User, request: HttpRequest | None = None) -> None:
        """A co-organising unit confirms that it took part (确认协办), which a year may credit. Saying so twice changes
        nothing; a locked year stays as it was."""
        with transaction.atomic():
            row = self.locked_row()
            visible = type(self).objects.visible_to(actor).filter(pk=self.pk).exists()
            own = actor.own_unit_ids if can(actor, Action.ENTER) and visible else []
            parts = list(row.co_organisers.filter(unit__in=own).select_related("unit"))
            part = next((part for part in parts if part.confirmed_at is None), parts[0] if parts else None)
            if part is None:
                raise PermissionDenied("只有协办单位的工作人员可以确认协办")
            row.refuse_locked_year()
            if part.confirmed_at is None:
                part.confirmed_at = timezone.now()
                part.save(update_fields=["confirmed_at"])
                audit.record("确认协办", actor=actor, subject=row, request=request, unit=part.unit.code)

    # --- what hangs on the session -----------------------------------------------------------------

    def set_audiences(self, counts: list[tuple[Audience, int | None]]) -> None:
        """Replaces the audience counts and their text (青少年120、学生家长90); the caller saves the session. Refuses a
        group that is counted by heads only, or minors, while there is evidence that such a session may not show."""
        text = audience_words(counts)
        if len(text) > LONGEST_LIST:
            raise Refused("培训对象选得太多，请只选主要的几类")
        if self.pk:
            self._refuse_evidence_beyond(max((audience.sensitivity for audience, _ in counts), default=0))
            if any(audience.sensitivity for audience, _ in counts) and self.roster.exists():
                raise Refused(
                    "所选培训对象不建名册，这一场已有名册。请先在名册页面删去全部人员，再改培训对象；签到人次另行填报"
                )
            if any(audience.sensitivity for audience, _ in counts) and self._has_sign_ups():
                raise Refused(
                    "这一场已有居民在网上报名，所选培训对象不留姓名：请先在“居民报名”页面清空报名，再改培训对象"
                )
            self.refuse_locked_year(hold=False)  # the caller's save asks again, and holds the year
            self.audience_counts.all().delete()
            AudienceCount.objects.bulk_create(AudienceCount(session=self, audience=a, number=n) for a, n in counts)
        self.audience_text = text

    def _has_sign_ups(self) -> bool:
        return SignUp.objects.filter(announcement__session=self.pk).exists()

    def set_co_organisers(self, names: list[tuple[MemberUnit | None, str]]) -> None:
        """Replaces the co-organisers and their text; a confirmation already given by a unit is kept, and a unit
        named twice counts once."""
        names = each_once(names)
        text = co_organiser_words(names)
        if len(text) > LONGEST_LIST:
            raise Refused("协办单位太多，请只填主要的几家")
        if self.pk:
            self.refuse_locked_year(hold=False)
            confirmed = dict(self.co_organisers.exclude(confirmed_at=None).values_list("unit_id", "confirmed_at"))
            self.co_organisers.all().delete()
            CoOrganiser.objects.bulk_create(
                CoOrganiser(session=self, unit=unit, name=name, confirmed_at=confirmed.get(unit.pk) if unit else None)
                for unit, name in names
            )
        self.co_organiser_text = text

    def refuse_protected_names(self, protected: list[str] | None = None) -> None:
        """Refuses a public text that names a group of Audience sensitivity 2 (PI-2). One query, none if the names
        are given."""
        texts = [(self._meta.get_field(field), getattr(self, field)) for field in self.PUBLIC_TEXTS]
        if not any(text for _, text in texts):
            return
        protected = Audience.objects.protected_names() if protected is None else protected
        for field, text in texts:
            name = protected_name_in(text, protected)
            if name:
                raise Refused(
                    f"{field.verbose_name}里不能出现“{name}”。请改用不指明人群的说法（如“普法教育专场”“职业技能培训班”），"
                    "人群在“培训对象”里选择，只报人次"
                )

    def texts(self) -> dict[str, str]:
        """{field: what somebody wrote}, all that is free to hold anything."""
        fields = [field for field in self._meta.concrete_fields if isinstance(field, CharField | TextField)]
        return {field.name: getattr(self, field.name) for field in fields if not field.choices and not field.unique}

    def refuse_id_numbers(self, stored: TrainingSession | None = None) -> None:
        """Refuses the number of an identity card in any text (PI-4) that is not `stored` like that already: what came in before
        this rule must not keep a reviewer from sending it back. The sentence does not repeat it. Asks no database."""
        before = stored.texts() if stored else {}
        for name, text in self.texts().items():
            if text != before.get(name) and has_id_number(text):
                raise Refused(f"{self._meta.get_field(name).verbose_name}里写了身份证号：系统不登记身份证号，请删去")

    def personal_number_in_public(self) -> bool:
        """Whether what residents read of a public session holds a mobile telephone's or an identity card's number."""
        texts = (self.title, self.venue, self.organiser_written)
        return any(map(has_personal_number, texts))

    def refuse_numbers_residents_read(self) -> None:
        """Asked of what was changed after it was made public, or after its door was opened, too. Queries only where there is
        such a number."""
        if self.pk and self.personal_number_in_public():
            public = Announcement.objects.filter(session=self.pk, is_public=True).exists()
            if public or type(self).objects.filter(pk=self.pk, scan_sheet__isnull=False).exists():
                raise Refused(
                    "这一场居民看得到，名称、地点和主办单位里不写个人手机号码和身份证号；咨询电话请填在“公开和报名”里"
                )

    def refuse_locked_year(self, *, hold: bool = True) -> None:
        """Refuses when the session's year is locked; `hold` (inside a transaction) keeps it from being locked meanwhile."""
        if self.held_on and years.rules_of(self.organiser.county_id, self.held_on.year, hold=hold).locked:
            raise Refused(f"{self.held_on.year}年度已锁定定案，这一年的场次不能再改动")

    def locked_row(self) -> TrainingSession:
        """The row as the database holds it now, nobody else's to change until the transaction ends."""
        return self._rows_to_lock().get(pk=self.pk)

    # --- inside ------------------------------------------------------------------------------------

    @classmethod
    def _rows_to_lock(cls) -> TrainingSessionQuerySet:
        return cls.objects.select_for_update(of=("self",)).select_related("organiser")

    def _take_over(self, row: TrainingSession) -> None:
        """This object becomes what has just been stored."""
        passing = {"_history_user", "_change_reason", "_moving"}
        self.__dict__.update({k: v for k, v in row.__dict__.items() if k not in passing})

    def _take_over_from_bureau(self, actor: User) -> None:
        """A unit's officer who does anything with what the bureau entered on its behalf makes it the unit's own: that
        confirms the entry, and the bureau can no longer change it. The caller saves."""
        if self.on_behalf_source and self.unit_confirmed_at is None and can(actor, Action.ENTER):
            self.unit_confirmed_at = timezone.now()

    def _refuse_evidence_beyond(self, level: int) -> None:
        """Refuses audiences of a higher sensitivity than it has while there is evidence that such a session may not show; what it
        has from before stays, and so does the line of a file that has gone."""
        kept = self.evidence.model.kinds_at(level)
        more = level > self.sensitivity()
        shown = [item for item in self.evidence.all() if item.kind not in kept and not item.purged_on] if more else []
        if shown:
            kinds = "、".join(dict.fromkeys(item.get_kind_display() for item in shown))
            counted = level == Audience.Sensitivity.HEADCOUNT_ONLY
            why, instead = (
                ("只报人次", "通知、课件、总结") if counted else ("有未成年人，不留姓名", "照片、通知、课件、总结")
            )
            raise Refused(
                f"所选培训对象{why}，不能留有{kinds}。请先在场次页面删除这 {len(shown)} 份材料，再改培训对象；"
                f"{instead}可以作为佐证"
            )

    def _store_parts(self, audiences, co_organisers) -> None:
        """Rows of a session that has just got its key; their texts were stored with it."""
        AudienceCount.objects.bulk_create(AudienceCount(session=self, audience=a, number=n) for a, n in audiences)
        CoOrganiser.objects.bulk_create(CoOrganiser(session=self, unit=u, name=n) for u, n in co_organisers)

    def _edit(self, actor, seen_version, states, changes, audiences, co_organisers, reason) -> None:
        with transaction.atomic():
            row = self.locked_row()
            visible = type(self).objects.visible_to(actor) if can(actor, Action.REVIEW) else None
            rows = visible if Status.SUBMITTED in states else type(self).objects.editable_by(actor)
            if not rows.filter(pk=self.pk).exists():
                raise PermissionDenied("只有登记单位的工作人员可以修改这一场次")
            if row.version != seen_version:
                raise Conflict(row)
            if row.status not in states:
                raise Refused(f"这一场次现在是“{row.get_status_display()}”，不能修改")
            if "organiser" in changes and not units_to_enter_for(actor).filter(pk=changes["organiser"].pk).exists():
                raise PermissionDenied("只能登记本单位的培训场次")
            if "on_behalf_source" in changes:
                _refuse_source(actor, changes["on_behalf_source"], row.on_behalf_source)
            if states is self.REVISABLE:
                row._take_over_from_bureau(actor)
            decisive = [*sorted(set(changes) - self.WORDING), "audience_text", "co_organiser_text"]
            before = row._values(decisive)
            if {"start_time", "end_time", "held_on", "ends_on"} & set(changes) and "minutes" not in changes:
                row.minutes = None  # derived anew from the new times
            for name, value in changes.items():
                setattr(row, name, value)
            if audiences is not None:
                row.set_audiences(audiences)
            if co_organisers is not None:
                row.set_co_organisers(co_organisers)
            if states is self.REVISABLE and row._values(decisive) != before:
                row.revised_by = (
                    actor  # and may not verify it any more: the history keeps who it was, whoever comes after
                )
            row._history_user, row._change_reason = actor, reason
            row.save()
        self._take_over(row)

    def _values(self, names: Iterable[str]) -> list:
        return [getattr(self, self._meta.get_field(name).attname) for name in names]
