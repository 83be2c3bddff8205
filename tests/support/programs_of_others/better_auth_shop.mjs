// A shop that signs people in with better-auth and sells the Pro plan with its Stripe plugin:
// `node better_auth_shop.mjs FOLDER PORT API PRICE SECRET`. `/` shows what its database holds.
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [folder, port, api, priceId, stripeWebhookSecret] = process.argv.slice(2);
const { resolve } = createRequire(`${folder}/better-auth/package.json`);
const load = (name) => import(pathToFileURL(resolve(name)));
const { betterAuth } = await load("better-auth");
const { memoryAdapter } = await load("better-auth/adapters/memory");
const { toNodeHandler } = await load("better-auth/node");
const { stripe } = await load("@better-auth/stripe");
const { default: Stripe } = await load("stripe");

const database = { user: [], session: [], account: [], verification: [], subscription: [] };
const { hostname: host, port: apiPort } = new URL(api);
const stripeClient = new Stripe("sk_test_shop", { host, port: apiPort, protocol: "http" });
const auth = betterAuth({
  baseURL: `http://127.0.0.1:${port}`,
  secret: "a secret of at least thirty-two characters",
  database: memoryAdapter(database),
  emailAndPassword: { enabled: true },
  plugins: [
    stripe({
      stripeClient,
      stripeWebhookSecret,
      createCustomerOnSignUp: true,
      getCustomerCreateParams: async () => {
        const clock = await stripeClient.testHelpers.testClocks.create({
          frozen_time: Math.floor(Date.now() / 1000),
        });
        return { test_clock: clock.id };
      },
      subscription: { enabled: true, plans: [{ name: "pro", priceId }] },
    }),
  ],
});
const answer = toNodeHandler(auth);

createServer((request, response) => {
  if (request.url.startsWith("/api/auth/")) return answer(request, response);
  response.setHeader("Content-Type", "application/json");
  return response.end(JSON.stringify(database));
}).listen(Number(port), "127.0.0.1");
