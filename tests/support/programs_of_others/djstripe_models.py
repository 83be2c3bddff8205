# mypy: ignore-errors
"""Runs in dj-stripe's environment, beside its server (``benchmarks/peers/djstripe``).

``python djstripe_models.py secret ID SECRET`` names the endpoint as Stripe does.
``python djstripe_models.py sync`` asks for everything of every model and prints, as JSON, how many
of each there are now, what went wrong, and how many events came and which of them failed.
"""

import io
import json
import sys

import project  # noqa: F401  # sets Django up
from django.apps import apps
from django.core.management import call_command
from djstripe.models import WebhookEndpoint, WebhookEventTrigger


def name_endpoint(identifier, secret):
    """The endpoint has the id and the secret that Stripe gave it."""
    WebhookEndpoint.objects.update(id=identifier, secret=secret)


def synced():
    """What became of every model, and of the events."""
    counts, problems = {}, {}
    for model in apps.get_app_config("djstripe").get_models():
        if not hasattr(model, "stripe_class"):
            continue
        out, err = io.StringIO(), io.StringIO()
        call_command("djstripe_sync_models", model.__name__, stdout=out, stderr=err)
        if err.getvalue():
            problems[model.__name__] = err.getvalue().strip()
        counts[model.__name__] = model.objects.count()
    failed = WebhookEventTrigger.objects.exclude(exception="")
    return {
        "counts": counts,
        "problems": problems,
        "events": WebhookEventTrigger.objects.filter(processed=True).count(),
        "failed": [
            {
                "type": json.loads(one.body).get("type"),
                "exception": one.exception,
                "traceback": one.traceback[-600:],
            }
            for one in failed
        ],
    }


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    if command == "secret":
        name_endpoint(*arguments)
    else:
        json.dump(synced(), sys.stdout)
