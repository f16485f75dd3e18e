// Sliders through latent space. After each step one request decodes all of them at all their
// places, so that moving one draws what is here already.

import { add, ask, between, blend, decode } from "./latents.js";

const PLACES = 7; // on each slider that are decoded; nine sliders make 63, and the face itself 64
const FIRST = 6; // the seed of the face that is there at first
const LEG = 16; // frames from one face of a stroll to the next
const PACE = 10; // of them in a second

const calm = matchMedia("(prefers-reduced-motion: reduce)");
const explorer = document.querySelector("#explorer");
if (explorer) explore(explorer);

async function explore(root) {
  const { model } = root.dataset;
  const face = root.querySelector("#face");
  const title = root.querySelector("#here");
  const said = root.querySelector(".said");
  const { directions, dog } = await (await ask(`directions?model=${model}`)).json();
  const ways = [
    makeWay("More of a dog", dog, -0.5, 1.5),
    ...directions.map((direction, i) => makeWay(`Way ${i + 1}`, direction, -3, 3)),
  ];
  root.querySelector(".ways").replaceChildren(...ways.map(({ row }) => row));

  let home = root.dataset.face ? JSON.parse(root.dataset.face) : await drawn("person", FIRST);
  let here = home;
  let asking = null;
  let strolling = false;

  for (const way of ways) {
    way.slider.addEventListener("input", () => {
      if (way.frames) blend(face, way.frames, way.place());
    });
    way.slider.addEventListener("change", () => {
      here = add(here, way.direction, way.far() - way.at);
      way.at = way.far();
      look();
    });
  }

  /** Decode the face and what every slider leads to. */
  async function look() {
    asking?.abort();
    const { signal } = (asking = new AbortController());
    const latents = ways.flatMap(({ direction, at, places }) =>
      places.map((far) => add(here, direction, far - at)),
    );
    try {
      const frames = await decode([here, ...latents], model, signal);
      if (signal.aborted) return;
      blend(face, frames, 0);
      ways.forEach((way, i) => way.show(frames.slice(1 + i * PLACES, 1 + (i + 1) * PLACES)));
      root.dataset.ready = Number(root.dataset.ready ?? 0) + 1;
    } catch (error) {
      complain(error);
    }
  }

  const complain = ({ name, said: why }) => {
    if (name !== "AbortError") said.textContent = why ?? "The server could not be reached.";
  };

  function settle(latent, words) {
    said.textContent = "";
    title.textContent = words;
    home = here = latent;
    for (const way of ways) way.reset();
    return look();
  }

  async function drawn(of, seed = Math.floor(Math.random() * 1e9)) {
    const { latents } = await (await ask(`samples?model=${model}&of=${of}&seed=${seed}`)).json();
    return latents[0];
  }

  // ---- other places to set out from

  for (const button of root.querySelectorAll("[data-draw]")) {
    const words = { person: "A face that nobody has", dog: "A dog that nobody has" };
    const { draw } = button.dataset;
    button.addEventListener("click", () => {
      halt();
      const title = words[draw] ?? "Drawn from all that is possible";
      drawn(draw).then((z) => settle(z, title), complain);
    });
  }
  const goBack = () => settle(home, title.textContent);
  root.querySelector("[data-back]").addEventListener("click", goBack);
  root.querySelector("[type=file]").addEventListener("change", async ({ target }) => {
    halt();
    const body = new FormData();
    body.set("photo", target.files[0]);
    body.set("model", model);
    said.textContent = "Looking…";
    try {
      const { latent } = await (await ask("encode", { method: "POST", body })).json();
      settle(latent, "Your friend");
    } catch (error) {
      complain(error);
    }
  });

  // ---- a stroll from one random face to the next

  const button = root.querySelector("[data-stroll]");
  const halt = () => {
    strolling = false;
    button.setAttribute("aria-pressed", false);
  };

  button.addEventListener("click", () => (strolling ? halt() : stroll()));

  async function stroll() {
    strolling = true;
    button.setAttribute("aria-pressed", true);
    let last = here;
    const leg = async () => {
      const next = await drawn(Math.random() < 0.5 ? "person" : "dog");
      const latents = between(last, next, LEG);
      last = next;
      return { latents, frames: await decode(latents, model) };
    };
    try {
      let coming = leg();
      while (strolling) {
        const { latents, frames } = await coming;
        coming = leg(); // decoded while this one is walked
        coming.catch(() => {});
        await walk(frames, latents);
      }
    } catch (error) {
      complain(error);
    }
    halt();
    settle(here, "Somewhere between them");
  }

  async function walk(frames, latents) {
    const begun = performance.now();
    for (let place = 0; place < frames.length - 1 && strolling; ) {
      const now = await new Promise(requestAnimationFrame);
      place = Math.min(((now - begun) / 1000) * PACE, frames.length - 1);
      if (calm.matches) place = Math.floor(place);
      blend(face, frames, Math.max(0, place));
      here = latents[Math.round(Math.max(0, place))];
    }
  }

  look();
}

/** A slider along a direction, with a picture at either end. */
function makeWay(name, direction, least, most) {
  const row = document.createElement("label");
  row.className = "way";
  const words = Object.assign(document.createElement("span"), { textContent: name });
  const ends = [0, 1].map(() => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 96, height: 96 });
    canvas.setAttribute("aria-hidden", true);
    return canvas;
  });
  const slider = document.createElement("input");
  Object.assign(slider, { type: "range", min: least, max: most, step: "any", value: 0 });
  row.append(words, ends[0], slider, ends[1]);
  const step = (most - least) / (PLACES - 1);
  const places = Array.from({ length: PLACES }, (_, k) => least + k * step);
  return {
    row,
    slider,
    direction,
    places,
    at: 0,
    frames: null,
    far: () => slider.valueAsNumber,
    place: () => ((slider.valueAsNumber - least) / (most - least)) * (PLACES - 1),
    show(frames) {
      this.frames = frames;
      blend(ends[0], frames, 0);
      blend(ends[1], frames, PLACES - 1);
    },
    reset() {
      this.at = slider.value = 0;
    },
  };
}
