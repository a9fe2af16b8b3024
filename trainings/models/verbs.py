"""The words of a session's life: its states, the moves between them, and how a move is refused."""

from dataclasses import dataclass
from typing import NamedTuple

from django.db import models


class Status(models.TextChoices):
    PLANNED = "planned", "计划"
    DRAFT = "draft", "草稿"
    SUBMITTED = "submitted", "待审核"
    RETURNED = "returned", "退回修改"
    VERIFIED = "verified", "已核定"
    CANCELLED = "cancelled", "已取消"
    VOID = "void", "作废"


class Move(NamedTuple):
    label: str
    sources: frozenset[str]
    target: str


MOVES: dict[str, Move] = {
    "hold": Move("转为草稿", frozenset({Status.PLANNED}), Status.DRAFT),
    "postpone": Move("改期", frozenset({Status.PLANNED}), Status.PLANNED),
    "cancel": Move("取消", frozenset({Status.PLANNED}), Status.CANCELLED),
    "submit": Move("提交", frozenset({Status.DRAFT, Status.RETURNED}), Status.SUBMITTED),
    "withdraw": Move("撤回", frozenset({Status.SUBMITTED}), Status.DRAFT),
    "verify": Move("核定", frozenset({Status.SUBMITTED}), Status.VERIFIED),
    "send_back": Move("退回修改", frozenset({Status.SUBMITTED}), Status.RETURNED),
    "revoke": Move("撤销核定", frozenset({Status.VERIFIED}), Status.RETURNED),
    "void": Move("作废", frozenset({Status.DRAFT, Status.RETURNED}), Status.VOID),
    # A whole imported ledger is taken back; historical sessions arrived verified, so they leave from there.
    "undo_import": Move("撤销导入", frozenset({Status.DRAFT, Status.RETURNED, Status.VERIFIED}), Status.VOID),
}


class ReturnReason(models.TextChoices):
    FIGURE = "figure", "人次与佐证不符"
    EVIDENCE = "evidence", "缺少佐证材料或材料看不清"
    WHEN_WHERE = "when_where", "时间或地点不清楚"
    DUPLICATE = "duplicate", "与其他场次重复"
    ORGANISER = "organiser", "主办单位或归口有误"
    NOT_TRAINING = "not_training", "不属于社区教育培训"
    OTHER = "other", "其他（请说明）"


@dataclass(frozen=True)
class Missing:
    """Something that a session still needs: the form field it belongs to, and a sentence that says what to do."""

    field: str
    sentence: str


class Refused(Exception):
    """A verb that may not happen now, with the reasons as Chinese sentences."""

    def __init__(self, *reasons: str) -> None:
        super().__init__("；".join(reasons))
        self.reasons = list(reasons)


class Conflict(Exception):
    """Somebody saved the row after this person opened it; `stored` is the row as it is now."""

    def __init__(self, stored: models.Model) -> None:
        super().__init__("这条记录在您打开之后已被别人修改")
        self.stored = stored
