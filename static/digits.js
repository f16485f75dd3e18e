// The planes of two-number models: dots, what is decoded under the pointer, and along a line.

import { decode } from "./latents.js";

const STEPS = 11; // digits on a line
const NUDGE = 40; // arrow keys' steps from one side to the other

const ink = getComputedStyle(document.documentElement);
const colours = Array.from({ length: 10 }, (_, d) => ink.getPropertyValue(`--digit-${d}`));
const side = Number(document.querySelector(".planes")?.dataset.side);

for (const section of document.querySelectorAll(".plane")) makePlane(section);

async function makePlane(section) {
  const { model } = section.dataset;
  const picture = section.querySelector(".field img");
  const here = section.querySelector(".here").getContext("2d");
  const strip = section.querySelector(".line-strip").getContext("2d");
  const where = section.querySelector(".where");
  const button = section.querySelector("[data-grid]");
  const { points, labels, extent } = await (await fetch(new URL(`digits/${model}.json`, import.meta.url))).json();
  await picture.decode();
  const [[left, right], [bottom, top]] = extent;

  const field = Object.assign(document.createElement("canvas"), { width: 720, height: 720 });
  const context = field.getContext("2d");
  field.tabIndex = 0;
  field.setAttribute("role", "application");
  const label = `The plane of ${model}: the arrow keys move, Enter draws a line`;
  field.setAttribute("aria-label", label);
  picture.before(field);
  picture.hidden = true;

  // places are fractions of the field, from its top left
  const latentAt = ([x, y]) => [left + x * (right - left), top + y * (bottom - top)];
  const placeOf = ([zx, zy]) => [(zx - left) / (right - left), (zy - top) / (bottom - top)];
  let place = [0.5, 0.5];
  let start = null; // of a line that is being drawn
  let line = null;
  let digits = false;

  function draw() {
    const { width, height } = field;
    const at = ([x, y]) => [x * width, y * height];
    context.clearRect(0, 0, width, height);
    if (digits) context.drawImage(picture, 0, 0, width, height);
    for (const [i, point] of digits ? [] : points.entries()) {
      context.fillStyle = colours[labels[i]];
      context.fillRect(...at(placeOf(point)).map((v) => v - 3), 6, 6);
    }
    context.strokeStyle = context.fillStyle = ink.getPropertyValue("--ink");
    context.lineWidth = 4;
    const drawn = start ? [start, place] : line;
    if (drawn) {
      context.beginPath();
      context.moveTo(...at(drawn[0]));
      context.lineTo(...at(drawn[1]));
      context.stroke();
    }
    context.beginPath();
    context.arc(...at(place), 9, 0, 7);
    context.stroke();
  }

  function move([x, y]) {
    place = [Math.min(Math.max(x, 0), 1), Math.min(Math.max(y, 0), 1)];
    where.textContent = `At ${latentAt(place).map((v) => v.toFixed(1)).join(", ")}`;
    drawNearest();
    draw();
    lookAt(place);
  }

  /** The nearest digit of the grid, until the one that was meant is here. */
  function drawNearest() {
    const size = picture.naturalWidth / side;
    const [column, row] = place.map((v) => Math.round(v * (side - 1)) * size);
    here.drawImage(picture, column, row, size, size, 0, 0, here.canvas.width, here.canvas.height);
  }

  // One request at a time; of those that wait, only the last is made.
  let busy = false;
  let wanted = null;

  async function lookAt(next) {
    wanted = next;
    if (busy) return;
    busy = true;
    while (wanted) {
      const asked = wanted;
      wanted = null;
      const [digit] = await decode([latentAt(asked)], model).catch(() => []);
      if (!digit || asked !== place) continue;
      here.drawImage(digit, 0, 0, here.canvas.width, here.canvas.height);
      section.dataset.shown = latentAt(asked).map((v) => v.toFixed(2));
    }
    busy = false;
  }

  function finish() {
    line = [start, place];
    start = null;
    draw();
    return follow();
  }

  async function follow() {
    const [from, to] = line.map(latentAt);
    const along = (k) => from.map((v, i) => v + ((to[i] - v) * k) / (STEPS - 1));
    const frames = await decode([...Array(STEPS).keys()].map(along), model).catch(() => []);
    const size = strip.canvas.width / STEPS;
    frames.forEach((frame, k) => strip.drawImage(frame, k * size, 0, size, strip.canvas.height));
    section.dataset.line = frames.length;
  }

  const pointed = ({ offsetX: x, offsetY: y }) => [x / field.clientWidth, y / field.clientHeight];

  field.addEventListener("pointermove", (event) => move(pointed(event)));
  field.addEventListener("pointerdown", (event) => {
    field.setPointerCapture(event.pointerId);
    move(pointed(event));
    start = place;
  });
  field.addEventListener("pointerup", () => {
    const far = start && Math.hypot(place[0] - start[0], place[1] - start[1]);
    if (far > 0.02) return finish();
    start = null;
    draw();
  });
  field.addEventListener("keydown", (event) => {
    const [x, y] = place;
    const step = 1 / NUDGE;
    const keys = {
      ArrowLeft: [x - step, y],
      ArrowRight: [x + step, y],
      ArrowUp: [x, y - step],
      ArrowDown: [x, y + step],
    };
    if (event.key in keys) move(keys[event.key]);
    else if (event.key === "Enter" && start) finish();
    else if (event.key === "Enter") start = place;
    else return;
    event.preventDefault();
  });
  button.addEventListener("click", () => {
    digits = !digits;
    button.setAttribute("aria-pressed", digits);
    draw();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  line = [[0.2, 0.15], [0.8, 0.85]]; // one to begin with
  move(place);
  follow();
}
