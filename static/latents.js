// Latents and their pictures, as the server decodes them.

import { patientFetch } from "./patience.js";

/** Ask the API; what it refuses is an error with its sentence in `said`. */
export async function ask(path, options = {}) {
  const answer = await patientFetch(`/api/v1/${path}`, options);
  if (answer.ok) return answer;
  throw Object.assign(new Error(answer.status), { said: (await answer.json()).detail });
}

/** Pictures of latents, as bitmaps, with one request. */
export async function decode(latents, model, signal) {
  const rounded = latents.map((z) => z.map((v) => Math.round(v * 1e4) / 1e4));
  const body = JSON.stringify({ latents: rounded, model });
  const headers = { "Content-Type": "application/json" };
  const answer = await ask("decode", { method: "POST", headers, body, signal });
  const strip = await createImageBitmap(await answer.blob());
  return cutStrip(strip, strip.width / latents.length, strip.height, latents.length);
}

/** The frames of a strip, each of that size, as bitmaps. */
export function cutStrip(strip, width, height, count) {
  const cut = (_, i) => createImageBitmap(strip, i * width, 0, width, height);
  return Promise.all(Array.from({ length: count }, cut));
}

export const add = (z, direction, far) => z.map((v, i) => v + far * direction[i]);

/** So many latents on the way from one to another, without the first. */
export const between = (from, to, steps) =>
  Array.from({ length: steps }, (_, k) => from.map((v, i) => v + ((to[i] - v) * (k + 1)) / steps));

/** Draw a picture between two frames of a list on a canvas, quickly if it moves. */
export function blend(canvas, frames, place, moves = false) {
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = moves ? "low" : "high";
  context.clearRect(0, 0, canvas.width, canvas.height);
  const first = Math.floor(place);
  for (const [frame, alpha] of [[frames[first], 1], [frames[first + 1], place - first]]) {
    if (!frame || !alpha) continue;
    context.globalAlpha = alpha;
    context.drawImage(frame, 0, 0, canvas.width, canvas.height);
  }
  context.globalAlpha = 1;
}
