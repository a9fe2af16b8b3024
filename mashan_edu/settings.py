"""One settings file, driven by the environment (or .env). Unknown or unsafe combinations refuse to start.

Business defaults (the county's rules) are not here: a year's rules are fields of `AssessmentYear`.
"""

import shlex
import sys
from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
try:  # the real environment wins over the file; Notepad begins what it saves with a BOM
    environ.Env.read_env(BASE_DIR / ".env", encoding="utf-8-sig")
except UnicodeDecodeError:
    raise ImproperlyConfigured(f"{BASE_DIR / '.env'} 不是 UTF-8：请用记事本打开，另存为，编码选 UTF-8") from None
TESTING = "pytest" in sys.modules

# --- configuration of the installation -------------------------------------------------------------
DEBUG = env.bool("DEBUG", default=False)
DEMO = env.bool("DEMO", default=False)
HTTPS = env.bool("HTTPS", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
TRUSTED_PROXIES = env.list("TRUSTED_PROXIES", default=[])
SECRET_KEY = env("SECRET_KEY", default="tests only" if TESTING else "")
LEDGER_KEY = env("LEDGER_KEY", default="tests only" if TESTING else "")
# Acts of the ledger name the key that signed them. A key that had to be replaced moves here (comma-separated, newest first), so
# that what it signed can still be checked; nothing new is signed with it.
LEDGER_OLD_KEYS = env.list("LEDGER_OLD_KEYS", default=[])
DEMO_PASSWORD = env("DEMO_PASSWORD", default="")
PASSWORD_POLICY = env("PASSWORD_POLICY", default="dengbao")  # or asvs
# Bureau, operators and auditors sign in with a second factor. A demonstration is tried by people without a telephone at hand.
MFA_REQUIRED = env.bool("MFA_REQUIRED", default=not (DEMO or TESTING))
SITE_NAME = env("SITE_NAME", default="马山县社区教育管理平台")
SITE_OWNER = env("SITE_OWNER", default="")
ICP_NUMBER = env("ICP_NUMBER", default="")
LOCAL_HOSTS = {"127.0.0.1", "localhost", "[::1]", "testserver"}

if not SECRET_KEY:
    raise ImproperlyConfigured("SECRET_KEY 未设置：请先运行 python3 run.py setup，它会写好 .env")
if DEMO and not LOCAL_HOSTS.issuperset(ALLOWED_HOSTS):
    raise ImproperlyConfigured("DEMO 只能在本机使用：请关闭 DEMO，或把 ALLOWED_HOSTS 改为本机地址")
if DEBUG and not LOCAL_HOSTS.issuperset(ALLOWED_HOSTS):  # its error pages show settings, queries and what was sent
    raise ImproperlyConfigured("DEBUG 只能在本机使用：请关闭 DEBUG，或把 ALLOWED_HOSTS 改为本机地址")
if "*" in ALLOWED_HOSTS:  # one-time links are made of the Host that the visitor names
    raise ImproperlyConfigured("ALLOWED_HOSTS 不能写 *：请写明平台的域名")

# --- the application -------------------------------------------------------------------------------
INSTALLED_APPS = [
    "networks",
    "trainings",
    "reporting",
    "networks.site.MashanAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "crispy_forms",
    "crispy_bootstrap5",
    "django_htmx",
    "simple_history",
    "axes",
    "csp",
    "js_lib_bootstrap5",
]

MIDDLEWARE = [
    "networks.middleware.TrustedProxyMiddleware",
    "networks.compression.CompressTextMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "networks.middleware.ResponseHeadersMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "networks.middleware.RequestSizeMiddleware",  # before anything reads the body
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "networks.middleware.SessionLimitMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "networks.middleware.FirstThingsMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "networks.middleware.ButtonAddressMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "mashan_edu.urls"
WSGI_APPLICATION = "mashan_edu.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "networks.context.site",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
CRISPY_ALLOWED_TEMPLATE_PACKS = CRISPY_TEMPLATE_PACK = "bootstrap5"

# --- database --------------------------------------------------------------------------------------
DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{BASE_DIR / 'db.sqlite3'}")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # Measured on the county rush: the defaults lose writes under concurrency, these lose none.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        # What was deleted is overwritten in the file; only some builds of SQLite do so by themselves (PI-4).
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
        " PRAGMA secure_delete=ON;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    # As long as on SQLite: who waits for somebody's transaction that never ends is told so, and holds no thread for ever. Our
    # queries are short: to translate one into machine code takes up to 700 ms where it runs for 30, and to try all orders of
    # the ten tables that a list names, 12 ms where it runs for one; Django joins what narrows the rows first.
    quick = "-c lock_timeout=30s -c jit=off -c join_collapse_limit=4"
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("options", quick)
if DATABASES["default"]["ENGINE"] not in {"django.db.backends.sqlite3", "django.db.backends.postgresql"}:
    raise ImproperlyConfigured("DATABASE_URL 只支持 SQLite（sqlite:///…）和 PostgreSQL（postgres://…）")
if DATABASES["default"].get("ATOMIC_REQUESTS"):
    # On SQLite a transaction per request holds the only write lock while pages are drawn; ours are short and explicit.
    raise ImproperlyConfigured("DATABASE_URL 不能带 ATOMIC_REQUESTS：事务由各操作自己界定")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# The cache holds the counts of networks/limits.py and nothing else. With Django's 300 entries a county's telephones would
# push each other's counts out, and a machine its own.
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 50_000}},
}

# --- language and time: one language, so no LocaleMiddleware (an English browser gets Chinese too) ---
LANGUAGE_CODE = "zh-hans"
TIME_ZONE = "Asia/Shanghai"
USE_I18N = True
USE_TZ = True

# --- accounts and sign-in --------------------------------------------------------------------------
AUTH_USER_MODEL = "networks.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "networks.backends.AccountBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
# Two tested policies (ID-3): 等保 8.1.4.1 a asks for kinds of characters and expiry, ASVS 6.2.5 and 6.2.10 for neither, but for length.
_POLICIES = {  # name: the policy's own rule, days after which a password expires (0: never)
    "dengbao": ("networks.passwords.LengthAndKinds", 365),
    "asvs": ("networks.passwords.LengthAlone", 0),
}
if PASSWORD_POLICY not in _POLICIES:
    raise ImproperlyConfigured(f"PASSWORD_POLICY 只能是 {' 或 '.join(_POLICIES)}，现在是 {PASSWORD_POLICY}")
_own_rule, _expires = _POLICIES[PASSWORD_POLICY]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": name}
    for name in (
        _own_rule,
        "networks.passwords.NotAboutTheAccount",
        "networks.passwords.NotGuessable",
        "django.contrib.auth.password_validation.CommonPasswordValidator",
    )
]
PASSWORD_EXPIRES_AFTER_DAYS = env.int(
    "PASSWORD_EXPIRES_AFTER_DAYS", default=_expires
)  # not asked for in the demonstration
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "desk"
LOGOUT_REDIRECT_URL = "login"
SESSION_ENGINE = "networks.browser_sessions"
SESSION_COOKIE_AGE = 30 * 60  # seconds, sliding: 等保 8.1.4.1 b
SESSION_SAVE_EVERY_REQUEST = True
SESSION_ABSOLUTE_AGE = 12 * 60 * 60  # seconds since sign-in, whatever happens in between
STEP_UP_LASTS = 5 * 60  # seconds after the password was typed during which it is not asked for again (ID-4)
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]  # a stranger elsewhere cannot lock a victim out
AXES_USERNAME_CALLABLE = "networks.guessing.attempt_key"  # what was typed is kept as a digest only
AXES_CLIENT_IP_CALLABLE = "networks.limits.household_of"  # of IPv6 the network: a telephone has all of it
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_CALLABLE = "networks.views.entering.locked_out"
AXES_DISABLE_ACCESS_LOG = True  # sign-ins stand in our own audit log
AXES_ENABLE_ADMIN = False  # its log is read through our own audit log
AXES_VERBOSE = False

# --- headers (WB-1) --------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "networks.views.errors.csrf_failure"
if HTTPS:
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$"]  # a monitor on the same machine asks without TLS
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-sessionid"
    CSRF_COOKIE_NAME = "__Host-csrftoken"

# --- files -----------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = None  # no collectstatic: whitenoise serves the files from where the wheels and static/ keep them
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = Path(env("MEDIA_ROOT", default=str(BASE_DIR / "media")))
STORAGES = {
    "default": {"BACKEND": "networks.models.attachments.PrivateStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
MEDIA_URL = ""  # nothing uploaded has a public path; files are served by id after a scope check
# Backups belong on another disk, and copied to another machine; the folder beside manage.py is better than none.
BACKUP_DIR = Path(env("BACKUP_DIR", default="") or BASE_DIR / "backups")
BACKUP_KEY = env("BACKUP_KEY", default="")  # backups are encrypted with it (docs/decisions); in none of them
SCAN_COMMAND = shlex.split(env("SCAN_COMMAND", default=""))  # virus scanner of uploads; none by default
FILE_UPLOAD_PERMISSIONS = 0o640
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024  # bytes; larger uploads go to a temporary file
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024  # bytes of a request body without its files
MOST_REQUEST_BYTES = 420 * 1024 * 1024  # of one request with its files: twenty files of 20 MiB
MOST_STRANGER_BYTES = 1024 * 1024  # of one request without account, where the page does not say otherwise
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000  # the rehearsal grid sends many cells
WHITENOISE_USE_FINDERS = True  # no collectstatic step between a fresh clone and a page

# --- history and logs ------------------------------------------------------------------------------
SIMPLE_HISTORY_HISTORY_CHANGE_REASON_USE_TEXT_FIELD = True
SYSLOG_ADDRESS = env("SYSLOG_ADDRESS", default="")
_LINE = "%(asctime)s %(levelname)s %(name)s %(message)s"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"one_line": {"()": "networks.logs.OneLine"}},
    "formatters": {
        "plain": {"()": "networks.logs.Plain", "format": _LINE},
        "shipped": {"()": "networks.logs.Shipped", "format": _LINE},
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "plain", "filters": ["one_line"]},
    },
    "root": {"handlers": ["console"], "level": "WARNING"},
    # The audit log is the database's; its lines go to a log server if there is one, and never to the console.
    "loggers": {"axes": {"level": "ERROR"}, "mashan.audit": {"handlers": [], "level": "CRITICAL", "propagate": False}},
}
if SYSLOG_ADDRESS:
    LOGGING["handlers"]["syslog"] = {
        "class": "networks.logs.Syslog",
        "where": SYSLOG_ADDRESS,
        "formatter": "shipped",
        "filters": ["one_line"],
    }
    LOGGING["root"]["handlers"].append("syslog")
    LOGGING["loggers"]["mashan.audit"] |= {"handlers": ["syslog"], "level": "INFO"}
if TESTING:
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # argon2 is slow on purpose
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"  # no process talks to another machine, by mail neither
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SILENCED_SYSTEM_CHECKS = []
