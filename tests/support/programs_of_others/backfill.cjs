// A whole backfill with @supabase/stripe-sync-engine: `node backfill.cjs FOLDER API DATABASE` prints,
// as JSON, how many of each kind it stored. The engine has no setting for the API's address: its
// client is replaced by one that asks the sandbox.
"use strict";

const [folder, api, databaseUrl] = process.argv.slice(2);
const { StripeSync, runMigrations } = require(`${folder}/@supabase/stripe-sync-engine`);
const Stripe = require(`${folder}/stripe`);

async function main() {
  const schema = "stripe";
  await runMigrations({ databaseUrl, schema });
  const key = "sk_test_backfill";
  const sync = new StripeSync({
    poolConfig: { connectionString: databaseUrl },
    schema,
    stripeSecretKey: key,
    stripeWebhookSecret: "whsec_none",
  });
  const { hostname: host, port } = new URL(api);
  sync.stripe = new Stripe(key, { host, port, protocol: "http" });
  const found = await sync.syncBackfill({ object: "all" });
  const counts = Object.entries(found).map(([kind, result]) => [kind, result?.synced ?? 0]);
  console.log(JSON.stringify(Object.fromEntries(counts)));
  process.exit(0);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
