# mypy: ignore-errors
"""The shop with Flask: ``python server.py PORT API SECRET``: its port on 127.0.0.1, the API's
address, the webhook's secret. ``/received`` shows the events that came, ``/refused`` how many had
no valid signature."""

import sys
from pathlib import Path

import stripe
from flask import Flask, jsonify, redirect, request

PORT, API, SECRET = sys.argv[1:]
DOMAIN = f"http://127.0.0.1:{PORT}"
stripe.api_key = "sk_test_quickstart"
stripe.api_base = API
app = Flask(__name__, static_folder=Path(__file__).parent / "public", static_url_path="")
received, refused = [], []


@app.route("/")
def sign_up():
    return app.send_static_file("index.html")


@app.route("/create-checkout-session", methods=["POST"])
def create_checkout_session():
    prices = stripe.Price.list(lookup_keys=[request.form["lookup_key"]], expand=["data.product"])
    session = stripe.checkout.Session.create(
        customer_email=request.form["email"],
        line_items=[{"price": prices.data[0].id, "quantity": 1}],
        mode="subscription",
        success_url=DOMAIN + "/success.html?session_id={CHECKOUT_SESSION_ID}",
        cancel_url=DOMAIN,
    )
    return redirect(session.url, code=303)


@app.route("/create-portal-session", methods=["POST"])
def create_portal_session():
    session = stripe.checkout.Session.retrieve(request.form["session_id"])
    portal = stripe.billing_portal.Session.create(customer=session.customer, return_url=DOMAIN)
    return redirect(portal.url, code=303)


@app.route("/webhook", methods=["POST"])
def webhook_received():
    try:
        event = stripe.Webhook.construct_event(
            payload=request.data, sig_header=request.headers["Stripe-Signature"], secret=SECRET
        )
    except (ValueError, KeyError, stripe.SignatureVerificationError) as error:
        refused.append(str(error))
        return jsonify(error=str(error)), 400
    received.append({"type": event.type, "object": event.data.object})
    return jsonify(status="success")


@app.route("/received")
def what_came():
    return jsonify(received)


@app.route("/refused")
def what_was_refused():
    return jsonify(refused)


if __name__ == "__main__":
    app.run(port=int(PORT))
