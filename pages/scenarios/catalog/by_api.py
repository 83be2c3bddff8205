"""Sales by the API alone: at Stripe nobody has a part in them."""

from __future__ import annotations

from billing.domain.ledger.line import Cause
from pages.scenarios.catalog.refunds_and_disputes import DISPUTE_CLOSED, DISPUTED, REFUNDED
from pages.scenarios.catalog.scenario import NOTHING, Scenario
from pages.scenarios.catalog.subscriptions import CANCELED, FAILED, FAILS_AT_RENEWAL, PAID
from pages.scenarios.steps.by_api import create_customer, pay_off_session, subscribe
from pages.scenarios.steps.events import expect_event
from pages.scenarios.steps.payments import accept_dispute, expect_dispute, refund
from pages.scenarios.steps.subscriptions import (
    cancel_now,
    pass_period_end,
    pay_with_new_card,
    replace_card,
)
from pages.scenarios.verdict import Expected

VISA = "pm_card_visa"
DISPUTES = "pm_card_createDispute"
NEEDS_3DS = "pm_card_authenticationRequired"
DECLINES = "pm_card_chargeDeclined"
CREATED = "customer.subscription.created"
PAYMENT_FAILED = "payment_intent.payment_failed"

BY_API = (
    Scenario(
        "api-renewal",
        "By API: renewal",
        "Another program makes a subscription; its second month is paid.",
        (
            create_customer(),
            subscribe(VISA, "active"),
            expect_event(PAID),
            pass_period_end(),
            expect_event(PAID),
        ),
        Expected(1, (Cause.PURCHASE, Cause.RENEWAL)),
    ),
    Scenario(
        "api-renewal-saved",
        "By API: failed renewal saved",
        "The renewal fails, Pro goes on in grace, and a new card pays.",
        (
            create_customer(),
            subscribe(VISA, "active"),
            expect_event(PAID),
            replace_card(FAILS_AT_RENEWAL),
            pass_period_end(),
            expect_event(FAILED),
            pay_with_new_card(),
            expect_event(PAID),
        ),
        Expected(1, (Cause.PURCHASE, Cause.RENEWAL)),
    ),
    Scenario(
        "api-canceled",
        "By API: canceled",
        "The subscription is canceled at once, and Pro ends with it.",
        (
            create_customer(),
            subscribe(VISA, "active"),
            expect_event(PAID),
            cancel_now(),
            expect_event(CANCELED),
        ),
        Expected(0, (Cause.PURCHASE, Cause.CANCELED)),
    ),
    Scenario(
        "api-refunded",
        "By API: refunded",
        "The first month is refunded: that alone does not end Pro, as with Stripe.",
        (
            create_customer(),
            subscribe(VISA, "active"),
            expect_event(PAID),
            refund(),
            expect_event(REFUNDED),
        ),
        Expected(1, (Cause.PURCHASE,)),
    ),
    Scenario(
        "api-disputed",
        "By API: disputed",
        "A dispute suspends Pro, and ends the period when it is lost.",
        (
            create_customer(),
            subscribe(DISPUTES, "active"),
            expect_event(PAID),
            expect_dispute("fraudulent"),
            expect_event(DISPUTED),
            accept_dispute(),
            expect_event(DISPUTE_CLOSED),
        ),
        Expected(0, (Cause.PURCHASE, Cause.DISPUTE_OPENED)),
    ),
    Scenario(
        "api-declined",
        "By API: declined",
        "The card is declined: the subscription is incomplete, and gives no Pro.",
        (create_customer(), subscribe(FAILS_AT_RENEWAL, "incomplete"), expect_event(FAILED)),
        NOTHING,
    ),
    Scenario(
        "api-3ds",
        "By API: 3-D Secure needed",
        "The bank asks for a customer who is away: the subscription is incomplete.",
        (create_customer(), subscribe(NEEDS_3DS, "incomplete"), expect_event(CREATED)),
        NOTHING,
    ),
    Scenario(
        "others-refused",
        "Another's payment, refused",
        "Off-session a card is declined, another needs 3-D Secure: nothing is granted.",
        (
            create_customer(),
            pay_off_session(DECLINES, "card_declined"),
            expect_event(PAYMENT_FAILED),
            pay_off_session(NEEDS_3DS, "authentication_required"),
            expect_event(PAYMENT_FAILED),
        ),
        NOTHING,
    ),
    Scenario(
        "others-refunded",
        "Another's payment, refunded",
        "A payment that no Checkout Session of ours began gives nothing, and its refund too.",
        (create_customer(), pay_off_session(VISA), refund(), expect_event(REFUNDED)),
        NOTHING,
    ),
    Scenario(
        "others-disputed",
        "Another's payment, disputed",
        "A payment that no Checkout Session of ours began gives nothing, and its dispute too.",
        (
            create_customer(),
            pay_off_session(DISPUTES),
            expect_dispute("fraudulent"),
            expect_event(DISPUTED),
            accept_dispute(),
            expect_event(DISPUTE_CLOSED),
        ),
        NOTHING,
    ),
)
