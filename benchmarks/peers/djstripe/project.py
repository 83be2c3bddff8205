# mypy: ignore-errors
"""A Django project with dj-stripe and nothing else, served by gunicorn as ``project:application``.

``python -m project`` makes its tables and the endpoint at which webhooks are taken, and prints
the endpoint's path. Its database and Stripe are named in the environment.
"""

import os
import sys
from urllib.parse import parse_qs, urlsplit

import django
import stripe
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import include, path, reverse

stripe.api_base = os.environ["STRIPE_API_BASE"]


def database(url):
    """Django's settings of an SQLAlchemy URL; SQLite as its manual advises for several writers."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": parts.path[1:],
            "OPTIONS": {
                "timeout": 30,
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL",
            },
        }
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path[1:],
        "USER": "postgres",
        "HOST": parse_qs(parts.query)["host"][0],
        "CONN_MAX_AGE": 600,
    }


settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    DATABASES={"default": database(os.environ["DATABASE_URL"])},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    DJSTRIPE_FOREIGN_KEY_TO_FIELD="id",
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "djstripe"],
    LOGGING_CONFIG=None,
    MIDDLEWARE=["django.middleware.security.SecurityMiddleware"],
    # The tables as they are now, without their history, which takes a minute.
    MIGRATION_MODULES=dict.fromkeys(("auth", "contenttypes", "djstripe")),
    ROOT_URLCONF=__name__,
    SECRET_KEY="of-the-benchmark",
    STRIPE_LIVE_MODE=False,
    STRIPE_TEST_SECRET_KEY=f"sk_test_{'bench' * 5}",
    USE_TZ=True,
)
django.setup()  # before dj-stripe is imported
urlpatterns = [
    path("ready", lambda _request: HttpResponse("ready")),
    path("stripe/", include("djstripe.urls", namespace="djstripe")),
]


def make():
    """The path of the new endpoint."""
    from djstripe.models import WebhookEndpoint

    call_command("migrate", run_syncdb=True, verbosity=0)
    endpoint = WebhookEndpoint.objects.create(
        id="we_bench",
        livemode=False,
        secret=os.environ["STRIPE_WEBHOOK_SECRET"],
        url="http://127.0.0.1/",
        enabled_events=["*"],
        stripe_data={},
    )
    return reverse("djstripe:djstripe_webhook_by_uuid", args=[endpoint.djstripe_uuid])


if __name__ == "__main__":
    sys.stdout.write(make())
else:
    application = get_wsgi_application()
