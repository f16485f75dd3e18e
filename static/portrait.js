// One card of the form: a photo, the faces that were found in it, four pins on the one that is
// meant, and what the model sees of it. Points are in pixels of the upright full-size photo.

import { drawCrop, fit, outline, typicalFace, upright } from "./align.js";
import { readPhoto, readPreview } from "./picture.js";
import { movePins, reach } from "./pins.js";
import { Stage, boxAround } from "./stage.js";
import { patientFetch } from "./patience.js";

const HEAVY = 6e6; // bytes, or
const VAST = 40e6; // pixels, beyond which a photo is morphed from its small copy in any case
const CLOSE = 1.2; // of what the model sees, in the dialog
const CARD = 0.85; // and on a card, which may cut off its corners

export class Portrait {
  constructor(card, { model, adjust }) {
    this.card = card;
    this.findModel = model;
    this.input = card.querySelector("input[type=file]");
    this.role = this.input.name;
    this.species = card.dataset.species;
    this.sitting = card.querySelector(".sitting");
    this.photo = card.querySelector(".photo");
    this.crop = card.querySelector(".crop");
    this.note = card.querySelector(".note");
    this.pins = [...card.querySelectorAll(".pin")];
    this.outlines = card.querySelector(".outlines");
    this.button = card.querySelector(".adjust");
    this.adjust = () => adjust(this);
    this.stage = new Stage(this.photo, { wanted: () => this.wanted(), drawn: () => this.draw() });
    this.clear();

    movePins(this);
    this.button.addEventListener("click", this.adjust);
  }

  // ---- a photo, and the faces in it

  clear() {
    this.looking?.abort();
    Object.assign(this, { file: null, picture: null, faces: [], face: null, found: false });
    this.close = false;
    this.stage.clear();
    this.card.classList.remove("shown", "found", "guessed");
    this.card.removeAttribute("aria-busy");
    this.button.disabled = true;
    this.crop.width = 1; // that clears it
    this.note.textContent = "";
    this.complain("");
  }

  /** Show a photo at once, and ask the server for the faces in it. */
  show(file) {
    this.ready = this.hangAndLook(file);
  }

  async hangAndLook(file) {
    this.clear();
    this.card.querySelector("[data-hint]").textContent = file?.name ?? "Drop or choose a photo";
    if (!file) return;
    this.file = file;
    this.findModel(); // it is here by the time that a face is
    const { signal } = (this.looking = new AbortController());
    this.card.setAttribute("aria-busy", "true");
    try {
      const picture = await readPhoto(file).catch(() => null);
      if (signal.aborted) return;
      if (picture) this.hang(picture);
      this.note.textContent = "Looking for the face…";
      await this.look(signal);
    } catch {
      if (signal.aborted) return;
      this.note.textContent = "The face could not be looked for now; it will be when you morph.";
    }
    this.card.removeAttribute("aria-busy");
  }

  /** Ask for the faces; for a photo that this browser cannot read, for a picture of it, too. */
  async look(signal) {
    const body = new FormData();
    body.set("photo", this.picture?.small || this.file, "photo");
    if (!this.picture) body.set("preview", "true");
    const answer = await patientFetch("/api/v1/faces", { method: "POST", body, signal });
    if (answer.status >= 500 || answer.status === 429) throw new Error("not now");
    const found = await answer.json();
    this.model = await this.findModel();
    const picture = found.preview && (await readPreview(found.preview, found));
    if (signal.aborted) return;
    if (picture) this.hang(picture);
    this.note.textContent = "";
    if (!answer.ok) this.complain(found.detail);
    else if (this.model?.alignment) this.seat(found);
  }

  hang(picture) {
    this.picture = picture;
    this.card.classList.add("shown");
    this.stage.hang(picture);
  }

  /** Take the best of the faces that were found, or a typical one for a start. */
  seat({ faces, width }) {
    const scale = this.picture.width / width;
    this.found = faces.length > 0;
    this.faces = faces.map(({ species, landmarks }) => ({
      species,
      landmarks: mapValues(landmarks, ([x, y]) => this.inside([x * scale, y * scale])),
    }));
    if (!this.found) this.faces = [typicalFace(this.species, this.picture, this.model)];
    this.outlines.replaceChildren(...this.faces.map((face, i) => this.makeOutline(face, i)));
    this.button.disabled = false;
    this.card.classList.add("found");
    this.card.classList.toggle("guessed", !this.found);
    this.take(Math.max(0, this.faces.findIndex((face) => face.species === this.species)));
  }

  makeOutline({ species }, i) {
    const several = this.faces.length > 1;
    const element = document.createElement(several ? "button" : "div");
    element.className = this.found ? "outline" : "outline guessed";
    if (several) {
      element.type = "button";
      element.setAttribute("aria-label", `Face ${i + 1} of ${this.faces.length}, a ${species}`);
      element.addEventListener("click", (event) => {
        if (i === this.chosen) return;
        event.stopPropagation();
        this.take(i);
      });
    }
    return element;
  }

  /** Choose a face as it was found; the pins go there. */
  take(i) {
    this.chosen = i;
    this.face = this.faces[i];
    for (const [k, element] of [...this.outlines.children].entries()) {
      element.classList.toggle("chosen", k === i);
      if (this.faces.length > 1) element.setAttribute("aria-pressed", k === i);
    }
    this.note.textContent = this.describe();
    this.stage.frame();
  }

  /** Put the pins back to where they were at first. */
  startOver() {
    this.take(this.chosen);
  }

  describe() {
    const { species } = this.face;
    if (!this.found) {
      return "No face was found. Adjust the pins: put them on the eyes, the nose and the mouth.";
    }
    const count = this.faces.length;
    const several = count > 1 ? `There are ${count} faces here: choose the one you mean.` : "";
    const other = species === this.species ? "" : `This looks like a ${species}. That works, too.`;
    return `${other} ${several}`.trim();
  }

  /** Say beside the photo what is wrong with it. */
  complain(text) {
    this.card.querySelector(".error").textContent = text;
    if (text) this.input.setAttribute("aria-invalid", "true");
    else this.input.removeAttribute("aria-invalid");
  }

  /** Add to what is sent the landmarks that are shown, and the small photo where that will do. */
  addTo(body) {
    if (!this.picture) return;
    const { width, height, small, image } = this.picture;
    const huge = this.file.size > HEAVY || width * height > VAST;
    const sends = small && (huge || this.enough(image.width / width, body));
    if (sends) body.set(this.role, small, "photo");
    if (!this.face) return;
    const scale = sends ? image.width / width : 1;
    const { species, landmarks } = upright(this.face);
    const sent = mapValues(landmarks, (point) => point.map((v) => Math.round(10 * v * scale) / 10));
    body.set(`${this.role}_species`, species);
    body.set(`${this.role}_landmarks`, JSON.stringify(sent));
  }

  /** Whether a smaller photo has as many pixels of the face as a frame of the morph. */
  enough(scale, body) {
    if (!this.face || body.get("whole_photo")) return Boolean(this.face);
    const { width, height } = this.outlineOf(this.face);
    const frame = Math.max(this.model.width, this.model.height, Number(body.get("size")));
    return Math.max(width, height) * scale >= frame;
  }

  // ---- what is seen

  /** Look closely at the chosen face, or at the whole photo. */
  zoom(close) {
    this.close = close;
    this.stage.frame();
  }

  /** Show the chosen face as another model sees it. */
  lookThrough(model) {
    if (!this.face) return;
    this.model = model;
    this.stage.frame();
  }

  /** What to have in view: the chosen face, close in the dialog; on a card the others, too. */
  wanted() {
    const { width, height } = this.picture;
    const whole = { x: 0, y: 0, width, height };
    if (this.inDialog && !this.close) return { region: whole };
    if (!this.face) return { region: { ...whole, height: height / 2 } }; // where faces mostly are
    const others = this.close ? [] : this.faces.filter((_, i) => i !== this.chosen);
    const points = [this.face, ...others].flatMap((face) => this.surroundings(face));
    return { region: boxAround(points.map((point) => this.inside(point))), close: this.close };
  }

  /** Points that must be in sight of a face. */
  surroundings(face) {
    const { x, y, width, height } = this.outlineOf(face);
    const half = ((this.close ? CLOSE : CARD) / 2) * Math.max(width, height);
    return [[x - half, y - half], [x + half, y + half], ...Object.values(face.landmarks)];
  }

  outlineOf(face) {
    return outline(fit(upright(face), this.model), this.model);
  }

  /** Put pins and outlines onto the photo, and draw what the model sees. */
  draw() {
    if (!this.face) return;
    const { stage, photo } = this;
    photo.style.setProperty("--reach", `${reach(this)}px`);
    for (const pin of this.pins) stage.put(pin, this.face.landmarks[pin.dataset.name]);
    for (const [i, element] of [...this.outlines.children].entries()) {
      const shape = this.outlineOf(i === this.chosen ? this.face : this.faces[i]);
      stage.put(element, [shape.x, shape.y]);
      element.style.width = `${shape.width / stage.rate}px`;
      element.style.height = `${shape.height / stage.rate}px`;
      element.style.rotate = `${shape.angle}rad`;
    }
    drawCrop(this.crop, this.model, this.picture, fit(upright(this.face), this.model));
  }

  /** Take other landmarks for the chosen face. */
  move(landmarks) {
    const kept = Object.entries(landmarks).map(([name, point]) => [name, this.inside(point)]);
    this.face = { ...this.face, landmarks: Object.fromEntries(kept) };
    if (!this.found) this.note.textContent = "";
    this.card.classList.remove("guessed");
    this.stage.redraw();
  }

  /** The point of the photo that is nearest. */
  inside([x, y]) {
    const { width, height } = this.picture;
    return [Math.min(Math.max(x, 0), width), Math.min(Math.max(y, 0), height)];
  }

  get inDialog() {
    return !this.card.contains(this.sitting);
  }
}

const mapValues = (object, change) =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value, key)]));
