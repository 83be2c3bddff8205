# mypy: ignore-errors
"""A subscription shop as Stripe's quickstart tells to write it with Flask
(https://docs.stripe.com/billing/quickstart): Checkout by a price's lookup key, the portal by the
session, and a webhook that checks signatures.

``python quickstart_server.py PORT API SECRET``: its port on 127.0.0.1, the API's address, the
webhook's secret.
"""

import sys

import stripe
from flask import Flask, jsonify, redirect, request

PORT, API, SECRET = sys.argv[1:]
DOMAIN = f"http://127.0.0.1:{PORT}"
stripe.api_key = "sk_test_quickstart"
stripe.api_base = API
app = Flask(__name__)
received = []


@app.route("/create-checkout-session", methods=["POST"])
def create_checkout_session():
    prices = stripe.Price.list(lookup_keys=[request.form["lookup_key"]], expand=["data.product"])
    session = stripe.checkout.Session.create(
        line_items=[{"price": prices.data[0].id, "quantity": 1}],
        mode="subscription",
        success_url=DOMAIN + "/success.html?session_id={CHECKOUT_SESSION_ID}",
        cancel_url=DOMAIN + "/cancel.html",
    )
    return redirect(session.url, code=303)


@app.route("/create-portal-session", methods=["POST"])
def customer_portal():
    session = stripe.checkout.Session.retrieve(request.form["session_id"])
    portal = stripe.billing_portal.Session.create(customer=session.customer, return_url=DOMAIN)
    return redirect(portal.url, code=303)


@app.route("/webhook", methods=["POST"])
def webhook_received():
    event = stripe.Webhook.construct_event(
        payload=request.data, sig_header=request.headers.get("stripe-signature"), secret=SECRET
    )
    received.append(event["type"])
    return jsonify({"status": "success"})


@app.route("/received")
def what_was_received():
    return jsonify(received)


if __name__ == "__main__":
    app.run(port=int(PORT))
