import { createSession, failed } from "../../../../lib/sessions";

export const dynamic = "force-dynamic";

export async function POST(request) {
  const text = await request.text();
  let quantity = 1;
  try {
    quantity = (text ? JSON.parse(text) : {}).quantity ?? 1;
  } catch {
    quantity = 0;
  }
  if (!Number.isInteger(quantity) || quantity < 1 || quantity > 1000) {
    return Response.json({ error: "quantity must be a whole number, 1 to 1000" }, { status: 400 });
  }
  try {
    const price = process.env.STRIPE_PRICE_EXTRA_CREDIT;
    return Response.json(await createSession("payment", "credits", price, quantity));
  } catch (error) {
    return failed(error);
  }
}
