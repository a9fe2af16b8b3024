"""动态口令: the second factor of an account, and the recovery codes for whoever has lost the telephone (ID-4)."""

import base64
import re
import secrets
import time
import unicodedata

import pyotp
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from ..access import Scope, ScopedQuerySet
from ..tokens import digest_of, new_token

STEP = 30  # seconds that a code stands on the telephone
DRIFT = 1  # steps by which the telephone's clock may be wrong, either way
RECOVERY_CODES, RECOVERY_GROUPS = 8, 3  # 15 letters: 74 bits, which nobody guesses, so only a digest is kept
SEED_BYTES = 20


def new_seed() -> str:
    return secrets.token_hex(SEED_BYTES)


def secret_of(seed: str) -> str:
    """What the telephone is given. It is derived from the stored seed and SECRET_KEY and stored nowhere, so that a copy of the
    database alone gives nobody a code (docs/decisions, signing in with a second factor)."""
    derived = salted_hmac("networks.second-factor", seed, algorithm="sha256").digest()[:SEED_BYTES]
    return base64.b32encode(derived).decode("ascii")


def steps_of(seed: str, typed: str) -> list[int]:
    """The spans of time, among those of now, whose code this is; none for anything else."""
    code = re.sub(r"\s", "", unicodedata.normalize("NFKC", typed))
    if not (seed and code.isascii() and code.isdigit()):
        return []
    now, totp = int(time.time()) // STEP, pyotp.TOTP(secret_of(seed))
    return [
        step for step in range(now - DRIFT, now + DRIFT + 1) if constant_time_compare(totp.generate_otp(step), code)
    ]


class HasSecondFactor(models.Model):
    """Part of `User`. The fields stand in the account's own row: its sessions are bound to the seed (`get_session_auth_hash`),
    so that turning the second factor on, renewing or resetting it ends every sign-in with the next request, without a query."""

    second_factor_seed = models.CharField("动态口令的种子", max_length=40, blank=True, default="", editable=False)
    second_factor_since = models.DateTimeField("动态口令启用时间", null=True, blank=True)
    second_factor_step = models.BigIntegerField("最近用过的动态口令的时段", default=0, editable=False)

    class Meta:
        abstract = True

    @property
    def has_second_factor(self) -> bool:
        return bool(self.second_factor_seed)

    def get_session_auth_hash(self) -> str:
        bound = super().get_session_auth_hash()
        if not self.second_factor_seed:
            return bound
        return salted_hmac("networks.session", f"{bound}{self.second_factor_seed}", algorithm="sha256").hexdigest()

    @transaction.atomic
    def start_second_factor(self, seed: str, typed: str) -> list[str]:
        """启用 or, with a new seed, 换手机: only when the telephone has shown that it has the secret. Returns the recovery codes,
        which stand nowhere else; those of before end. Raises ValidationError for a wrong code."""
        steps = steps_of(seed, typed)
        if not steps:
            raise ValidationError("验证码不对：请等手机上出现下一个 6 位数字，再输一次；手机的时间要设为自动")
        self.locked()
        self.second_factor_seed, self.second_factor_since = seed, timezone.now()
        self.second_factor_step = max(steps)  # the code that confirmed is used up
        self._save_second_factor()
        self.sign_ins.all().end()
        return self.new_recovery_codes()

    @transaction.atomic
    def end_second_factor(self) -> None:
        """停用 by its owner or 重置 by somebody else. Raises ValidationError where there is none (any more)."""
        if not self.locked().second_factor_seed:
            raise ValidationError("这个账号没有启用动态口令")
        self.second_factor_seed, self.second_factor_since, self.second_factor_step = "", None, 0
        self._save_second_factor()
        self.recovery_codes.all().delete()
        self.sign_ins.all().end()

    def _save_second_factor(self) -> None:
        self.save(update_fields=["second_factor_seed", "second_factor_since", "second_factor_step"])

    @transaction.atomic
    def new_recovery_codes(self) -> list[str]:
        """Fresh ones instead of all that there were."""
        self.recovery_codes.all().delete()
        codes = [new_token(groups=RECOVERY_GROUPS) for _ in range(RECOVERY_CODES)]
        self.recovery_codes.bulk_create(RecoveryCode(user=self, digest=digest_of(code)) for code in codes)
        return codes

    def takes_code(self, typed: str) -> bool:
        """Whether this is a code of now; it is used up by asking. The row is claimed by the update itself, so of two at the same
        moment one is refused, and so is whoever looked over a shoulder."""
        rows = type(self).objects.filter(pk=self.pk, second_factor_seed=self.second_factor_seed)
        steps = steps_of(self.second_factor_seed, typed)
        return any(rows.filter(second_factor_step__lt=step).update(second_factor_step=step) for step in steps)

    def takes_recovery_code(self, typed: str) -> bool:
        """The same for a recovery code, each of which opens once."""
        if not self.second_factor_seed:
            return False
        found = self.recovery_codes.filter(digest=digest_of(typed), used_at=None)
        return bool(found.update(used_at=timezone.now()))


class RecoveryCode(models.Model):
    """恢复码: stands once for a code of the telephone. Only a digest is kept."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, verbose_name="账号", related_name="recovery_codes"
    )
    digest = models.CharField("恢复码摘要", max_length=64, editable=False)
    used_at = models.DateTimeField("使用时间", null=True, blank=True)

    objects = ScopedQuerySet.as_manager()
    scope = Scope(via="user")

    class Meta:
        verbose_name = verbose_name_plural = "恢复码"
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["user", "digest"], name="recovery_code_once")]

    def __str__(self) -> str:
        return f"{self.user} {'已使用' if self.used_at else '未使用'}"
