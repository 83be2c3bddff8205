// The Checkout page's behaviour: checks the form, pays without leaving the page, and runs the 3-D
// Secure step. The form of the card is card.js's.
"use strict";

const challenge = document.getElementById("challenge");
const submit = document.getElementById("submit");
const submitText = submit.querySelector(".says");
const progress = document.getElementById("progress");
const { email, routing_number, account_number, country } = form.elements;
let idleText = submitText.textContent;
const PATIENCE = 2000; // milliseconds until the page says what it is waiting for

// What is wrong ----------------------------------------------------------------------------------

const byBank = () => form.elements.payment_method_type.value === "us_bank_account";

const CHECKS = {
  email() {
    if (email.readOnly) return "";
    if (!email.value.trim()) return "Enter your email.";
    return /^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$/.test(email.value.trim()) ? "" : "Your email is invalid.";
  },
  number() {
    const digits = onlyDigits(number.value);
    if (!digits) return "Enter your card number.";
    return digits.length < brandOf(digits).digits ? "Your card number is incomplete." : "";
  },
  expiry() {
    if (!expiry.value.trim()) return "Enter your card's expiration date.";
    const parts = /^\s*(\d{1,2})\s*\/\s*(\d{2}|\d{4})\s*$/.exec(expiry.value);
    if (!parts) return "Your card's expiration date is incomplete.";
    return parts[1] >= 1 && parts[1] <= 12 ? "" : "Your card's expiration date is invalid.";
  },
  cvc() {
    if (!cvc.value) return "Enter your card's security code.";
    const needed = brandOf(onlyDigits(number.value)).name === "Amex" ? 4 : 3;
    return cvc.value.length < needed ? "Your card's security code is incomplete." : "";
  },
  routing_number: () => (routing_number.value.trim() ? "" : "Enter your bank's routing number."),
  account_number: () => (account_number.value.trim() ? "" : "Enter your account number."),
  name() {
    if (holder.value.trim()) return "";
    return byBank() ? "Enter the account holder's name." : "Enter the name on your card.";
  },
  country: () => (country.value ? "" : "Choose your country or region."),
};

// What the session asks for beyond the payment method says itself what is wrong with it.
for (const field of form.querySelectorAll("[data-missing]")) {
  CHECKS[field.name] = () => {
    if (!field.value.trim()) return field.required ? field.dataset.missing : "";
    if (field.validity.patternMismatch) return field.dataset.wrong;
    return field.value.length < field.minLength ? `Enter at least ${field.minLength} characters.` : "";
  };
}

const PLACES = Object.keys(CHECKS).filter((place) => form.elements[place]);
// What the chosen payment method does not need is hidden.
const isAsked = (place) => form.elements[place].offsetParent !== null;

function showProblem(place, message) {
  const problem = document.getElementById(`${place}-error`);
  problem.textContent = message;
  problem.hidden = !message;
  if (!message) problem.removeAttribute("role");
  const field = form.elements[place];
  if (field?.matches("input, select")) {
    if (message) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
  }
}

function clearProblems() {
  for (const place of [...PLACES, "card", "form"]) showProblem(place, "");
}

// Shows every problem at its place; speaks the first and takes the focus there.
function showProblems(errors) {
  clearProblems();
  const places = errors.map(({ field, message }) => {
    const place = document.getElementById(`${field}-error`) ? field : "form";
    return { place, message };
  });
  if (!places.length) places.push({ place: "form", message: "Something went wrong. Try again." });
  document.getElementById(`${places[0].place}-error`).setAttribute("role", "alert");
  for (const { place, message } of places) showProblem(place, message);
  const first = places[0].place;
  const field = first === "card" ? number : first === "form" ? submit : form.elements[first];
  field.focus();
  if (first === "card") number.select();
}

for (const place of PLACES) {
  const field = form.elements[place];
  field.addEventListener("blur", () => {
    if (field.value && CHECKS[place]()) showProblem(place, CHECKS[place]());
  });
  field.addEventListener("input", () => {
    showProblem(place, "");
    if (["number", "expiry", "cvc"].includes(place)) showProblem("card", "");
  });
}

for (const type of form.querySelectorAll(".methods input")) {
  type.addEventListener("change", clearProblems);
}

form.addEventListener("filled", () => {
  clearProblems();
  if (!email.value) email.value = "tester@example.com";
});

// Paying -----------------------------------------------------------------------------------------

let busy = false;
let patience = 0;

// What the page is doing, and after a while what it may be waiting for.
function say(now, later = "") {
  window.clearTimeout(patience);
  progress.textContent = now;
  if (later) patience = window.setTimeout(() => (progress.textContent = later), PATIENCE);
}

function sayProcessing() {
  say(
    "Processing your payment.",
    "Still processing: waiting up to 10 seconds for the webhook to be answered.",
  );
}

function setBusy(on) {
  busy = on;
  form.classList.toggle("busy", on);
  form.setAttribute("aria-busy", String(on));
  // Not `disabled`: that would throw the focus away.
  submit.setAttribute("aria-disabled", String(on));
  submitText.textContent = on ? "Processing…" : idleText;
  if (on) sayProcessing();
  else say("");
}

async function post(address, body) {
  try {
    const response = await fetch(address, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    return await response.json();
  } catch {
    const message = "The sandbox did not answer. Check that it is running, then try again.";
    return { status: "unanswered", errors: [{ field: "form", message }] };
  }
}

async function settle(answer) {
  if (answer.return_url && ["paid", "processing"].includes(answer.status)) {
    const paid = answer.status === "paid";
    const done = form.dataset.done;
    say(`${paid ? `${done}.` : "The payment is processing."} Returning to the shop.`);
    submitText.textContent = paid ? done : "Submitted";
    form.classList.add("paid");
    window.location.assign(answer.return_url);
  } else if (answer.status === "requires_action") {
    say("Waiting for you to authenticate.");
    const result = await askForAuthentication();
    sayProcessing();
    const address = form.dataset.authenticate;
    await settle(await post(address, { payment_intent: answer.payment_intent, result }));
  } else if (["paid", "processing", "closed", "unknown"].includes(answer.status)) {
    window.location.reload(); // the page says what became of it
  } else {
    setBusy(false);
    showProblems(answer.errors ?? []);
  }
}

// Closing the dialog without choosing counts as failing, as leaving the bank's page does.
function askForAuthentication() {
  return new Promise((resolve) => {
    challenge.returnValue = "";
    const chosen = () => resolve(challenge.returnValue || "fail");
    challenge.addEventListener("close", chosen, { once: true });
    challenge.showModal();
  });
}

for (const choice of challenge.querySelectorAll("button")) {
  choice.addEventListener("click", () => challenge.close(choice.value));
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (busy) return;
  const errors = PLACES.filter(isAsked)
    .map((field) => ({ field, message: CHECKS[field]() }))
    .filter(({ message }) => message);
  if (errors.length) {
    showProblems(errors);
    return;
  }
  clearProblems();
  setBusy(true);
  await settle(await post(form.action, Object.fromEntries(new FormData(form))));
});

// Quantities --------------------------------------------------------------------------------------

const ORDER = ["amount", "lines", "discount", "total", "challenge-text"]; // what an order's amounts stand in
const CHANGED = "This order has changed. Try again.";

async function changeQuantity(stepper) {
  const focused = document.activeElement.id;
  const response = await fetch(stepper.action, {
    method: "POST",
    body: new URLSearchParams(new FormData(stepper)),
  }).catch(() => null);
  const fresh = new DOMParser().parseFromString((await response?.text()) ?? "", "text/html");
  const problem = fresh.getElementById("quantity-error")?.textContent ?? CHANGED;
  showProblem("quantity", response?.ok ? "" : problem);
  if (!response?.ok) {
    stepper.reset();
    return;
  }
  if (!fresh.getElementById("number")) window.location.reload(); // nothing to pay, any more or yet
  for (const id of ORDER) {
    const part = fresh.getElementById(id);
    if (part) document.getElementById(id).replaceWith(part);
  }
  idleText = fresh.querySelector("#submit .says")?.textContent ?? idleText;
  submitText.textContent = idleText;
  listenToQuantities();
  const again = document.getElementById(focused);
  (again?.disabled ? again.form.elements.quantity : again)?.focus();
}

function listenToQuantities() {
  for (const stepper of document.querySelectorAll("form.quantity")) {
    const { quantity } = stepper.elements;
    stepper.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!busy) changeQuantity(stepper);
    });
    quantity.addEventListener("change", () => stepper.requestSubmit());
    for (const step of stepper.querySelectorAll("button[value]")) {
      step.hidden = false;
      step.addEventListener("click", () => {
        quantity.value = Number(quantity.value) + Number(step.value);
        stepper.requestSubmit();
      });
    }
  }
}

listenToQuantities();

// Back from the shop: what the browser kept of this page may be out of date.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) window.location.reload();
});
