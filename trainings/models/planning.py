"""What becomes of a planned session: it is held, put off with reason and new day, or cancelled. TrainingSession mixes this in."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from django.utils import timezone

from .verbs import Refused

if TYPE_CHECKING:
    from networks.models import User

LAST_YEAR = 2099


class PlanVerbs:
    def hold(self, *, actor: User) -> None:
        """计划 → 草稿: the planned session took place and is being written up."""
        self._move("hold", actor=actor)

    def cancel(self, *, actor: User, reason: str) -> None:
        """计划 → 已取消."""
        if not reason.strip():
            raise Refused("请说明取消的原因")
        self._move("cancel", actor=actor, reason=reason)

    def postpone(
        self,
        *,
        actor: User,
        reason: str,
        held_on: datetime.date,
        start_time: datetime.time | None = None,
        end_time: datetime.time | None = None,
    ) -> None:
        """计划 → 计划 on another day, a class of several days with all of them; new clock times come as a pair, None keeps
        them. Raises Refused for a day that is over or for what is no change, Conflict when the row is no longer the one
        from which this was worked out."""
        if not reason.strip():
            raise Refused("请说明改期的原因")
        changes: dict[str, object] = {
            "held_on": held_on,
            "revised_by": actor,
        }  # as after any other change of the day (AC-5)
        if self.ends_on and self.held_on:
            changes["ends_on"] = self.ends_on + (held_on - self.held_on)
        if start_time or end_time:
            changes |= {"start_time": start_time, "end_time": end_time}
            if self.minutes == self.clock_minutes:
                changes["minutes"] = None  # derived anew from the new times
        self._move("postpone", actor=actor, reason=reason, seen_version=self.version, **changes)

    def _check_new_day(self, changes: dict) -> None:
        """Asked of the locked row, before anything is changed."""
        if all(
            getattr(self, name) == value for name, value in changes.items() if name not in {"minutes", "revised_by"}
        ):
            raise Refused("新的日期、时间和原来一样，没有改期")
        if changes["held_on"] < timezone.localdate():
            raise Refused("新的日期已经过去。已经举办的，请“转为草稿”再补填人次")
        if max(changes["held_on"], changes.get("ends_on") or changes["held_on"]).year > LAST_YEAR:
            raise Refused(f"年份应在 {LAST_YEAR} 年以前")
        start, end = changes.get("start_time", self.start_time), changes.get("end_time", self.end_time)
        if start and end and not self.ends_on and end < start:
            raise Refused("结束时间应晚于开始时间；下午请按 24 小时填，如 14:30")
