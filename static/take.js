// Taking a morph along: files of every kind, the clipboard, a link. What the page does not hold yet
// is made from the photos that it was made from, which are still here.

import { playingOrder } from "./player.js";
import { addText, readText } from "./png.js";
import { patientFetch } from "./patience.js";

const MADE = "Made by a model: dogpeople, a variational autoencoder.";
const VIDEOS = ["video/mp4;codecs=avc1.42E01E", "video/webm;codecs=vp9", "video/webm"];
const VIDEO_SIDE = 512; // pixels that a video has at least

/** The address of the morph that a saved picture holds; null if it is any other file. */
export async function projectIn(file) {
  if (file?.type !== "image/png") return null;
  const text = readText(new Uint8Array(await file.arrayBuffer()), "dogpeople");
  return text?.startsWith("/shared?") ? text : null;
}

/** Make the buttons of a result work. asked: the form that was sent; null if nothing was. */
export function takeAlong(result, player, { asked, playback }) {
  const box = result.querySelector(".downloads");
  if (!box) return;
  const said = box.querySelector(".said");
  const link = box.querySelector("[data-link]").href;

  function on(selector, act) {
    for (const button of box.querySelectorAll(selector)) {
      button.addEventListener("click", async () => {
        said.textContent = "";
        button.disabled = true;
        try {
          said.textContent = (await act(button)) ?? "";
        } catch (error) {
          const refused = "This browser does not allow it. ";
          if (error.name !== "AbortError") said.textContent = error.said ?? refused;
        }
        button.disabled = false;
      });
    }
  }

  async function fileOf(format) {
    const body = new FormData();
    for (const [name, value] of asked) body.append(name, value);
    const { fps, hold, pingPong } = playback();
    const now = { format, fps, hold, ping_pong: pingPong };
    for (const [name, value] of Object.entries(now)) body.set(name, value);
    const answer = await patientFetch("/api/v1/morph", { method: "POST", body }).catch(() => null);
    if (answer?.ok) return answer.blob();
    const why = answer ? (await answer.json()).detail : "The server could not be reached.";
    throw Object.assign(new Error(why), { said: why });
  }

  on("[data-format]", async ({ dataset: { format } }) => {
    save(await fileOf(format), `friend-to-dog.${format === "strip" ? "png" : format}`);
  });
  on("[data-video]", async () => {
    said.textContent = "Filming…";
    const video = await film(player, playback());
    save(video, `friend-to-dog.${video.type.includes("mp4") ? "mp4" : "webm"}`);
  });
  on("[data-frame]", async () => save(await pictureOf(player), `frame-${player.at() + 1}.png`));
  on("[data-copy]", async () => {
    await navigator.clipboard.write([new ClipboardItem({ "image/png": pictureOf(player) })]);
    return "The frame is on the clipboard.";
  });
  on("[data-copy-link]", async () => {
    await navigator.clipboard.writeText(link);
    return "The link is on the clipboard.";
  });
  if (navigator.share) {
    box.querySelector("[data-share]").hidden = false;
    on("[data-share]", () => navigator.share({ title: "A friend becomes a dog", url: link }));
  }
}

function save(blob, name) {
  const url = URL.createObjectURL(blob);
  Object.assign(document.createElement("a"), { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** The frame that is shown, as large as it was made. */
async function pictureOf({ frames, at }) {
  const frame = frames[at()];
  const canvas = new OffscreenCanvas(frame.width, frame.height);
  canvas.getContext("2d").drawImage(frame, 0, 0);
  const bytes = await (await canvas.convertToBlob()).arrayBuffer();
  return addText(new Uint8Array(bytes), "Description", MADE);
}

/** Play one turn of the loop to a recorder. */
function film({ frames }, { fps, ...loop }) {
  const type = VIDEOS.find((kind) => window.MediaRecorder?.isTypeSupported(kind));
  if (!type) throw Object.assign(new Error(), { said: "This browser cannot make videos." });
  const [{ width, height }] = frames;
  const larger = Math.max(1, Math.ceil(VIDEO_SIDE / Math.max(width, height)));
  const even = (length) => 2 * Math.round((length * larger) / 2);
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: even(width), height: even(height) });
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  const order = playingOrder(frames.length, loop);
  const draw = (k) => context.drawImage(frames[order[k]], 0, 0, canvas.width, canvas.height);
  draw(0);
  const recorder = new MediaRecorder(canvas.captureStream(), { mimeType: type });
  const pieces = [];
  recorder.addEventListener("dataavailable", ({ data }) => pieces.push(data));
  recorder.start();
  return new Promise((done) => {
    recorder.addEventListener("stop", () => done(new Blob(pieces, { type: type.split(";")[0] })));
    let k = 0;
    const timer = setInterval(() => {
      k += 1;
      draw(Math.min(k, order.length - 1));
      if (k < order.length) return;
      clearInterval(timer);
      recorder.stop();
    }, 1000 / fps);
  });
}
