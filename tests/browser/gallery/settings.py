from console.settings import *  # noqa: F403
from console.settings import BASE_DIR, TEMPLATES

ROOT_URLCONF = "tests.browser.gallery.urls"
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}  # nothing is ever in it
TEMPLATES = [
    {**TEMPLATES[0], "DIRS": [BASE_DIR / "templates", BASE_DIR / "tests/browser/gallery/templates"]},
]
