"""Every setting comes from the environment; the README lists them.

Without `DATABASE_URL` and `REDIS_URL` the embedded servers of `manage.py up` are used: their
addresses and the generated secrets are read from the folder `COMMONWEIGHT_VAR`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from registry.config.api import REST_FRAMEWORK as REST_FRAMEWORK
from registry.config.api import SPECTACULAR_SETTINGS as SPECTACULAR_SETTINGS
from registry.config.dashboard import UNFOLD as UNFOLD
from registry.config.environment import Environment
from registry.config.logs import logging_config
from registry.config.sign_in import sign_in_settings
from registry.servers.layout import APP_ROLE, Layout

env = Environment()

BASE_DIR = Path(__file__).resolve().parents[2]
VAR = Path(env.str("COMMONWEIGHT_VAR", default=str(BASE_DIR / "var"))).resolve()
_embedded = Layout(VAR)
EMBEDDED = not env.str("DATABASE_URL", default="")
DEBUG = env.flag("DEBUG")

# --- addresses -----------------------------------------------------------------------------
# SITE_URL is also the Hub endpoint (HF_ENDPOINT): no trailing slash.
SITE_URL = env.site("SITE_URL", default=_embedded.site_url() or "http://127.0.0.1:8000")
CONTENT_HOST = env.host("CONTENT_HOST")
_site_host = urlsplit(SITE_URL).hostname or "127.0.0.1"
ALLOWED_HOSTS = env.hosts(
    "ALLOWED_HOSTS",
    default=sorted({_site_host, "127.0.0.1", "localhost", "[::1]"} | ({CONTENT_HOST} - {""})),
)
_https = SITE_URL.startswith("https://")
CSRF_TRUSTED_ORIGINS = [SITE_URL]
if _https:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# --- secrets -------------------------------------------------------------------------------
_REFUSED_SECRETS = {"", "secret", "changeme", "change-me", "insecure"}


def _secret_key() -> str:
    given: str = env.str("SECRET_KEY", default="")
    if given.lower() not in _REFUSED_SECRETS and len(given) >= 32:
        return given
    if given or not EMBEDDED:
        raise ImproperlyConfigured(
            "SECRET_KEY is missing, too short or a known default. Set it to 50 random characters, "
            "for example: python -c 'import secrets; print(secrets.token_urlsafe(50))'"
        )
    return _embedded.secret("secret_key")


SECRET_KEY = _secret_key()
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
# Digests of the names of erased people last longer than any other key.
RETIRED_NAMES_KEY = env.str("RETIRED_NAMES_KEY", default="") or (
    _embedded.secret("retired_names_key") if EMBEDDED else SECRET_KEY
)
# Hub tokens are sealed with the public half by any process and opened with the private half,
# which `up` gives to the publish worker alone (registry/services/sealing.py).
HUB_TOKEN_PUBLIC_KEY = env.str("HUB_TOKEN_PUBLIC_KEY", default="")
HUB_TOKEN_PRIVATE_KEY = env.str("HUB_TOKEN_PRIVATE_KEY", default="")
if EMBEDDED and not HUB_TOKEN_PUBLIC_KEY:
    HUB_TOKEN_PUBLIC_KEY = _embedded.hub_token_public_key()

# --- database and broker -------------------------------------------------------------------
_database = env.db_url_config(
    env.str("DATABASE_URL", default="")
    or _embedded.database_url(env.str("DATABASE_ROLE", default=APP_ROLE))
)
if _database["ENGINE"] != "django.db.backends.postgresql":
    raise ImproperlyConfigured(
        "DATABASE_URL must be postgres://…: Commonweight uses PostgreSQL only."
    )
_database["OPTIONS"] = _database.get("OPTIONS", {})
# What a connection has asked often is parsed and planned no more.
if env.flag("DATABASE_PREPARED", default=True):
    _database["OPTIONS"] |= {"server_side_binding": True, "prepare_threshold": 5}
# Only web processes hold a pool: a command or a worker uses one connection at a time.
if env.flag("DATABASE_POOL"):
    _database["OPTIONS"]["pool"] = {
        "min_size": 1,
        "max_size": env.whole("DATABASE_POOL_SIZE", default=8, least=1),
        "timeout": 5,
    }
else:
    _database["CONN_MAX_AGE"] = env.whole("DATABASE_CONN_MAX_AGE", default=60)
# A restarted database costs one round trip, not an error.
_database["CONN_HEALTH_CHECKS"] = True
DATABASES = {"default": _database}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default="") or _embedded.redis_url()
if not REDIS_URL.startswith(("redis://", "rediss://")):
    raise ImproperlyConfigured("REDIS_URL must be redis://… or rediss://….")
# Counters of rate limits, and nothing that may not be lost.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "cache",
    }
}

# --- mail ----------------------------------------------------------------------------------
# smtp://user:password@host:587/?tls=true; by default mails are written to the log.
vars().update(env.mail_server("EMAIL_URL", default="consolemail://"))
# A server that does not answer must not hold a worker.
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("EMAIL_FROM", default=f"commonweight@{_site_host}")

# --- stored bytes --------------------------------------------------------------------------
STORAGE_ROOT = Path(env.str("STORAGE_ROOT", default=str(VAR / "storage")))


def _blob_storage() -> dict[str, Any]:
    bucket = env.str("S3_BUCKET", default="")
    if not bucket:
        return {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(STORAGE_ROOT)},
        }
    return {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": bucket,
            "endpoint_url": env.address("S3_ENDPOINT_URL", default="") or None,
            "region_name": env.str("S3_REGION", default="") or None,
            "access_key": env.str("S3_ACCESS_KEY_ID", default="") or None,
            "secret_key": env.str("S3_SECRET_ACCESS_KEY", default="") or None,
            "file_overwrite": True,
        },
    }


STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "blobs": _blob_storage(),
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# Files at least this large, and files of the kinds the Hub treats so, become LFS objects.
LFS_THRESHOLD_BYTES = env.whole("LFS_THRESHOLD_BYTES", default=10_000_000)
LFS_MULTIPART_THRESHOLD_BYTES = env.whole(
    "LFS_MULTIPART_THRESHOLD_BYTES", default=5_000_000_000, least=1
)
LFS_PART_BYTES = env.whole("LFS_PART_BYTES", default=100_000_000, least=1)
MAX_FILE_BYTES = env.whole("MAX_FILE_BYTES", default=50_000_000_000, least=1)
SIGNED_URL_SECONDS = env.whole("SIGNED_URL_SECONDS", default=900, least=1)
# Forms only. Commits and uploads are read as streams and never pass through this limit.
DATA_UPLOAD_MAX_MEMORY_SIZE = env.whole("DATA_UPLOAD_MAX_MEMORY_SIZE", default=5_000_000, least=1)
FILE_UPLOAD_HANDLERS = [
    "registry.web.uploads.BoundedForms",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# --- jobs ----------------------------------------------------------------------------------
ALLOW_UNSANDBOXED = env.flag("ALLOW_UNSANDBOXED")
# A run whose worker has not been heard of for so long goes back to the queue.
RUN_LEASE_SECONDS = env.whole("RUN_LEASE_SECONDS", default=30, least=1)
WORKER_HEARTBEAT_SECONDS = 15
# What one job may use. A warm sandbox has imported torch already and costs 0.5 GB each.
JOB_THREADS = env.whole("JOB_THREADS", default=1, least=1)
JOB_MEMORY_BYTES = env.whole("JOB_MEMORY_BYTES", default=4 * 2**30, least=1)
_by_memory = not env.str("WARM_SANDBOXES", default="")
WARM_SANDBOXES = None if _by_memory else env.whole("WARM_SANDBOXES", default=0)

# --- reviews -------------------------------------------------------------------------------
# A reviewer from an organisation of the contributor's has an interest in the contribution.
REVIEW_REFUSE_SAME_ORGANISATION = env.flag("REVIEW_REFUSE_SAME_ORGANISATION")
# By when a reviewer should decide, and a contributor answer. What is late is shown as late.
REVIEW_DUE_DAYS = env.whole("REVIEW_DUE_DAYS", default=3)
REVIEW_ANSWER_DAYS = env.whole("REVIEW_ANSWER_DAYS", default=14)
# No maintainer opens a track that asks for less; operators may.
TRACK_LEAST_KEYS = env.several(
    "TRACK_LEAST_KEYS", "licence", "privacy", "technical", default="licence,privacy"
)

# --- Django --------------------------------------------------------------------------------
INSTALLED_APPS = [
    "contributions",
    "registry",
    # Not its default configuration, which would replace the site of the dashboard.
    "unfold.apps.BasicAppConfig",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.github",
    "allauth.socialaccount.providers.gitlab",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.mfa",
    "allauth.usersessions",
    "pgtrigger",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "registry.config.dashboard.DashboardConfig",
    "django.contrib.postgres",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "registry.web.compression.CompressionMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "registry.web.security.SecurityHeadersMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "registry.web.sessions.LastSeenMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "contributions.web.notifications.bell",
            ],
        },
    }
]
ROOT_URLCONF = "registry.config.urls"
WSGI_APPLICATION = "registry.config.wsgi.application"
# The Hub protocol never ends a URL with a slash; a redirect would break POST, PUT and DELETE.
APPEND_SLASH = False
AUTH_USER_MODEL = "registry.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
AUTHENTICATION_BACKENDS = [
    "registry.web.adapters.AccountBackend",
    "django.contrib.auth.backends.ModelBackend",
]
# Who may make an account: open, invite (whoever holds an invitation), closed.
SIGNUP = env.choice("SIGNUP", "open", "invite", "closed", default="open")
vars().update(sign_in_settings(env, https=_https))

# Requests of one address, or of one person with all their tokens; empty: no limit.
API_RATE_ANONYMOUS = env.requests("API_RATE_ANONYMOUS", default="120/minute")
API_RATE_USER = env.requests("API_RATE_USER", default="600/minute")

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
USE_I18N = True
# Dates: British in English; other languages as Django has them.
FORMAT_MODULE_PATH = "registry.locale"
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
# Served from the packages' own folders: nothing to collect before the site can start.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
LOGGING_CONFIG = None
_log_level = env.choice(
    "LOG_LEVEL", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL", default="INFO"
)
LOGGING = logging_config(_log_level, sys.stderr.isatty())
