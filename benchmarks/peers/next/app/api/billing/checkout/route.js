import { createSession, failed } from "../../../../lib/sessions";

export const dynamic = "force-dynamic";

export async function POST() {
  try {
    const price = process.env.STRIPE_PRICE_PRO_MONTHLY;
    return Response.json(await createSession("subscription", "pro", price, 1));
  } catch (error) {
    return failed(error);
  }
}
