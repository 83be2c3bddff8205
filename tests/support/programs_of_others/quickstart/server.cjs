// The shop with Express: `node server.cjs FOLDER PORT API SECRET`: the folder of its packages, then
// as the one with Flask.
"use strict";

const path = require("node:path");

const [folder, port, api, secret] = process.argv.slice(2);
const express = require(`${folder}/express`);
const { hostname: host, port: apiPort } = new URL(api);
const stripe = require(`${folder}/stripe`)("sk_test_quickstart", {
  host,
  port: apiPort,
  protocol: "http",
});

const domain = `http://127.0.0.1:${port}`;
const app = express();
const received = [];
const refused = [];

app.use(express.static(path.join(__dirname, "public")));

app.post("/webhook", express.raw({ type: "application/json" }), (request, response) => {
  try {
    const signature = request.headers["stripe-signature"];
    const event = stripe.webhooks.constructEvent(request.body, signature, secret);
    received.push({ type: event.type, object: event.data.object });
  } catch (error) {
    refused.push(error.message);
    response.status(400).send(error.message);
    return;
  }
  response.json({ status: "success" });
});

app.use(express.urlencoded({ extended: true }));

app.post("/create-checkout-session", async (request, response) => {
  const prices = await stripe.prices.list({
    lookup_keys: [request.body.lookup_key],
    expand: ["data.product"],
  });
  const session = await stripe.checkout.sessions.create({
    customer_email: request.body.email,
    line_items: [{ price: prices.data[0].id, quantity: 1 }],
    mode: "subscription",
    success_url: `${domain}/success.html?session_id={CHECKOUT_SESSION_ID}`,
    cancel_url: domain,
  });
  response.redirect(303, session.url);
});

app.post("/create-portal-session", async (request, response) => {
  const session = await stripe.checkout.sessions.retrieve(request.body.session_id);
  const portal = await stripe.billingPortal.sessions.create({
    customer: session.customer,
    return_url: domain,
  });
  response.redirect(303, portal.url);
});

app.get("/received", (_, response) => response.json(received));
app.get("/refused", (_, response) => response.json(refused));

app.listen(Number(port), "127.0.0.1");
