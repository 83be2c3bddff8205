import Stripe from "stripe";

const api = new URL(process.env.STRIPE_API_BASE);
const page = `${process.env.PUBLIC_URL}/billing`;

export const stripe = new Stripe(process.env.STRIPE_SECRET_KEY, {
  protocol: api.protocol.slice(0, -1),
  host: api.hostname,
  port: api.port,
});

export async function createSession(mode, kind, price, quantity) {
  const metadata = { app: "billing-dashboard", kind, quantity: String(quantity) };
  const isSubscription = mode === "subscription";
  const session = await stripe.checkout.sessions.create({
    mode,
    line_items: [{ price, quantity }],
    success_url: `${page}?success=1&session_id={CHECKOUT_SESSION_ID}`,
    cancel_url: `${page}?canceled=1`,
    metadata,
    ...(isSubscription
      ? { subscription_data: { metadata } }
      : { customer_creation: "always", payment_intent_data: { metadata } }),
  });
  return { url: session.url, id: session.id };
}

// Stripe's message and keys stay on the server.
export function failed(error) {
  const isStripe = error instanceof Stripe.errors.StripeError;
  console.error(isStripe ? error.message : error);
  return Response.json({ error: "Stripe checkout failed" }, { status: 500 });
}
