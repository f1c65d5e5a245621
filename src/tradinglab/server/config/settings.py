"""Django's settings. Nothing is decided here that :mod:`~tradinglab.server.config.environment` could say."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import tradinglab
from tradinglab.server.config.email import read_email_url
from tradinglab.server.config.environment import environment
from tradinglab.server.config.home import Home
from tradinglab.server.ops.logs import logging_settings

ENVIRONMENT = environment()
HOME = Home(ENVIRONMENT.home)
_PACKAGE = Path(__file__).resolve().parent.parent

DEBUG_TOOLBAR = "debug_toolbar.middleware.DebugToolbarMiddleware"
DEBUG = ENVIRONMENT.debug
SECRET_KEY = ENVIRONMENT.secret_key.get_secret_value() if ENVIRONMENT.secret_key else HOME.secret_key()
ALLOWED_HOSTS = ENVIRONMENT.hosts
CSRF_TRUSTED_ORIGINS = [each for each in (ENVIRONMENT.backend_url, ENVIRONMENT.frontend_url) if each]
CSRF_TRUSTED_ORIGINS += [each for each in ENVIRONMENT.front_ends if each not in CSRF_TRUSTED_ORIGINS]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_filters",
    "corsheaders",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "tradinglab.server.accounts",
    "tradinglab.server.strategies",
    "tradinglab.server.runs",
    "tradinglab.server.streams",
    "tradinglab.server.honesty",
    "tradinglab.server.backtests",
    "tradinglab.server.datasets",
    "tradinglab.server.data_jobs",
    "tradinglab.server.optimizations",
    "tradinglab.server.walk_forwards",
    "tradinglab.server.examinations",
    "tradinglab.server.live",
    "tradinglab.server.cloud",
    "tradinglab.server.cloud.live",
    "tradinglab.server.qcapi",
    "tradinglab.server.web",
    "tradinglab.server.ops",
]
MIDDLEWARE = [
    "tradinglab.server.ops.middleware.RequestIdMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "tradinglab.server.ops.static.StaticMiddleware",
    "tradinglab.server.ops.middleware.ContentSecurityPolicyMiddleware",
    "tradinglab.server.rest.middleware.ApiMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "tradinglab.server.web.failures.PageFailuresMiddleware",
]
CSRF_FAILURE_VIEW = "tradinglab.server.web.failures.form_refused"
if DEBUG and find_spec("debug_toolbar"):
    INSTALLED_APPS.append("debug_toolbar")
    MIDDLEWARE.insert(MIDDLEWARE.index("django.contrib.sessions.middleware.SessionMiddleware"), DEBUG_TOOLBAR)
    INTERNAL_IPS = ["127.0.0.1", "::1"]
CORS_ALLOWED_ORIGINS = ENVIRONMENT.front_ends
CORS_ALLOW_CREDENTIALS = True
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOW_HEADERS = (
    "accept", "authorization", "content-type", "idempotency-key", "if-match", "if-none-match", "last-event-id", "range",
    "x-csrftoken", "x-request-id",
)  # fmt: skip
CORS_EXPOSE_HEADERS = (
    "Content-Disposition", "Content-Range", "ETag", "Location", "RateLimit-Limit", "RateLimit-Policy",
    "RateLimit-Remaining", "RateLimit-Reset", "Retry-After", "X-Request-ID",
)  # fmt: skip
ROOT_URLCONF = "tradinglab.server.config.urls"
ASGI_APPLICATION = "tradinglab.server.config.asgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
            ]
        },
    }
]

_postgres = ENVIRONMENT.postgres()
DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "CONN_HEALTH_CHECKS": True,
        "CONN_MAX_AGE": 600,
        "OPTIONS": {"connect_timeout": "10"},
        **_postgres,
    }
    if _postgres
    else {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": HOME.database,
        "CONN_MAX_AGE": 600,
        # With Django's defaults half of concurrent writers fail with "database is locked".
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "tradinglab.server.ops.cache.PatientRedisCache",
        "LOCATION": ENVIRONMENT.redis_url,
        "OPTIONS": {"socket_connect_timeout": 0.5, "socket_timeout": 0.5},
    }
    if ENVIRONMENT.redis_url
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = 3600
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = ENVIRONMENT.is_https
SECURE_SSL_REDIRECT = ENVIRONMENT.is_https
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENVIRONMENT.is_https else None
SECURE_HSTS_SECONDS = 31_536_000 if ENVIRONMENT.is_https else 0
# Whether the domain's other names are reached by https alone is for who owns the domain to say.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
# Who looks after the process asks it directly, not through the proxy that speaks https.
SECURE_REDIRECT_EXEMPT = ["^health/", "^metrics$"]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

_email = read_email_url(ENVIRONMENT.email_url.get_secret_value() if ENVIRONMENT.email_url else f"file://{HOME.mail}")
EMAIL_BACKEND = f"django.core.mail.backends.{_email.backend}.EmailBackend"
EMAIL_FILE_PATH = _email.folder
EMAIL_HOST, EMAIL_PORT = _email.host, _email.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _email.user, _email.password
EMAIL_USE_TLS, EMAIL_USE_SSL = _email.is_starttls, _email.is_tls
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = ENVIRONMENT.email_from

# Tokens for front ends. The key is not SECRET_KEY itself: what signs them signs nothing else.
SIMPLE_JWT: dict[str, Any] = {
    "ALGORITHM": "HS256",
    "SIGNING_KEY": hashlib.sha256(f"tradinglab tokens {SECRET_KEY}".encode()).hexdigest(),
    "ISSUER": "tradinglab",
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=10),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=14),
}

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False
STATIC_URL = "static/"
STATIC_ROOT = HOME.static if HOME.static.is_dir() else None
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 0 if DEBUG else 3600
WHITENOISE_ALLOW_ALL_ORIGINS = False
APPEND_SLASH = False

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "tradinglab.server.accounts.authentication.ApiKeyAuthentication",
        "tradinglab.server.accounts.authentication.TokenAuthentication",
        "tradinglab.server.accounts.authentication.PageSessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["tradinglab.server.accounts.permissions.HasScope"],
    "DEFAULT_PARSER_CLASSES": ["tradinglab.server.rest.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PAGINATION_CLASS": "tradinglab.server.rest.pages.Pages",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "tradinglab.server.rest.schema.Schema",
    "DEFAULT_THROTTLE_CLASSES": ["tradinglab.server.rest.throttling.Throttle"],
    "NUM_PROXIES": ENVIRONMENT.proxies,
    "EXCEPTION_HANDLER": "tradinglab.server.rest.problems.problem_response",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "TradingLab",
    "DESCRIPTION": "Strategies, their versions, and backtests.",
    "VERSION": tradinglab.__version__,
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "displayRequestDuration": True, "validatorUrl": None},
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "RunStateEnum": "tradinglab.server.runs.models.RunState",
        "DifferenceKindEnum": "tradinglab.server.backtests.differences.DifferenceKind",
        "FigureEnum": "tradinglab.server.backtests.figures.FIGURES",
        "ParityCauseEnum": ["none", "data", "fill_price", "fee", "timing", "missing_order"],
        "SearchDirectionEnum": ["max", "min"],
        "TradeSideEnum": ["long", "short"],
        "CloudStepEnum": "tradinglab.server.cloud.models.Step",
        "TemplateKindEnum": ["code", "rules"],
        "DoctorFindingEnum": "tradinglab.server.examinations.api.serializers.FINDING_CODES",
        "JitterFigureEnum": "tradinglab.server.examinations.api.serializers.JITTERED",
        "JitterMethodEnum": ["simulation", "runs"],
        "DataChangeKindEnum": ["bars", "factors", "gone"],
        "InstrumentKindEnum": "tradinglab.server.datasets.models.Instrument.Kind",
        "RoleEnum": "tradinglab.server.accounts.models.Role",
        "GradeEnum": ["A", "B", "C", "D", "F"],
        "MethodEnum": "tradinglab.server.optimizations.models.Optimization.Method",
        "SecurityTypeEnum": "tradinglab.server.datasets.api.serializers.SECURITY_TYPES",
        "ResolutionEnum": "tradinglab.server.datasets.api.serializers.RESOLUTIONS",
        "TickTypeEnum": "tradinglab.server.datasets.api.serializers.TICK_TYPES",
        "FileSecurityTypeEnum": "tradinglab.server.data_jobs.api.import_serializers.KINDS",
        "FileTickTypeEnum": "tradinglab.server.data_jobs.api.import_serializers.BAR_TICKS",
        "SourceSecurityTypeEnum": "tradinglab.data.sources.asking.TYPES",
        "SourceResolutionEnum": "tradinglab.data.sources.asking.RESOLUTIONS",
        "ExaminationKindEnum": "tradinglab.server.examinations.models.Examination.Kind",
    },
}

#: What carries out the runs of a kind; see :class:`tradinglab.server.runs.kinds.RunKind`.
RUN_KINDS = {
    "backtest": "tradinglab.server.backtests.carrying_out.BacktestKind",
    "verification": "tradinglab.server.backtests.carrying_out.VerificationKind",
    "doctor": "tradinglab.server.examinations.carrying_out.DoctorKind",
    "stress": "tradinglab.server.examinations.carrying_out.StressKind",
    "jitter": "tradinglab.server.examinations.jittering.JitterKind",
    "compile": "tradinglab.server.qcapi.compiles.CompileKind",
    "trial": "tradinglab.server.qcapi.trials.TrialKind",
    "preflight": "tradinglab.server.datasets.preflights.PreflightKind",
    "simulation": "tradinglab.server.optimizations.simulating.SimulationKind",
    "data_download": "tradinglab.server.data_jobs.downloading.DownloadKind",
    "data_import": "tradinglab.server.data_jobs.importing.ImportKind",
    "daily_returns": "tradinglab.server.optimizations.returns.ReturnsKind",
}
#: Runs that consist of others, and what moves one on.
RUN_COORDINATORS = {
    "optimization": "tradinglab.server.optimizations.coordinating.optimization_advance",
    "data_job": "tradinglab.server.data_jobs.coordinating.data_job_advance",
    "walk_forward": "tradinglab.server.walk_forwards.coordinating.walk_forward_advance",
    "quantconnect_backtest": "tradinglab.server.cloud.polling.cloud_advance",
    "quantconnect_optimization": "tradinglab.server.cloud.polling.search_advance",
}
#: What workers look after beside runs, now and then: a function without arguments that returns soon.
LOOKED_AFTER = ["tradinglab.server.cloud.live.polling.deployments_advance"]
#: What looks at a request for a backtest that is run elsewhere; see :mod:`tradinglab.server.backtests.engines`.
BACKTEST_ENGINES = {"quantconnect": "tradinglab.server.cloud.requests.request_check"}
#: The same for optimizations.
OPTIMIZATION_ENGINES = {"quantconnect": "tradinglab.server.cloud.searches.requests.search_check"}
#: What adds a section to a backtest's report: a function of the backtest and the report, which returns the report.
REPORT_SECTIONS = [
    "tradinglab.server.examinations.reports.report_with_diagnosis",
    "tradinglab.server.examinations.reports.report_with_jitter",
]
#: A run that is lost so often has itself to blame.
RUN_MOST_ATTEMPTS = 3

LOGGING = logging_settings(ENVIRONMENT)
