// The frames of a morph on a canvas: scrubbed, played, compared. They were all decoded when the
// strip came, so nothing here asks the server.

import { blend, cutStrip } from "./latents.js";

const calm = matchMedia("(prefers-reduced-motion: reduce)");
const REVEAL = 2200; // milliseconds in which a new morph goes by

/** The numbers of the frames that one turn of a loop shows, as the server's animations do. */
export function playingOrder(steps, { hold, pingPong }) {
  const rest = (frame) => Array(hold).fill(frame);
  const there = [...rest(0), ...Array(steps).keys(), ...rest(steps - 1)];
  const between = [...Array(steps).keys()].slice(1, -1);
  return pingPong ? [...there, ...between.reverse()] : there;
}

/** Make the slider of a result scrub its strip. playback(): hold, pingPong and fps, as they are. */
export async function makePlayer(result, playback) {
  const strip = result.querySelector(".strip");
  await strip.decode();
  const steps = Number(strip.dataset.steps);
  const [width, height] = [strip.naturalWidth / steps, strip.naturalHeight];
  const whole = await createImageBitmap(strip); // decoded once, not for every frame
  const frames = await cutStrip(whole, width, height, steps);

  const slider = result.querySelector(".frame");
  const button = result.querySelector(".play");
  const playhead = result.querySelector(".playhead");
  const film = result.querySelector(".film");
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d");
  canvas.setAttribute("role", "img");
  canvas.style.aspectRatio = `${width} / ${height}`;
  result.querySelector(".stage").replaceChildren(canvas);

  let shown = 0; // where the picture is, between frames while it moves
  let moving = 0;
  let playing = 0;
  const at = () => slider.valueAsNumber;
  const compared = makeCompare(result, canvas, { steps, draw, at, show });

  function draw() {
    blend(canvas, frames, shown, Boolean(moving || playing));
    if (compared.frame !== null) compared.paint(context, frames[compared.frame]);
  }

  function move() {
    const away = slider.valueAsNumber - shown;
    const arrived = Math.abs(away) < 0.02 || calm.matches;
    shown = arrived ? slider.valueAsNumber : shown + away * 0.45;
    moving = arrived ? 0 : requestAnimationFrame(move);
    draw();
  }

  function mark(frame) {
    slider.value = frame;
    const text = `Frame ${frame + 1} of ${steps}`;
    slider.setAttribute("aria-valuetext", text);
    canvas.setAttribute("aria-label", text);
    playhead.style.left = `${(100 * frame) / steps}%`;
    film.scrollLeft = playhead.offsetLeft + (playhead.offsetWidth - film.clientWidth) / 2;
    compared.say();
  }

  /** Go to a frame; at once: without passing those in between. */
  function show(frame, atOnce = false) {
    stop();
    mark(Math.max(0, Math.min(steps - 1, frame)));
    if (atOnce) shown = slider.valueAsNumber;
    if (!moving) move();
  }

  // ---- playing

  function stop() {
    cancelAnimationFrame(playing);
    playing = 0;
    button.setAttribute("aria-label", "Play");
    button.classList.remove("on");
  }

  function play(once = false) {
    cancelAnimationFrame(moving);
    moving = 0;
    button.setAttribute("aria-label", "Pause");
    button.classList.add("on");
    let turn = 0; // frames of the loop that have gone by
    let last = null;
    const begun = once ? 0 : playingOrder(steps, playback()).indexOf(slider.valueAsNumber);
    playing = requestAnimationFrame(function next(now) {
      if (!canvas.isConnected) return stop();
      const { fps, ...loop } = playback();
      const rate = once ? (steps - 1) / REVEAL : fps / 1000;
      turn += rate * (now - (last ?? now));
      last = now;
      if (once && turn >= steps - 1) return show(steps - 1);
      const order = once ? [...Array(steps).keys()] : playingOrder(steps, loop);
      const place = (begun + turn) % order.length;
      const [from, to] = [order[Math.floor(place)], order[Math.floor(place + 1) % order.length]];
      const between = Math.abs(to - from) === 1 && !calm.matches ? place % 1 : 0;
      shown = from + (to - from) * between;
      mark(Math.round(shown));
      draw();
      playing = requestAnimationFrame(next);
    });
  }

  const toggle = () => (playing ? stop() : play());

  // ---- hands and keys

  slider.max = steps - 1;
  slider.addEventListener("input", () => show(slider.valueAsNumber));
  button.addEventListener("click", toggle);
  strip.addEventListener("click", (event) => {
    show(Math.floor((event.offsetX / strip.clientWidth) * steps));
  });
  result.addEventListener("keydown", (event) => {
    if (event.target.closest("input, select, summary, a, button")) return;
    const keys = { ArrowLeft: at() - 1, ArrowRight: at() + 1, Home: 0, End: steps - 1 };
    if (event.key in keys) show(keys[event.key]);
    else if (event.key === " ") toggle();
    else return;
    event.preventDefault();
  });
  playhead.style.width = `${100 / steps}%`;
  playhead.hidden = result.querySelector(".scrubber").hidden = false;
  result.classList.add("scripted");
  new ResizeObserver(() => {
    canvas.width = Math.round(canvas.clientWidth * devicePixelRatio);
    canvas.height = Math.round((canvas.width * height) / width);
    draw();
  }).observe(canvas);

  return { frames, at, show, play, calm: calm.matches };
}

/** Two frames on one canvas, with a seam to draw across: one that is kept, and the slider's. */
function makeCompare(result, canvas, { steps, draw, at, show }) {
  const button = result.querySelector(".compare");
  const label = result.querySelector(".seam");
  const seam = label.querySelector("input");
  const words = label.querySelector(".compared");
  const compared = { frame: null, say, paint };

  function say() {
    if (compared.frame === null) return;
    words.textContent = `Frame ${compared.frame + 1} on the left, frame ${at() + 1} on the right`;
  }

  function paint(context, frame) {
    const { width, height } = context.canvas;
    const x = Math.round((width * seam.valueAsNumber) / 100);
    context.save();
    context.beginPath();
    context.rect(0, 0, x, height);
    context.clip();
    context.drawImage(frame, 0, 0, width, height);
    context.restore();
    context.fillStyle = getComputedStyle(canvas).getPropertyValue("--on-photo");
    context.fillRect(x - devicePixelRatio, 0, 2 * devicePixelRatio, height);
  }

  function turn(on) {
    compared.frame = on ? at() : null;
    button.setAttribute("aria-pressed", on);
    label.hidden = !on;
    canvas.classList.toggle("comparing", on);
    if (on) show(at() < steps / 2 ? steps - 1 : 0);
    else draw();
  }

  function drag({ clientX, buttons, type }) {
    if (compared.frame === null || (type === "pointermove" && !buttons)) return;
    const { left, width } = canvas.getBoundingClientRect();
    seam.value = (100 * (clientX - left)) / width;
    draw();
  }

  button.addEventListener("click", () => turn(compared.frame === null));
  seam.addEventListener("input", draw);
  canvas.addEventListener("pointerdown", (event) => {
    if (compared.frame !== null) canvas.setPointerCapture(event.pointerId);
    drag(event);
  });
  canvas.addEventListener("pointermove", drag);
  return compared;
}
