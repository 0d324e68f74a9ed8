// Keys, drafts and focus of the review page. Everything here only speeds up what plain links and forms do.
"use strict";

const KEYS_OFF = "seimai-keys-off";
const DRAFT_AFTER = 800; // milliseconds without a key press before a draft is sent
const ALIVE_EVERY = 120_000; // milliseconds after which a page that is looked at renews its leases, which last 300 s
const READ_FOR = 1_800_000; // milliseconds after the last use for which a page in view counts as read; a session idles as long
let draftTimer = 0;
let usedAt = Date.now(); // when it was opened, or last used by key, pointer or scrolling
let toldAt = 0; // when it last gave a sign of life

const main = () => document.getElementById("main");
const isTyping = (element) => element instanceof HTMLElement &&
  (element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName)) && !/^(checkbox|radio)$/.test(element.type);
const choices = () => [...main().querySelectorAll(".choice")];

function say(text) {
  document.getElementById("live").textContent = text;
}

function choose(step) {
  const all = choices();
  if (!all.length) return false;
  const now = all.findIndex((one) => "chosen" in one.dataset);
  const next = (now + step + all.length) % all.length;
  if (now >= 0) delete all[now].dataset.chosen;
  all[now < 0 ? (step > 0 ? 0 : all.length - 1) : next].dataset.chosen = "";
  const chosen = all.find((one) => "chosen" in one.dataset);
  chosen.focus();
  return true;
}

function goTo(field) {
  const target = main().querySelector(`[data-focus="${field}"]`);
  if (!target) return false;
  if (target.tagName === "SUMMARY") {
    target.parentElement.open = true;
    const box = target.parentElement;
    (box.querySelector("#input, #target, #marked") || box.querySelector("textarea")).focus();
  } else {
    target.focus();
    if (target.select) target.select();
  }
  return true;
}

function press(key) {
  const target = main().querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (!target) return false;
  if (target.tagName === "INPUT") target.focus();
  target.click();
  return true;
}

function doChosen() {
  const chosen = main().querySelector(".choice[data-chosen]");
  if (chosen) chosen.click();
  return Boolean(chosen);
}

// Whether a key does something once only, however long it is held: what comes next nobody has seen yet.
function isOnce(event, typing) {
  const withOther = event.ctrlKey || event.metaKey;
  if (typing) return event.key === "Enter" && (withOther || event.target.tagName !== "TEXTAREA");
  if (withOther || event.altKey || event.key === " ") return false;
  return event.key.length === 1 || event.key === "Enter" || event.key === "ArrowRight";
}

function onKey(event) {
  // An IME's keys, and those with a modifier, are never ours. 229 is what some browsers say while composing.
  if (event.isComposing || event.keyCode === 229) return;
  const typing = isTyping(event.target);
  if (event.repeat && isOnce(event, typing)) { event.preventDefault(); return; }
  if (typing && event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    const group = event.target.closest(".field");
    const save = group && group.querySelector("[data-save]");
    if (save) { event.preventDefault(); save.click(); }
    return;
  }
  if (typing && event.key === "Escape") { event.target.blur(); focusTitle(); return; }
  if (typing && event.key === "Enter" && event.target.id === "label") {
    event.preventDefault();
    main().querySelector('[data-save="label"]').click();
    return;
  }
  if (event.target.type === "radio" && event.key.startsWith("Arrow")) return; // moves among the radios
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.getElementById("keys").open || localStorage.getItem(KEYS_OFF)) return;
  const done = {
    "?": () => { document.getElementById("keys").showModal(); return true; },
    ArrowDown: () => choose(1),
    ArrowUp: () => choose(-1),
    r: () => goTo("r"), e: () => goTo("e"), n: () => goTo("n"),
    Enter: () => event.target.closest("a, button, summary") ? false : doChosen() || press("Enter"),
  }[event.key] || (() => press(event.key));
  if (done()) event.preventDefault();
}

function focusTitle() {
  const title = main().querySelector("h1");
  if (title) title.focus({ preventScroll: true });
}

// Keeps the draft and the leases; of a page that is only read it does not keep the session alive.
function sendDraft(form, isRead = false) {
  const body = new URLSearchParams(new FormData(form));
  const headers = { "X-Requested-With": "fetch", ...(isRead && { "X-Only-Read": "yes" }) };
  fetch(form.dataset.draft, { method: "POST", body, keepalive: true, headers })
    .then((answer) => {
      if (answer.status === 401) signedOut().hidden = false;
      const lost = document.getElementById("not-kept");
      lost.textContent = answer.ok || answer.status === 401 ? "" : form.dataset.failed;
      lost.hidden = !lost.textContent;
    })
    .catch(() => {}); // offline: the form still holds what was typed
}

const signedOut = () => document.getElementById("signed-out");

// Signed in again in another tab: the forms of this page get the new session's token, and the draft goes out.
async function resume() {
  if (signedOut().hidden || document.hidden) return;
  const answer = await fetch(location.href, { headers: { "X-Requested-With": "fetch" }, redirect: "manual" });
  if (!answer.ok) return;
  const token = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("input[name=csrf]");
  if (!token) return;
  document.querySelectorAll("input[name=csrf]").forEach((own) => { own.value = token.value; });
  signedOut().hidden = true;
  const form = document.querySelector("form[data-draft]");
  if (form) sendDraft(form);
}

document.addEventListener("keydown", onKey);
document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-draft]");
  if (!form) return;
  clearTimeout(draftTimer);
  draftTimer = setTimeout(() => sendDraft(form), DRAFT_AFTER);
});
document.addEventListener("pointerup", (event) => { // words marked in a text go into the field that waits for them
  const box = event.target.closest && event.target.closest("[data-pick]");
  const picked = box ? getSelection().toString().trim() : "";
  if (picked && !picked.includes("\n")) document.getElementById(box.dataset.pick).value = picked;
});
document.addEventListener("focusin", (event) => { // what was typed and not taken is there to be copied
  if (event.target.matches("textarea[readonly]")) event.target.select();
});
document.addEventListener("submit", () => clearTimeout(draftTimer), true);
document.addEventListener("visibilitychange", () => {
  const form = document.querySelector("form[data-draft]");
  if (document.hidden && draftTimer && form) sendDraft(form);
});
for (const one of ["keydown", "pointerdown", "pointermove", "wheel", "scroll", "input"]) {
  document.addEventListener(one, () => { usedAt = Date.now(); }, { capture: true, passive: true });
}
function giveSign() {
  const form = document.querySelector("form[data-draft]");
  const now = Date.now();
  if (form && !document.hidden && now - usedAt < READ_FOR) sendDraft(form, usedAt <= toldAt);
  toldAt = now;
}
setInterval(giveSign, ALIVE_EVERY);
document.addEventListener("visibilitychange", () => { // whoever comes back to a page goes on reading it
  if (document.hidden) return;
  usedAt = Date.now();
  giveSign();
});
window.addEventListener("focus", resume);
document.addEventListener("visibilitychange", resume);
document.addEventListener("htmx:afterRequest", (event) => {
  const { xhr } = event.detail;
  if (xhr && xhr.status === 401 && !xhr.getResponseHeader("HX-Redirect")) signedOut().hidden = false;
});
document.addEventListener("htmx:beforeSwap", () => { clearTimeout(draftTimer); draftTimer = 0; });
document.addEventListener("htmx:afterSettle", () => {
  const flash = main().querySelector(".flash");
  const title = main().querySelector("h1");
  say([flash && flash.textContent.trim(), title && title.textContent.trim()].filter(Boolean).join(". "));
  focusTitle();
  const back = document.querySelector(".who input[name=back]"); // the header stays when the page changes
  if (back) back.value = location.pathname + location.search;
});
document.getElementById("show-keys").addEventListener("click", () => document.getElementById("keys").showModal());
const keysOn = document.getElementById("keys-on");
keysOn.checked = !localStorage.getItem(KEYS_OFF);
keysOn.addEventListener("change", () => {
  if (keysOn.checked) localStorage.removeItem(KEYS_OFF); else localStorage.setItem(KEYS_OFF, "1");
});
