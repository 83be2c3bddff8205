// The card form of the hosted pages: formats the card as it is typed, fills in test numbers.
"use strict";

const form = document.getElementById("payment-form");
const { number, expiry, cvc, name: holder } = form.elements;
const brandHint = document.getElementById("brand");

const BRANDS = [
  { name: "Visa", starts: /^4/, groups: [4, 4, 4, 4], digits: 16 },
  { name: "Mastercard", starts: /^(5[1-5]|2[2-7])/, groups: [4, 4, 4, 4], digits: 16 },
  { name: "Amex", starts: /^3[47]/, groups: [4, 6, 5], digits: 15 },
  { name: "Discover", starts: /^(6011|64[4-9]|65)/, groups: [4, 4, 4, 4], digits: 16 },
  { name: "Diners", starts: /^3[068]/, groups: [4, 6, 4], digits: 14 },
  { name: "JCB", starts: /^35/, groups: [4, 4, 4, 4], digits: 16 },
  { name: "UnionPay", starts: /^62/, groups: [4, 4, 4, 4, 3], digits: 16 },
];
const ANY_BRAND = { name: "", groups: [4, 4, 4, 4, 3], digits: 12 };

const onlyDigits = (text) => text.replace(/\D/g, "");
const brandOf = (digits) => BRANDS.find((brand) => brand.starts.test(digits)) ?? ANY_BRAND;

// Formatting -------------------------------------------------------------------------------------

function groupedNumber(digits) {
  const groups = [];
  let start = 0;
  for (const size of brandOf(digits).groups) {
    if (start < digits.length) groups.push(digits.slice(start, start + size));
    start += size;
  }
  return groups.join(" ");
}

function formattedExpiry(text) {
  let digits = onlyDigits(text);
  if (/^[2-9]$/.test(digits) || /^\d\s*\//.test(text)) digits = "0" + digits;
  if (/^\d{2}20\d{2}$/.test(digits)) digits = digits.slice(0, 2) + digits.slice(4);
  const month = digits.slice(0, 2);
  const year = digits.slice(2, /^\d{2}20/.test(digits) ? 6 : 4);
  return year || (month.length === 2 && /\//.test(text)) ? `${month} / ${year}` : month;
}

// Writes the formatted text and keeps the caret behind the same digit.
function reformat(input, format) {
  const before = onlyDigits(input.value.slice(0, input.selectionStart)).length;
  const atEnd = input.selectionStart === input.value.length;
  const formatted = format(input.value);
  if (formatted === input.value) return;
  input.value = formatted;
  let caret = formatted.length;
  if (!atEnd) {
    caret = 0;
    for (let seen = 0; seen < before && caret < formatted.length; caret += 1) {
      if (/\d/.test(formatted[caret])) seen += 1;
    }
  }
  if (document.activeElement === input) input.setSelectionRange(caret, caret);
}

function showBrand() {
  brandHint.textContent = brandOf(onlyDigits(number.value)).name;
}

number.addEventListener("input", () => {
  reformat(number, (text) => groupedNumber(onlyDigits(text)));
  showBrand();
});
expiry.addEventListener("input", (event) => {
  if (!event.inputType?.startsWith("delete")) reformat(expiry, formattedExpiry);
});
cvc.addEventListener("input", () => reformat(cvc, (text) => onlyDigits(text).slice(0, 4)));

// Test cards and bank accounts -------------------------------------------------------------------

const samples = document.querySelectorAll(".test-card");
for (const sample of samples) {
  sample.addEventListener("click", () => {
    if (form.getAttribute("aria-busy") === "true") return;
    for (const [field, value] of Object.entries(sample.dataset)) {
      if (form.elements[field]) form.elements[field].value = value;
    }
    reformat(number, (text) => groupedNumber(onlyDigits(text)));
    if (!holder.value) holder.value = "Test Customer";
    showBrand();
    for (const other of samples) other.setAttribute("aria-pressed", String(other === sample));
    document.getElementById("submit").focus({ preventScroll: window.innerWidth >= 900 });
    document.getElementById("progress").textContent = `Filled in: ${sample.textContent}.`;
    form.dispatchEvent(new Event("filled"));
  });
}

// Once every script of the page listens to what a test card fills in.
document.addEventListener("DOMContentLoaded", () => {
  for (const sample of samples) sample.disabled = false;
});

showBrand();
