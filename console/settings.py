"""Everything that differs between two installations comes from the environment; the rest stands here."""

from pathlib import Path

from django.utils.csp import CSP
from psycopg.conninfo import conninfo_to_dict

from console import logs
from console.environment import Environment, Secrets

env = Environment.from_environ()
secrets = Secrets.from_environ()
DATABASE_URL = env.database_url

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = env.var_dir
DEBUG = False

SECRET_KEY = secrets.secret_key
MASTER_KEYS = secrets.master_keys
SIMULATOR_URL = env.simulator_url
ALLOWED_PRIVATE_NETWORKS = env.allowed_private_networks
CONSOLE_URL = env.console_url
GATEWAY_URL = env.gateway_url

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "rest_framework",
    "drf_spectacular",
    "console",
    "console.interface",
    "console.tenants",
    "console.audit",
    "console.outbox",
    "console.keys",
    "console.catalogue",
    "console.routers",
    "console.publishing",
    "console.playground",
    "console.reports",
    "console.whatif",
    "console.statements",
    "console.invoices",
    "console.alerts",
    "console.api",
    "billing",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "console.tenants.refusals.RefusalsAreRecorded",
]

ROOT_URLCONF = "console.urls"
ASGI_APPLICATION = "console.asgi.application"

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
            ],
            "builtins": [
                "console.interface.templatetags.figures",
                "console.interface.templatetags.interface",
                "console.interface.templatetags.parts",
            ],
        },
    },
]

# Database and Redis

_database = {key: str(value) for key, value in conninfo_to_dict(env.database_url).items()}

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _database.pop("dbname", "rungway"),
        "USER": _database.pop("user", ""),
        "PASSWORD": _database.pop("password", ""),
        "HOST": _database.pop("host", ""),
        "PORT": _database.pop("port", ""),
        "ATOMIC_REQUESTS": True,
        # Compiling a query takes longer than our queries do: they read sums, of many partitions.
        "OPTIONS": {
            "pool": {"min_size": 1, "max_size": 8, "timeout": 10},
            "options": "-c jit=off",
            **_database,
        },
    },
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LEDGER_DAYS = env.ledger_days  # how long the ledger keeps its lines; None: for good
REDIS_URL = env.redis_url
CACHES = {
    # Counts attempts to sign in and keeps used one-time codes, so it has to be shared by all processes.
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": env.redis_url,
        "KEY_PREFIX": "rungway:cache",
    }
}

# Sign-in

AUTH_USER_MODEL = "tenants.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_ADAPTER = "console.tenants.sign_in.InvitedOnly"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # members come by invitation, which proves the address
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_RATE_LIMITS = {"login_failed": "30/15m/ip,10/15m/key"}
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900  # seconds from signing in to what grants access
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_ADAPTER = "console.keys.second_factor.SealedSecrets"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
MAILERS = secrets.mailers
DEFAULT_FROM_EMAIL = env.email_from

# Browser security

SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "connect-src": [CSP.SELF],
    "font-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
}
ALLOWED_HOSTS = list(env.allowed_hosts)
CSRF_TRUSTED_ORIGINS = [env.console_url]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env.behind_tls
if env.behind_tls:  # bound to this very host: a browser refuses the prefix without TLS
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
CSRF_COOKIE_HTTPONLY = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.behind_tls else None
SECURE_HSTS_SECONDS = 31_536_000 if env.behind_tls else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# Static files: vendored, served by the console itself

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True

# REST: closed unless a view opens it

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Rungway",
    "DESCRIPTION": "Administration of routers, keys, models and budgets, and what they cost and saved.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "POSTPROCESSING_HOOKS": [],  # shapes come from msgspec, which names its enumerations itself
    "APPEND_COMPONENTS": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    "SERVE_INCLUDE_SCHEMA": False,
}

# Celery: JSON only, nothing returned, one static table of what runs when

CELERY_BROKER_URL = env.broker_url
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE = {
    "ledger": {"task": "billing.tasks.drain", "schedule": 1.0, "options": {"expires": 5}},
    "interrupted": {"task": "billing.tasks.reconcile", "schedule": 10.0, "options": {"expires": 30}},
    "budgets": {"task": "billing.tasks.keep_budgets", "schedule": 3.0, "options": {"expires": 5}},
    "all_budgets": {
        "task": "billing.tasks.keep_budgets",
        "kwargs": {"all_of_them": True},
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "missing": {"task": "billing.tasks.tell_gaps", "schedule": 10.0, "options": {"expires": 30}},
    "days": {"task": "billing.tasks.sum_days", "schedule": 60.0, "options": {"expires": 60}},
    "partitions": {"task": "billing.tasks.keep_partitions", "schedule": 3600.0, "options": {"expires": 3600}},
    "statistics": {"task": "billing.tasks.keep_statistics", "schedule": 3600.0, "options": {"expires": 3600}},
    "repeats": {"task": "billing.tasks.find_repeats", "schedule": 600.0, "options": {"expires": 600}},
    "books": {"task": "billing.tasks.check_the_books", "schedule": 3600.0, "options": {"expires": 3600}},
    "prices": {
        "task": "console.catalogue.tasks.refresh_prices",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "snapshots": {"task": "console.publishing.tasks.drain", "schedule": 1.0, "options": {"expires": 5}},
    "what_ifs": {"task": "console.whatif.tasks.sweep", "schedule": 30.0, "options": {"expires": 30}},
    "quality": {
        "task": "console.publishing.tasks.learn_quality",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "lengths": {
        "task": "console.publishing.tasks.learn_lengths",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "months": {
        "task": "console.statements.tasks.close_months",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "watch": {"task": "console.alerts.tasks.watch", "schedule": 300.0, "options": {"expires": 300}},
    "alerts": {"task": "console.alerts.tasks.deliver", "schedule": 10.0, "options": {"expires": 10}},
    "behind": {"task": "console.publishing.tasks.sweep", "schedule": 5.0, "options": {"expires": 5}},
}
CELERY_BEAT_SCHEDULER = (
    "celery.beat:Scheduler"  # in memory: nothing to corrupt, and no interval is over an hour
)

# Language, time, logs

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
LOGGING = logs.configuration(level=env.log_level, form=env.log_format)
