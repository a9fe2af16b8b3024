"""Who is signed in where, and the one-time links by which somebody sets a first or a forgotten password."""

import datetime
import re
import time

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Q
from django.http import HttpRequest
from django.utils import timezone

from ..access import Scope, ScopedQuerySet
from ..middleware import BY, CONFIRMED_AT, SIGNED_IN_AT, client_address
from ..tokens import digest_of, new_token

LINK_LASTS = datetime.timedelta(hours=24)


class SignInQuerySet(ScopedQuerySet):
    def open(self) -> "SignInQuerySet":
        """Those that still let somebody in: neither idle for too long nor past the absolute limit."""
        now = timezone.now()
        oldest = now - datetime.timedelta(seconds=settings.SESSION_ABSOLUTE_AGE)
        return self.filter(session__expire_date__gt=now, started_at__gt=oldest)

    def end(self) -> int:
        """Ends them, by deleting their sessions; returns how many. The next request of such a browser is a stranger's."""
        sessions = self.model._meta.get_field("session").related_model.objects
        keys = list(self.values_list("session_id", flat=True))
        sessions.filter(pk__in=keys).delete()
        return len(keys)


class SignIn(models.Model):
    """登录: one browser in which an account is signed in. The row goes with its session, by whatever road that ends."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, verbose_name="账号", related_name="sign_ins")
    session = models.OneToOneField(
        "sessions.Session", models.CASCADE, verbose_name="会话", related_name="sign_in", editable=False
    )
    started_at = models.DateTimeField("登录时间", default=timezone.now)
    address = models.GenericIPAddressField("地址", null=True, blank=True)
    device = models.CharField("设备", max_length=40, blank=True)
    factor = models.CharField("第二重验证", max_length=10, blank=True, default="", editable=False)  # 动态口令, 恢复码

    objects = SignInQuerySet.as_manager()
    scope = Scope(via="user")

    class Meta:
        verbose_name = verbose_name_plural = "登录"
        ordering = ["-started_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.user} {self.device}"

    @classmethod
    def begin(cls, request: HttpRequest, user: models.Model) -> "SignIn":
        """Called where a session has just been given to somebody (or a new key, after a change of password)."""
        if request.session.session_key is None:  # signed in over somebody else's session, which was thrown away
            request.session.create()
        request.session[CONFIRMED_AT] = time.time()
        since = request.session.get(SIGNED_IN_AT)
        started = datetime.datetime.fromtimestamp(since, datetime.UTC) if since else timezone.now()
        facts = {
            "user": user,
            "started_at": started,
            "address": client_address(request) or None,
            "device": device_words(request.headers.get("User-Agent", "")),
            "factor": request.session.get(BY, ""),
        }
        return cls.objects.update_or_create(session_id=request.session.session_key, defaults=facts)[0]

    @property
    def last_active_at(self) -> datetime.datetime:
        """Requests move the session's end (once a minute), so its end tells of the last request; nothing more is written."""
        return self.session.expire_date - datetime.timedelta(seconds=settings.SESSION_COOKIE_AGE)


_PLACES = [("iPhone|iPad", "苹果手机"), ("Android|HarmonyOS", "手机"), ("Windows|Macintosh|Linux|X11", "电脑")]
_BROWSERS = [
    ("MicroMessenger", "微信"),
    ("Edg", "Edge"),
    ("QIHU|360SE|360EE", "360"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
]


def device_words(user_agent: str) -> str:
    """手机 · 微信: what somebody recognises their own browser by. What the browser says of itself is hearsay, so only words of
    ours are kept of it."""
    found = [
        next((word for pattern, word in words if re.search(pattern, user_agent)), "") for words in (_PLACES, _BROWSERS)
    ]
    return " · ".join(filter(None, found)) or "其他设备"


class PasswordLinkQuerySet(ScopedQuerySet):
    def open(self) -> "PasswordLinkQuerySet":
        return self.filter(used_at=None, revoked_at=None, expires_at__gt=timezone.now())

    def revoke(self) -> int:
        """Unused links are worth nothing from now on."""
        return self.filter(used_at=None, revoked_at=None).update(revoked_at=timezone.now())

    def redeemable(self, token: str) -> "PasswordLink | None":
        """The link that this token opens, or None: unknown, used, revoked, expired, or its account may not sign in
        or has moved since. One query, whatever the answer."""
        found = self.open().select_related("user__person").filter(digest=digest_of(token)).first()
        return found if found and found.user.may_sign_in and found.bound_to == found.user.standing else None


class PasswordLink(models.Model):
    """一次性链接: within 24 hours, once, somebody sets the password of this account. Handed over in person by the bureau or the
    operator; only a digest of the token is kept. Bound to the role and home for which it was made (AC-3)."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, verbose_name="账号", related_name="password_links"
    )
    digest = models.CharField("令牌摘要", max_length=64, unique=True, editable=False)
    bound_to = models.CharField("签发时的角色和所属", max_length=60, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="签发人", related_name="+")
    created_at = models.DateTimeField("签发时间", default=timezone.now)
    expires_at = models.DateTimeField("有效至")
    used_at = models.DateTimeField("使用时间", null=True, blank=True)
    revoked_at = models.DateTimeField("作废时间", null=True, blank=True)

    objects = PasswordLinkQuerySet.as_manager()
    scope = Scope(via="user")

    class Meta:
        verbose_name = verbose_name_plural = "一次性链接"
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(used_at=None, revoked_at=None), name="one_unused_link_per_account"
            ),
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="link_ends_after_start"),
            models.CheckConstraint(condition=Q(used_at=None) | Q(revoked_at=None), name="link_used_or_revoked"),
            models.CheckConstraint(
                condition=Q(used_at=None) | Q(used_at__lt=F("expires_at")), name="link_used_in_time"
            ),
            models.CheckConstraint(condition=~Q(user=F("created_by")), name="link_made_by_another"),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.state}"

    @classmethod
    @transaction.atomic
    def issue(cls, user: models.Model, by: models.Model) -> tuple["PasswordLink", str]:
        """A new link and its token, which is nowhere else; older links of the account end. Raises ValidationError for an
        account that nobody may use."""
        user = user.locked()  # two links at once: one after the other, and the first one ends
        if not user.is_active:
            raise ValidationError("账号已停用，请先启用再生成链接")
        user.password_links.revoke()
        now = timezone.now()
        token = new_token()
        link = cls.objects.create(
            user=user,
            digest=digest_of(token),
            bound_to=user.standing,
            created_by=by,
            created_at=now,
            expires_at=now + LINK_LASTS,
        )
        return link, token

    @transaction.atomic
    def redeem(self, password: str) -> None:
        """Sets the password, once; every sign-in of the account ends. Raises ValidationError when somebody was quicker. The
        caller has asked `redeemable`, and has had the password checked."""
        self.user = self.user.locked()  # before the link, in the order in which `issue` and `suspend` take them
        # The row is claimed by the update itself, so of two at the same moment one finds nothing left.
        if not type(self).objects.open().filter(pk=self.pk).update(used_at=timezone.now()):
            raise ValidationError("这个链接刚刚已经用过")
        if not self.user.is_active or self.user.standing != self.bound_to:
            raise ValidationError("这个账号刚刚已停用或调整")
        self.user.set_password(password)
        self.user.must_change_password = False
        self.user.save(update_fields=["password", "password_changed_at", "must_change_password"])
        self.user.sign_ins.all().end()

    @property
    def state(self) -> str:
        if self.used_at:
            return "已使用"
        if self.revoked_at:
            return "已作废"
        return "已过期" if self.expires_at <= timezone.now() else "待使用"
