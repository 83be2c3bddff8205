// A shop's life at Stripe with whatever stripe SDK is beside it: node purchase.cjs SDK URL VERSION.
// SDK is the folder of the package; VERSION is the account's where the SDK sends none. Prints
// {"version": …}; an assertion fails where the sandbox does not answer as that version.
const assert = require("node:assert/strict");
const http = require("node:http");

const [folder, address, account] = process.argv.slice(2);
const Stripe = require(folder);
const at = new URL(address);
const stripe = new Stripe("sk_test_compat", {
  host: at.hostname, port: at.port, protocol: "http", maxNetworkRetries: 0, telemetry: false,
});
const sent = stripe.getApiField("version");
const version = sent || account;
const since = (day) => version.slice(0, 10) >= day;
const basil = since("2025-03-31");

const events = [];
const receiver = http.createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    events.push([Buffer.concat(parts), request.headers["stripe-signature"]]);
    response.end();
  });
});

async function until(find) {
  for (let tries = 0; tries < 2000; tries += 1) {
    const found = find();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("no such event came");
}

async function event(secret, type, holds) {
  return until(() => {
    for (const [body, signature] of events) {
      const found = stripe.webhooks.constructEvent(body, signature, secret);
      assert.equal(found.api_version, version);
      if (found.type === type && holds(found.data.object)) return found.data.object;
    }
    return null;
  });
}

async function pay(session) {
  const answer = await fetch(`${address}/_control/sessions/${session.id}/pay`, {
    method: "POST",
    headers: { Authorization: "Bearer sk_test_compat", "Content-Type": "application/json" },
    body: JSON.stringify({ card: "4242424242424242" }),
  });
  assert.equal((await answer.json()).outcome, "paid");
}

async function session(params) {
  const mode = since("2026-03-25") ? "hosted_page" : "hosted";
  const made = await stripe.checkout.sessions.create({
    success_url: "https://shop.example/thanks",
    cancel_url: "https://shop.example/cart",
    ...(since("2023-08-16") ? { ui_mode: mode } : {}),
    ...(since("2026-09-30") ? {} : { payment_method_types: ["card"] }),
    ...params,
  });
  assert.equal(made.ui_mode, mode);
  assert.equal(made.payment_method_types[0], "card");
  return made;
}

async function buyOnce(secret, customer, price) {
  const made = await session({ mode: "payment", customer, line_items: [{ price, quantity: 2 }] });
  await pay(made);
  await event(secret, "checkout.session.completed", (found) => found.id === made.id);
  const paid = await stripe.checkout.sessions.retrieve(made.id, {
    expand: ["payment_intent.latest_charge"],
  });
  const intent = paid.payment_intent;
  assert.equal(intent.latest_charge.amount, 1400);
  assert.equal(intent.charges, undefined);
  const refund = await stripe.refunds.create({ payment_intent: intent.id, amount: 400 });
  assert.equal(refund.status, "succeeded");
  await event(secret, "charge.refunded", (found) => found.amount_refunded === 400);
}

async function subscribe(secret, customer, price) {
  const lines = [{ price, quantity: 1 }];
  const made = await session({ mode: "subscription", customer, line_items: lines });
  await pay(made);
  const done = await event(secret, "checkout.session.completed", (found) => found.id === made.id);
  const news = await event(secret, "invoice.paid", () => true);
  const subscription = await stripe.subscriptions.retrieve(done.subscription, {
    expand: [basil ? "latest_invoice.payments" : "latest_invoice.payment_intent"],
  });
  const invoice = subscription.latest_invoice;
  const line = invoice.lines.data[0];
  assert.equal(invoice.id, news.id);
  assert.ok((basil ? subscription.items.data[0] : subscription).current_period_end);
  if (basil) {
    assert.equal(invoice.parent.subscription_details.subscription, subscription.id);
    assert.equal(invoice.payments.data[0].status, "paid");
    assert.equal(line.pricing.price_details.price, price);
  } else {
    assert.equal(invoice.subscription, subscription.id);
    assert.equal(invoice.paid && news.paid, true);
    assert.equal(invoice.payment_intent.status, "succeeded");
    assert.equal(invoice.charge, invoice.payment_intent.latest_charge);
    assert.equal(line.price.id, price);
  }
  await stripe.subscriptions.update(subscription.id, { cancel_at_period_end: true });
  const changed = "customer.subscription.updated";
  await event(secret, changed, (found) => found.cancel_at_period_end);
}

async function main() {
  await new Promise((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  const endpoint = await stripe.webhookEndpoints.create({
    url: `http://127.0.0.1:${receiver.address().port}/webhook`,
    enabled_events: ["*"],
    ...(sent ? { api_version: sent } : {}),
  });
  const features = since("2024-04-10") ? "marketing_features" : "features";
  const customer = await stripe.customers.create({ email: "ada@example.com", name: "Ada" });
  const product = await stripe.products.create({ name: "Tea", [features]: [{ name: "Hot" }] });
  assert.equal(product[features][0].name, "Hot");
  const terms = { product: product.id, currency: "usd", unit_amount: 700 };
  const cup = await stripe.prices.create(terms);
  const monthly = await stripe.prices.create({ ...terms, recurring: { interval: "month" } });
  await buyOnce(endpoint.secret, customer.id, cup.id);
  await subscribe(endpoint.secret, customer.id, monthly.id);
  const portal = await stripe.billingPortal.sessions.create({
    customer: customer.id,
    return_url: "https://shop.example/account",
  });
  assert.ok(portal.url.startsWith(address));
  console.log(JSON.stringify({ version }));
}

main().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
