"""Django settings. Every value comes from the environment through ``env.py``; safe by default."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from accounts.oauth.company import sso_providers
from accounts.oauth.provider import Lifetimes, provider
from fleetmcp import databases, env
from fleetmcp.logs import logging_config

BASE_DIR = Path(__file__).resolve().parent.parent

SECRET_KEY = env.env_secret("SECRET_KEY")
if len(SECRET_KEY) < 32:
    raise env.BadSetting(
        "Set SECRET_KEY (or SECRET_KEY_FILE) to at least 32 random characters, for example "
        "the output of: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
    )
DEBUG = env.env_bool("DEBUG", False)

# Where clients reach us; hosts, origins and every printed address come from this one value.
PUBLIC_URL = env.public_url("PUBLIC_URL", "http://127.0.0.1:8892")
_PUBLIC = urlsplit(PUBLIC_URL)
_HOST = f"[{_PUBLIC.hostname}]" if ":" in str(_PUBLIC.hostname) else str(_PUBLIC.hostname)
ALLOWED_HOSTS = sorted({_HOST, "127.0.0.1", "localhost", "[::1]"})
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
# How many proxies of ours stand in front: that many entries at the end of X-Forwarded-For are ours.
TRUSTED_PROXIES = env.env_int("TRUSTED_PROXIES", 0, minimum=0, maximum=5)

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    # Before accounts, whose admin takes the toolkit's own pages away.
    "oauth2_provider",
    "accounts",
    "audit",
    "fleetmcp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "fleetmcp.middleware.PrivatePages",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "fleetmcp.middleware.TwoFactorRequired",
]

ROOT_URLCONF = "fleetmcp.urls"

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
                "fleetmcp.pages.server_name",
            ],
        },
    },
]

ANALYTICS_SESSION = databases.ANALYTICS_SESSION
_APP_URL = env.env_secret("APP_DATABASE_URL")
DATABASES = {
    # Tokens and audit: in a file unless APP_DATABASE_URL names PostgreSQL.
    "default": databases.postgres_app(_APP_URL)
    if _APP_URL
    else databases.sqlite_app(env.env_str("APP_DB_FILE", str(BASE_DIR / "fleetmcp.sqlite3"))),
    "analytics_ro": databases.analytics(env.env_secret("DATABASE_URL")),
}
DATABASE_ROUTERS = ["fleetmcp.routers.AnalyticsRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Shared by all processes and kept over restarts: what the limits on signing in are counted in.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "fleetmcp_cache",
        # When it is full a third is thrown away, which would let a flood wipe out the counts.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# In an incident a lead revokes every token at once, and each is a field of that form.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000

SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
_HTTPS = _PUBLIC.scheme == "https"
SESSION_COOKIE_SECURE = _HTTPS
CSRF_COOKIE_SECURE = _HTTPS
SESSION_COOKIE_HTTPONLY = True
SECURE_HSTS_SECONDS = 31_536_000 if _HTTPS else 0

# Nothing but our own files, nowhere: no inline script or style, not even in the admin.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
    }
}

# --- Signing in -----------------------------------------------------------------------------
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = LOGOUT_REDIRECT_URL = "landing"
# Ends with the browser, and after half a day in any case.
SESSION_COOKIE_AGE = 12 * 60 * 60
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = LOGOUT_REDIRECT_URL
# Failures by one name from one address, and by any names from one address.
ACCOUNT_RATE_LIMITS = {"login_failed": "5/5m/key,30/5m/ip", "login": "60/m/ip"}
# Who must have a second factor before the admin opens.
REQUIRE_TWO_FACTOR = env.env_choice("REQUIRE_TWO_FACTOR", "staff", ("staff", "never"))
MFA_ADAPTER = "accounts.adapters.TwoFactorAdapter"

TIME_ZONE = "UTC"
USE_I18N = False

STATIC_URL = "static/"
STATIC_ROOT = Path(env.env_str("STATIC_ROOT", str(BASE_DIR / "static")))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "fleetmcp.static_files.HashedFiles"},
}
# Without a collected folder (demo, tests) WhiteNoise serves each app's own files.
WHITENOISE_USE_FINDERS = not STATIC_ROOT.is_dir() or not any(STATIC_ROOT.iterdir())

LOG_LEVEL = env.env_choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"))
LOG_FORMAT = env.env_choice("LOG_FORMAT", "text", ("text", "json"))
LOGGING = logging_config(LOG_LEVEL, as_json=LOG_FORMAT == "json")

# --- The MCP server -------------------------------------------------------------------------
MCP_SERVER_NAME = env.env_str("MCP_SERVER_NAME", "fireside-analytics")
MFA_TOTP_ISSUER = MCP_SERVER_NAME
DJANGO_MCP_GET_SERVER_INSTRUCTIONS_TOOL = False

# --- Tokens ---------------------------------------------------------------------------------
TOKEN_LIFETIME_DAYS = env.env_int("TOKEN_LIFETIME_DAYS", 365, minimum=1, maximum=3650)

# --- The record -----------------------------------------------------------------------------
# Seconds between two looks at what can be sealed; 0: never, somebody else runs seal_audit.
AUDIT_SEAL_SECONDS = env.env_int("AUDIT_SEAL_SECONDS", 60, minimum=0, maximum=86_400)

# --- OAuth: connections of claude.ai, Claude Desktop and others -------------------------------
# Whose programs may connect; one that runs on the person's own computer always may.
OAUTH_CLIENT_HOSTS = [
    name.lower() for name in env.env_list("OAUTH_CLIENT_HOSTS", "claude.ai,claude.com")
]
# Clients may register themselves, or be known by a document on one of those hosts.
OAUTH_REGISTRATION = env.env_bool("OAUTH_REGISTRATION", True)
OAUTH_CLIENT_DOCUMENTS = env.env_bool("OAUTH_CLIENT_DOCUMENTS", True)
OAUTH_REGISTRATIONS_PER_HOUR = env.env_int(
    "OAUTH_REGISTRATIONS_PER_HOUR", 100, minimum=1, maximum=100_000
)
OAUTH_ACCESS_MINUTES = env.env_int("OAUTH_ACCESS_MINUTES", 60, minimum=15, maximum=1440)
# A connection dies when it rests that long, and in any case at its end.
OAUTH_REFRESH_DAYS = env.env_int("OAUTH_REFRESH_DAYS", 30, minimum=1, maximum=365)
OAUTH_CONNECTION_DAYS = env.env_int("OAUTH_CONNECTION_DAYS", 180, minimum=1, maximum=3650)
OAUTH2_PROVIDER_APPLICATION_MODEL = "accounts.Application"
OAUTH2_PROVIDER_GRANT_MODEL = "accounts.Grant"
OAUTH2_PROVIDER_ACCESS_TOKEN_MODEL = "accounts.AccessToken"  # noqa: S105  # a class, no token
OAUTH2_PROVIDER_REFRESH_TOKEN_MODEL = "accounts.RefreshToken"  # noqa: S105  # a class, no token
OAUTH2_PROVIDER_ID_TOKEN_MODEL = "accounts.IDToken"  # noqa: S105  # a class, no token
OAUTH2_PROVIDER = provider(
    PUBLIC_URL,
    OAUTH_CLIENT_HOSTS,
    Lifetimes(OAUTH_ACCESS_MINUTES * 60, OAUTH_REFRESH_DAYS * 86_400),
    registration=OAUTH_REGISTRATION,
    documents=OAUTH_CLIENT_DOCUMENTS,
)

# --- Signing in with the company's account (OpenID Connect: Google, Entra, others) -------------
SSO_OPENID_URL = env.env_str("SSO_OPENID_URL")
SSO_CLIENT_ID = env.env_str("SSO_CLIENT_ID")
SSO_CLIENT_SECRET = env.env_secret("SSO_CLIENT_SECRET")
SSO_NAME = env.env_str("SSO_NAME", "your company account")
SSO_EMAILS_ARE_VERIFIED = env.env_bool("SSO_EMAILS_ARE_VERIFIED", False)
if SSO_OPENID_URL and not (SSO_CLIENT_ID and SSO_CLIENT_SECRET):
    raise env.BadSetting("With SSO_OPENID_URL set SSO_CLIENT_ID and SSO_CLIENT_SECRET too.")
if SSO_OPENID_URL and not SSO_OPENID_URL.startswith("https://") and not DEBUG:
    raise env.BadSetting("SSO_OPENID_URL must start with https://.")
SOCIALACCOUNT_ADAPTER = "accounts.single_sign_on.SingleSignOnAdapter"
SOCIALACCOUNT_PROVIDERS = sso_providers(SSO_OPENID_URL, SSO_CLIENT_ID, SSO_CLIENT_SECRET, SSO_NAME)
SOCIALACCOUNT_OPENID_CONNECT_URL_PREFIX = ""
# A link, not a form: the page's policy lets forms send to ourselves only.
SOCIALACCOUNT_LOGIN_ON_GET = True

# --- The engine: what may be read, and how much of it ---------------------------------------
ANALYTICS_SCHEMAS = env.env_list("ANALYTICS_SCHEMAS", "reporting,tracksolid")
ANALYTICS_ALLOW_UNSAFE_ROLE = env.env_bool("ANALYTICS_ALLOW_UNSAFE_ROLE", False)
MCP_MAX_ROWS = env.env_int("MCP_MAX_ROWS", 10_000, minimum=1, maximum=1_000_000)
MCP_POOL_MAX = env.env_int("MCP_POOL_MAX", 8, minimum=2, maximum=100)
# Seconds that PostgreSQL gives one statement, and that a question may wait for a free connection.
MCP_STATEMENT_TIMEOUT = env.env_int("MCP_STATEMENT_TIMEOUT", 30, minimum=1, maximum=600)
MCP_QUEUE_TIMEOUT = env.env_int("MCP_QUEUE_TIMEOUT", 20, minimum=1, maximum=600)
# Characters that one cell may have before it is cut, and that a whole result may have.
MCP_MAX_CHARACTERS = env.env_int("MCP_MAX_CHARACTERS", 2_000_000, minimum=1000, maximum=50_000_000)
MCP_MAX_CELL = env.env_int("MCP_MAX_CELL", 10_000, minimum=100, maximum=1_000_000)

# --- Figures for Prometheus ------------------------------------------------------------------
# Who holds it reads /metrics from anywhere; without it only this host does.
METRICS_TOKEN = env.env_secret("METRICS_TOKEN")
METRICS_SHARED = bool(env.env_str("PROMETHEUS_MULTIPROC_DIR"))

# --- Traces for OpenTelemetry ----------------------------------------------------------------
# The SDK reads this and its other variables itself.
TRACING = bool(env.env_str("OTEL_EXPORTER_OTLP_ENDPOINT"))
