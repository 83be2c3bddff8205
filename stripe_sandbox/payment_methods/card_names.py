"""The names of payment methods by which requests pay with Stripe's test cards
(https://docs.stripe.com/testing)."""

from __future__ import annotations

_DECLINED = {
    "chargeDeclined": "4000000000000002",
    "chargeDeclinedExpiredCard": "4000000000000069",
    "chargeDeclinedFraudulent": "4100000000000019",
    "chargeDeclinedIncorrectCvc": "4000000000000127",
    "chargeDeclinedInsufficientFunds": "4000000000009995",
    "chargeDeclinedLostCard": "4000000000009987",
    "chargeDeclinedProcessingError": "4000000000000119",
    "chargeDeclinedStolenCard": "4000000000009979",
    "chargeDeclinedVelocityLimitExceeded": "4000000000006975",
}

NUMBERS_BY_NAME = {
    "pm_card_amex": "378282246310005",
    "pm_card_amex_threeDSecureNotSupported": "378282246310005",
    "pm_card_authenticationRequired": "4000002760003184",
    "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds": "4000008260003178",
    "pm_card_authenticationRequiredOnSetup": "4000002500003155",
    "pm_card_authenticationRequiredSetupForOffSession": "4000003800000446",
    "pm_card_bypassPending": "4000000000000077",
    "pm_card_bypassPendingInternational": "4000003720000278",
    "pm_card_chargeCustomerFail": "4000000000000341",
    "pm_card_createDispute": "4000000000000259",
    "pm_card_createDisputeInquiry": "4000000000001976",
    "pm_card_createDisputeProductNotReceived": "4000000000002685",
    "pm_card_diners": "3056930009020004",
    "pm_card_discover": "6011111111111117",
    "pm_card_jcb": "3566002020360505",
    "pm_card_mastercard": "5555555555554444",
    "pm_card_mastercard_debit": "5200828282828210",
    "pm_card_mastercard_prepaid": "5105105105105100",
    "pm_card_pendingRefund": "4000000000007726",
    "pm_card_radarBlock": "4100000000000019",
    "pm_card_refundFail": "4000000000005126",
    "pm_card_threeDSecure2Required": "4000000000003220",
    "pm_card_threeDSecureOptional": "4000000000003055",
    "pm_card_threeDSecureRequired": "4000000000003220",
    "pm_card_threeDSecureRequiredChargeDeclined": "4000008400001629",
    "pm_card_threeDSecureRequiredProcessingError": "4000008400001280",
    "pm_card_unionpay": "6200000000000005",
    "pm_card_us": "4242424242424242",
    "pm_card_visa": "4242424242424242",
    "pm_card_visa_debit": "4000056655665556",
    **{f"pm_card_{name}": number for name, number in _DECLINED.items()},
    **{f"pm_card_visa_{name}": number for name, number in _DECLINED.items()},
}
