// The page works without this file. With it, photos show before they are sent, nothing reloads,
// and the slider scrubs through the strip that came back: dragging never asks the server.

import { makeAdjust } from "./adjust.js";
import { makeCamera } from "./camera.js";
import { showCode } from "./code.js";
import { Dogs, playbackOf } from "./options.js";
import { makePlayer } from "./player.js";
import { Portrait } from "./portrait.js";
import { projectIn, takeAlong } from "./take.js";
import { patientFetch } from "./patience.js";

const calm = matchMedia("(prefers-reduced-motion: reduce)");
const form = document.querySelector("#morph");
const announce = document.querySelector("#status");

// ---- photos: choose, drop, paste

let described = null;

async function chosenModel() {
  described ??= fetch("/api/v1/models").then((answer) => answer.json());
  const { models } = await described.catch((error) => {
    described = null; // it is asked for again
    throw error;
  });
  const name = form.elements.model?.value;
  return models.find((model) => (name ? model.name === name : model.default));
}

const adjust = makeAdjust(document.querySelector("#adjust"));
const portraits = [...form.querySelectorAll(".card")].map(
  (card) => new Portrait(card, { model: chosenModel, adjust }),
);

const [friend, dog] = portraits;
const dogs = new Dogs(form, dog);

form.elements.model?.addEventListener("change", async () => {
  const model = await chosenModel();
  for (const portrait of portraits) portrait.lookThrough(model);
  dogs.offer(model);
});

function takePhoto(portrait, file) {
  const files = new DataTransfer();
  files.items.add(file);
  portrait.input.files = files.files;
  hang(portrait, file);
}

async function hang(portrait, file) {
  made = false;
  portrait.show(file);
  dogs.settle();
  const project = await projectIn(file);
  if (project) return location.assign(project); // a morph that was saved here
  await portrait.ready;
  if (portrait.file === file) begin();
}

/** Morph unasked, as soon as it is sure whose faces are meant. */
function begin() {
  const sure = friend.found && (dog.file ? dog.found : dogs.known);
  if (sure && !made && !form.querySelector("[aria-invalid]")) submit(true);
}

makeCamera(document.querySelector("#camera"), portraits, takePhoto);

function takePhotos(files, first) {
  const rank = (portrait) => (portrait === first ? 0 : portrait.file ? 2 : 1);
  const order = [...portraits].sort((a, b) => rank(a) - rank(b));
  files.slice(0, order.length).forEach((file, i) => takePhoto(order[i], file));
}

const isPicture = ({ type, name }) =>
  type.startsWith("image/") || /\.(heic|heif|avif)$/i.test(name);

for (const portrait of portraits) {
  const { card, input } = portrait;
  input.addEventListener("change", () => hang(portrait, input.files[0]));
  for (const type of ["dragenter", "dragover"]) {
    card.addEventListener(type, () => card.classList.add("over"));
  }
  for (const type of ["dragleave", "drop"]) {
    card.addEventListener(type, () => card.classList.remove("over"));
  }
}

addEventListener("paste", (event) => takePhotos([...event.clipboardData.files].filter(isPicture)));

addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => {
  event.preventDefault(); // a photo dropped beside the cards must not replace the page
  const files = [...event.dataTransfer.files];
  const under = portraits.find(({ card }) => card.contains(event.target));
  takePhotos(under && files.length === 1 ? files : files.filter(isPicture), under);
});

// ---- sending

let sending = null;
let made = false; // whether the morph on the page is of these photos

form.addEventListener("change", ({ target }) => {
  if (made && target.type !== "file" && !target.closest("[data-playback]")) again(true);
});

form.addEventListener("adjusted", () => made && again(true));

form.querySelector(".cancel").addEventListener("click", () => {
  sending?.abort();
  form.removeAttribute("aria-busy");
  announce.textContent = "Cancelled.";
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});

/** Ask for the morph. unasked: whoever is busy with something else is not led to it. */
async function submit(unasked = false) {
  sending?.abort();
  const mine = (sending = new AbortController());
  form.setAttribute("aria-busy", "true");
  announce.textContent = "Imagining the faces in between…";
  for (const portrait of portraits) portrait.complain("");
  say("");
  let stages = null;
  try {
    const body = new FormData(form);
    for (const portrait of portraits) portrait.addTo(body);
    const options = { method: "POST", body, signal: mine.signal };
    const headers = { Accept: "text/html" };
    stages = listen();
    const query = `files=later&progress=${stages.number}`;
    const answer = await patientFetch(`${form.action}?${query}`, { ...options, headers });
    stages.close();
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!page.querySelector("#morph")) throw new Error("not our page");
    await showAnswer(page, answer.ok, { asked: body, unasked });
  } catch (error) {
    if (error.name === "AbortError") return stages?.close();
    announce.textContent = "";
    say("The server could not be reached. Your photos are still here: please try again.");
  }
  stages?.close();
  if (sending === mine) form.removeAttribute("aria-busy");
}

/** Show the stages that the server goes through, under a number of our own. */
function listen() {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  const number = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const stages = new EventSource(`/progress/${number}`);
  stages.addEventListener("message", ({ data }) => (announce.textContent = data));
  stages.addEventListener("over", () => stages.close());
  return { number, close: () => stages.close() };
}

async function showAnswer(page, ok, { asked, unasked }) {
  made = ok;
  if (ok) {
    const result = document.adoptNode(page.querySelector("#result"));
    const title = result.querySelector("h2");
    title.removeAttribute("autofocus"); // that is for a page that was loaded
    const old = document.querySelector("#result");
    const reading = old.contains(document.activeElement);
    old.replaceWith(result);
    if (!unasked || reading) title.focus({ preventScroll: true });
    const player = await present(result, asked);
    player.show(0, true);
    if (!player.calm) player.play(true);
    remember(result);
    announce.textContent = "The morph is ready.";
    form.querySelector(".jump").hidden = !unasked;
    if (unasked) return;
    const above = result.getBoundingClientRect().top < 0;
    const behavior = calm.matches ? "auto" : "smooth";
    if (above) result.scrollIntoView({ block: "start", behavior });
    else result.querySelector(".film").scrollIntoView({ block: "nearest", behavior });
    return;
  }
  announce.textContent = "";
  say(page.querySelector("#form-error").textContent.trim());
  for (const portrait of portraits) {
    portrait.complain(page.querySelector(`#${portrait.role}-error`).textContent);
  }
  if (!unasked) form.querySelector("[aria-invalid]")?.focus();
}

function say(text) {
  document.querySelector("#form-error").textContent = text;
}

// ---- the result

async function present(result, asked = null) {
  const playback = () => playbackOf(form);
  const player = await makePlayer(result, playback);
  takeAlong(result, player, { asked, playback });
  result.querySelector("[data-swap]")?.addEventListener("click", swap);
  result.querySelector("[data-another]")?.addEventListener("click", another);
  return player;
}

/** Keep with this entry of the history what brings the morph back: no photo, only its link. */
function remember(result) {
  history.replaceState({ morph: result.querySelector("[data-link]").href }, "");
}

/** Show what was on the page when it was left, or else what came with it. */
async function open() {
  const kept = history.state?.morph;
  const headers = { Accept: "text/html" };
  const answer = kept && (await fetch(kept, { headers }).catch(() => null));
  if (answer?.ok) {
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const result = document.adoptNode(page.querySelector("#result"));
    document.querySelector("#result").replaceWith(result);
    document.querySelector("#result h2").textContent = "From friend to dog";
  }
  const result = document.querySelector("#result");
  if (!result.querySelector(".strip")) return;
  const player = await present(result);
  player.show(player.calm ? 0 : Math.floor(player.frames.length / 2), true);
  if (new URL(location).pathname === "/shared" && !player.calm) player.play();
}

function swap() {
  const files = portraits.map(({ file }) => file);
  if (!files.every(Boolean)) return say("Only two photos can be swapped; one of these is none.");
  takePhoto(friend, files[1]);
  takePhoto(dog, files[0]);
  again();
}

function another() {
  if (!dogs.known) return dog.input.click();
  dogs.another();
  again();
}

async function again(unasked = false) {
  await Promise.all(portraits.map((portrait) => portrait.ready));
  submit(unasked);
}

showCode(document.querySelector(".code"), form);
open();
for (const portrait of portraits) {
  const [file] = portrait.input.files;
  if (file) hang(portrait, file); // the browser restored it after "back"
}
