"""Settings of the project in a fixed order; what differs between sites comes from the environment.

Sections: site, apps, requests, database, cache and channel layer, accounts, text and time,
files, mail, security, realtime, hooks, logging. The assistant's are in settings_assistant.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from collab.environment import database, env, env_bool, env_int, env_list, kept_key
from collab.settings_assistant import *  # noqa: F403

BASE_DIR = Path(__file__).resolve().parent.parent

# Site

DATA_DIR = Path(env("COLLAB_DATA_DIR", str(BASE_DIR / "var"))).absolute()
DEBUG = env_bool("DEBUG", False)
SITE_NAME = env("SITE_NAME", "Collab")
SITE_URL = env("SITE_URL", "http://127.0.0.1:8000").rstrip("/")
_site = urlsplit(SITE_URL)
HTTPS = _site.scheme == "https"
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", f"{_site.hostname},localhost,127.0.0.1")
ALLOWED_ORIGINS = env_list("ALLOWED_ORIGINS", SITE_URL)
"""Origins besides the request's own that may open a socket, as scheme://host[:port]."""

SECRET_KEY = env("SECRET_KEY") or kept_key(DATA_DIR / "secret_key")
SECRET_KEY_FALLBACKS = env_list("SECRET_KEY_FALLBACKS")
"""Keys of before, newest first: what they signed and sealed still holds."""

# Apps

INSTALLED_APPS = [
    "daphne",
    "collab",
    "api",
    "assistant",
    "dashboard",
    "integrations",
    "editor",
    "chat",
    "accounts",
    "realtime",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.usersessions",
    "channels",
    "csp",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Requests

ROOT_URLCONF = "collab.urls"
ASGI_APPLICATION = "collab.asgi.application"
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "collab.middleware.StaticFilesMiddleware",
    "api.middleware.NoCookies",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "accounts.middleware.PersonMiddleware",
]
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.context_processors.site",
            ],
        },
    }
]
TRUSTED_PROXIES = env_int("TRUSTED_PROXIES", 0)
"""How many proxies in front of us may be believed about the client's address."""

# Database

DATABASES = {"default": database(env("DATABASE_URL", f"sqlite:///{quote(str(DATA_DIR))}/collab.sqlite3"))}

# Cache and channel layer

REDIS_URL = env("REDIS_URL")
CHANNEL_LAYERS: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        # redis-py's own socket time-out would close every idle subscription.
        "CONFIG": {"hosts": [{"address": REDIS_URL, "socket_timeout": None}], "prefix": env("REDIS_PREFIX", "collab")},
    }
    if REDIS_URL
    else {"BACKEND": "channels.layers.InMemoryChannelLayer"}
}
CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "realtime.cache.SteadyCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": env("REDIS_PREFIX", "collab"),
        "OPTIONS": {"socket_timeout": 0.5, "socket_connect_timeout": 0.5},
    }
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

# Accounts

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
SIGNUP = env("SIGNUP", "open")
"""open: anybody may sign up; invite: only with an invite link."""
if SIGNUP not in {"open", "invite"}:
    raise ImproperlyConfigured(f"SIGNUP must be open or invite, not {SIGNUP!r}")
MFA_REQUIRED = env("MFA_REQUIRED")
"""Who must set up a second factor before the rooms open: staff, all, or nobody when empty."""
if MFA_REQUIRED not in {"", "staff", "all"}:
    raise ImproperlyConfigured(f"MFA_REQUIRED must be staff, all or empty, not {MFA_REQUIRED!r}")
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "account_login"
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["username", "display_name", "email"]},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "username*", "password1*"]
ACCOUNT_FORMS = {
    "login": "accounts.forms.SignInForm",
    "signup": "accounts.forms.SignUpForm",
    "add_email": "accounts.forms.AddEmailForm",
    "change_password": "accounts.forms.ChangePasswordForm",
    "set_password": "accounts.forms.SetPasswordForm",
    "reset_password": "accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "accounts.forms.ResetPasswordKeyForm",
    "reauthenticate": "accounts.forms.ReauthenticateForm",
}
ACCOUNT_EMAIL_VERIFICATION = env("EMAIL_VERIFICATION", "mandatory" if env("EMAIL_HOST") else "optional")
"""mandatory: sign-in waits for the confirmed address, and sign-up does not tell whether an address is known;
optional: the default while mail only goes to the console."""
if ACCOUNT_EMAIL_VERIFICATION not in {"mandatory", "optional", "none"}:
    raise ImproperlyConfigured(
        f"EMAIL_VERIFICATION must be mandatory, optional or none, not {ACCOUNT_EMAIL_VERIFICATION!r}"
    )
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_PRESERVE_USERNAME_CASING = False
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = f"[{SITE_NAME}] "
ACCOUNT_DEFAULT_HTTP_PROTOCOL = _site.scheme
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_SESSION_REMEMBER = None
"""None: the sign-in page asks."""
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
ACCOUNT_RATE_LIMITS = {"login": "30/m/ip", "login_failed": "10/m/ip,5/300s/key", "signup": "20/m/ip"}
MFA_ADAPTER = "accounts.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_FORMS = {
    "authenticate": "accounts.forms.SecondStepForm",
    "reauthenticate": "accounts.forms.SecondStepAgainForm",
    "activate_totp": "accounts.forms.ActivateForm",
    "add_webauthn": "accounts.forms.AddPasskeyForm",
    "edit_webauthn": "accounts.forms.RenamePasskeyForm",
    "login_webauthn": "accounts.forms.PasskeySignInForm",
    "authenticate_webauthn": "accounts.forms.PasskeyStepForm",
    "reauthenticate_webauthn": "accounts.forms.PasskeyAgainForm",
}
MFA_RATE_LIMITS = {"webauthn_login": "30/m/ip"}
"""Asking for a challenge counts as well, so an honest attempt counts twice."""
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_PASSKEY_SIGNUP_ENABLED = False
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_ISSUER = SITE_NAME
MFA_TOTP_TOLERANCE = 1
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS
MFA_ALLOW_UNVERIFIED_EMAIL = ACCOUNT_EMAIL_VERIFICATION != "mandatory"
USERSESSIONS_ADAPTER = "accounts.adapters.DeviceAdapter"
USERSESSIONS_TRACK_ACTIVITY = False
"""accounts.middleware keeps the device list instead: allauth's own would write a row for every request."""

# Text and time

LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# Files

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "frontend" / "dist"]
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": env("FILE_STORAGE", "django.core.files.storage.FileSystemStorage")},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if env_bool("STATIC_MANIFEST", False)
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = not env_bool("STATIC_MANIFEST", False)
MEDIA_ROOT = DATA_DIR / "media"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
REQUEST_BODY_BYTES = 33_554_432
"""What any request may carry, files included; uploads to rooms have bounds of their own."""
UPLOAD_BYTES_MOST = env_int("UPLOAD_BYTES_MOST", 100_000_000)
UPLOAD_IMAGE_BYTES = env_int("UPLOAD_IMAGE_BYTES", 25_000_000)
UPLOAD_PERSON_BYTES = env_int("UPLOAD_PERSON_BYTES", 5_000_000_000)
UPLOAD_ROOM_BYTES = env_int("UPLOAD_ROOM_BYTES", 50_000_000_000)
"""A file, a picture, all files of a person, all files of a room."""
UPLOAD_SPOOL_DIR = env("UPLOAD_SPOOL_DIR", str(DATA_DIR / "uploads"))
"""Where an upload lies until it is whole; best on the disk of MEDIA_ROOT, so that it is moved and not copied."""
X_ACCEL_PREFIX = env("X_ACCEL_PREFIX")
"""Where nginx finds MEDIA_ROOT (an `internal` location such as /media/); empty: we send files ourselves."""

# Mail

DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", f"{SITE_NAME} <collab@{_site.hostname}>")
EMAIL_HOST = env("EMAIL_HOST")
EMAIL_PORT = env_int("EMAIL_PORT", 587)
EMAIL_HOST_USER = env("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = env_bool("EMAIL_USE_TLS", True)
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'console'}.EmailBackend"

MENTION_MAILS = env_bool("MENTION_MAILS", bool(EMAIL_HOST))
"""Whether people away are written to about mentions that they missed; by default where mail goes anywhere."""
MENTION_MAIL_AFTER_MINUTES = env_int("MENTION_MAIL_AFTER_MINUTES", 10)
MENTION_MAIL_EVERY_MINUTES = env_int("MENTION_MAIL_EVERY_MINUTES", 60)
"""Between two such letters to one person; what comes meanwhile stands in the next."""

# Security

CSRF_TRUSTED_ORIGINS = ALLOWED_ORIGINS
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = env_bool("HSTS_SUBDOMAINS", False)
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
"""Whether every subdomain speaks https is the operator's to know: HSTS_SUBDOMAINS=1 says so."""
SECURE_SSL_REDIRECT = HTTPS and env_bool("SSL_REDIRECT", True)
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        # The editor puts a sheet of its own into the page; the meta tag csp-nonce holds the nonce for it.
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:", "blob:"],
        "media-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "require-trusted-types-for": ["'script'"],
        "trusted-types": ["collab"],
    }
}

# Realtime

REALTIME_POLL_SECONDS = 5
"""How often a process asks for the heads of the topics it follows: the most that a dead bell can cost."""
REALTIME_SWEEP_SECONDS = 30
"""How often sessions are checked behind open sockets."""
REALTIME_READ_THREADS = env_int("REALTIME_READ_THREADS", 4)
REALTIME_WRITE_THREADS = env_int("REALTIME_WRITE_THREADS", 8)
"""Threads that run services on PostgreSQL; on SQLite one writer commits them in groups."""
REALTIME_STALLED_SECONDS = 60
WEBSOCKET_CLASS = env("WEBSOCKET_CLASS", "lean")
EVENT_RETENTION_DAYS = env_int("EVENT_RETENTION_DAYS", 30)
MESSAGE_RETENTION_DAYS = env_int("MESSAGE_RETENTION_DAYS", 0)
"""How long messages are kept in rooms without a retention of their own; 0: for ever."""
if MESSAGE_RETENTION_DAYS < 0:
    raise ImproperlyConfigured("MESSAGE_RETENTION_DAYS cannot be negative; 0 keeps messages for ever")

API_READS_PER_SECOND = env_int("API_READS_PER_SECOND", 20)
API_WRITES_PER_SECOND = env_int("API_WRITES_PER_SECOND", 5)
"""What one token may ask of the HTTP API on and on, and six times as much at once; 0: as much as it likes."""
API_NUMBERS_PER_SECOND = env_int("API_NUMBERS_PER_SECOND", 200)
"""What one person may push to boards on and on, and twenty times as much at once; 0: as much as they like."""
METRICS_TOKEN = env("METRICS_TOKEN")
"""Who asks for /metrics must know it; empty: there is no /metrics."""
OUTBOUND_ALLOW = env_list("OUTBOUND_ALLOW")
OUTBOUND_PORTS = env_list("OUTBOUND_PORTS", "80,443,8000-8999")
"""Where feeds, webhooks and bridges may connect to: the public internet on these ports, and what is allowed besides."""
SOCKET_GATES = ["accounts.gates.refuse_banned", "accounts.gates.require_second_factor"]
"""Dotted paths `gate(user, session) -> Refused | None` asked before a socket opens."""
REALTIME_SERVICES = [
    "realtime.presence.sweeper",
    "chat.mailer.mailer",
    "chat.sweeper.sweeper",
    "chat.keeper.keeper",
    "api.keeper.keeper",
    "accounts.teller.teller",
    "chat.teller.teller",
    "editor.services.searching.keeper",
    "assistant.keeper.keeper",
    "integrations.runner.runner",
    "integrations.bridge.runner.runner",
    "dashboard.recorder.recorder",
    "dashboard.poller.poller",
    "dashboard.caller.caller",
]
REALTIME_PROCESS_TASKS = ["dashboard.flusher.flush_forever"]
"""Async functions that every process runs for itself, also where START_SERVICES=0."""
REALTIME_START_SERVICES = env_bool("START_SERVICES", True)
"""0: this process only serves; `manage.py run_services` runs the services elsewhere."""

# Hooks

PRESENCE_HOOK = "chat.presence.announce"
"""Called with user_id and state when somebody comes, falls idle or goes."""
PERSON_HOOK = "chat.services.people.announce"
"""Called with user_id, inside the transaction, when somebody's name, picture or kind changes."""
PERSON_GONE_HOOKS = ["chat.services.withdrawal.withdraw", "assistant.services.withdrawal.forget_person"]
PERSON_GONE_HOOKS += ["dashboard.services.withdrawal.forget_person"]
RESEAL_HOOKS = ["integrations.services.sealing.reseal"]
PERSON_WORDS_HOOK = "chat.services.withdrawal.remove_messages"
"""Called in the transaction that deletes an account; and before, to delete what the person said."""
SLASH_COMMANDS = [f"chat.services.slash.{name}" for name in ("saying", "people", "reminding")]
SLASH_COMMANDS += ["editor.slash", "assistant.slash", "dashboard.slash", "integrations.slash"]
"""Modules with what one may type after a slash; each has a list COMMANDS (see chat.services.slash)."""
MESSAGE_POSTED_HOOKS: list[str] = [
    "editor.listeners.bind_message",
    "assistant.listeners.answer",
    "integrations.listeners.queue_message",
]
MESSAGE_POSTED_HOOKS += ["dashboard.listeners.count_message", "dashboard.listeners.acknowledge_alert"]
"""Dotted paths called with each stored message after its commit."""
MESSAGES_GONE_HOOKS = ["assistant.services.withdrawal.forget_answers", "dashboard.services.charts.forget_charts"]
MESSAGES_GONE_HOOKS += ["integrations.services.posts.forget_props"]
"""Called with the ids of messages inside the transaction that deletes them."""
BRIDGED_EDIT_HOOK = "integrations.services.bridges.amending.check_edit"
"""Called with actor and message_id before somebody changes what they wrote elsewhere; raises Refused."""
SEARCH_DOCUMENTS = "editor.selectors.searching.find_documents"
"""The function that searches documents for chat.selectors.search; empty: none are searched."""
DASHBOARD_SOURCES = [("assistant-use", "Assistant use", ["site", "room"], "assistant.selectors.boards.use")]
"""Tables of apps beside the dashboard: name, title, scopes (site, room), function `(room_id=) -> (columns, rows)`."""
DASHBOARD_GAUGES = ["assistant.selectors.busy.figures", "integrations.selectors.bridges.figures"]
"""Functions that answer series of the site with their values now, asked every five seconds by one process of all."""
ASSISTANT_METRICS = "dashboard.selectors.telling.tell_figures"
"""The function that answers the assistant's questions about figures (see assistant.tools.reading); empty: none does."""

# Logging

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env("LOG_LEVEL", "INFO")},
    # The provider's client: what people said is no matter for a log, whatever its level, nor is each request.
    "loggers": {"openai": {"level": "INFO"}, "httpx2": {"level": "WARNING"}},
}
