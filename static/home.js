// The page works without this file. With it, photos show before they are sent, nothing reloads,
// and the slider scrubs through the strip that came back: dragging never asks the server.

import { makeAdjust } from "./adjust.js";
import { Portrait } from "./portrait.js";

const calm = matchMedia("(prefers-reduced-motion: reduce)");
const form = document.querySelector("#morph");
const announce = document.querySelector("#status");

// ---- photos: choose, drop, paste

let described = null;

async function chosenModel() {
  described ??= (await (await fetch("/api/v1/models")).json()).models;
  const name = form.elements.model?.value;
  return described.find((model) => (name ? model.name === name : model.default));
}

const adjust = makeAdjust(document.querySelector("#adjust"));
const portraits = [...form.querySelectorAll(".card")].map(
  (card) => new Portrait(card, { model: chosenModel, adjust }),
);

form.elements.model?.addEventListener("change", async () => {
  const model = await chosenModel();
  for (const portrait of portraits) portrait.lookThrough(model);
});

function takePhoto(portrait, file) {
  const files = new DataTransfer();
  files.items.add(file);
  portrait.input.files = files.files;
  portrait.show(file);
}

function takePhotos(files, first) {
  const rank = (portrait) => (portrait === first ? 0 : portrait.file ? 2 : 1);
  const order = [...portraits].sort((a, b) => rank(a) - rank(b));
  files.slice(0, order.length).forEach((file, i) => takePhoto(order[i], file));
}

const isPicture = ({ type, name }) =>
  type.startsWith("image/") || /\.(heic|heif|avif)$/i.test(name);

for (const portrait of portraits) {
  const { card, input } = portrait;
  input.addEventListener("change", () => portrait.show(input.files[0]));
  for (const type of ["dragenter", "dragover"]) {
    card.addEventListener(type, () => card.classList.add("over"));
  }
  for (const type of ["dragleave", "drop"]) {
    card.addEventListener(type, () => card.classList.remove("over"));
  }
  if (input.files.length) portrait.show(input.files[0]); // the browser restored it after "back"
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

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  sending?.abort();
  const mine = (sending = new AbortController());
  form.setAttribute("aria-busy", "true");
  announce.textContent = "Imagining the faces in between…";
  for (const portrait of portraits) portrait.complain("");
  say("");
  try {
    const body = new FormData(form);
    for (const portrait of portraits) portrait.addTo(body);
    const options = { method: "POST", body, signal: mine.signal };
    const answer = await fetch(form.action, { ...options, headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!page.querySelector("#morph")) throw new Error("not our page");
    await showAnswer(page, answer.ok);
  } catch (error) {
    if (error.name === "AbortError") return;
    announce.textContent = "";
    say("The server could not be reached. Your photos are still here: please try again.");
  }
  if (sending === mine) form.removeAttribute("aria-busy");
});

async function showAnswer(page, ok) {
  if (ok) {
    const result = document.adoptNode(page.querySelector("#result"));
    const title = result.querySelector("h2");
    title.removeAttribute("autofocus"); // that is for a page that was loaded
    document.querySelector("#result").replaceWith(result);
    title.focus({ preventScroll: true });
    await scrub(result, true);
    const above = result.getBoundingClientRect().top < 0;
    const behavior = calm.matches ? "auto" : "smooth";
    if (above) result.scrollIntoView({ block: "start", behavior });
    else result.querySelector(".film").scrollIntoView({ block: "nearest", behavior });
    announce.textContent = "The morph is ready.";
    return;
  }
  announce.textContent = "";
  say(page.querySelector("#form-error").textContent.trim());
  for (const portrait of portraits) {
    portrait.complain(page.querySelector(`#${portrait.role}-error`).textContent);
  }
  form.querySelector("[aria-invalid]")?.focus();
}

function say(text) {
  document.querySelector("#form-error").textContent = text;
}

// ---- scrubbing

async function scrub(result, play = false) {
  const strip = result.querySelector(".strip");
  if (!strip) return;
  await strip.decode();
  const steps = Number(strip.dataset.steps);
  const slider = result.querySelector("input[type=range]");
  const button = result.querySelector(".play");
  const playhead = result.querySelector(".playhead");
  const width = strip.naturalWidth / steps;
  const height = strip.naturalHeight;
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d");
  canvas.setAttribute("role", "img");
  result.querySelector(".stage").replaceChildren(canvas);
  canvas.style.aspectRatio = `${width} / ${height}`;

  let shown = 0; // where the picture is, between frames while it moves
  let moving = 0;

  function draw() {
    const first = Math.floor(shown);
    context.imageSmoothingQuality = "high";
    for (const [frame, alpha] of [[first, 1], [first + 1, shown - first]]) {
      if (!alpha) continue;
      context.globalAlpha = alpha;
      context.drawImage(strip, frame * width, 0, width, height, 0, 0, canvas.width, canvas.height);
    }
  }

  function move() {
    const away = slider.valueAsNumber - shown;
    const arrived = Math.abs(away) < 0.02 || calm.matches;
    shown = arrived ? slider.valueAsNumber : shown + away * 0.45;
    draw();
    moving = arrived ? 0 : requestAnimationFrame(move);
  }

  function show(frame) {
    slider.value = frame;
    const text = `Frame ${frame + 1} of ${steps}`;
    slider.setAttribute("aria-valuetext", text);
    canvas.setAttribute("aria-label", text);
    canvas.dataset.frame = frame;
    playhead.style.left = `${(100 * frame) / steps}%`;
    const film = playhead.closest(".film");
    film.scrollLeft = playhead.offsetLeft + (playhead.offsetWidth - film.clientWidth) / 2;
    if (!moving) move();
  }

  let timer = 0;

  function run(on, once = false) {
    clearInterval(timer);
    timer = 0;
    button.setAttribute("aria-label", on ? "Pause" : "Play");
    button.classList.toggle("on", on);
    if (!on) return;
    let step = slider.valueAsNumber >= steps - 1 ? -1 : 1;
    timer = setInterval(() => {
      if (!canvas.isConnected) return run(false);
      const next = slider.valueAsNumber + step;
      show(next);
      if (next > 0 && next < steps - 1) return;
      step = -step;
      if (once) run(false);
    }, Math.max(40, 2200 / steps));
  }

  slider.max = steps - 1;
  slider.addEventListener("input", () => {
    run(false);
    show(slider.valueAsNumber);
  });
  button.addEventListener("click", () => run(!timer));
  strip.addEventListener("click", (event) => {
    run(false);
    show(Math.min(steps - 1, Math.floor((event.offsetX / strip.clientWidth) * steps)));
  });
  playhead.style.width = `${100 / steps}%`;
  playhead.hidden = result.querySelector(".scrubber").hidden = false;
  result.classList.add("scripted");
  new ResizeObserver(() => {
    canvas.width = Math.round(canvas.clientWidth * devicePixelRatio);
    canvas.height = Math.round((canvas.width * height) / width);
    draw();
  }).observe(canvas);
  show(play || calm.matches ? 0 : Math.floor(steps / 2));
  if (play && !calm.matches) run(true, true);
}

scrub(document.querySelector("#result"));
