// One card of the form: a photo, the faces that were found in it, four pins on the one that is
// meant, and what the model sees of it. Points are in pixels of the upright full-size photo.

import { drawCrop, fit, outline, typicalFace, upright } from "./align.js";
import { frameView, stillFits, surroundings, union } from "./view.js";

const LONGEST = 1600; // pixels, of the picture that is drawn here and sent to be looked at
const HEAVY = 6e6; // bytes, and
const VAST = 40e6; // pixels, beyond which that picture is also what is morphed
const REACH = 22; // pixels on the screen from which a pin is caught, less on a small face
const CLOSE = 1.2; // of what the model sees, in the dialog
const CARD = 0.85; // and on a card, which may cut off its corners
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const calm = matchMedia("(prefers-reduced-motion: reduce)");

export class Portrait {
  constructor(card, { model, adjust }) {
    this.card = card;
    this.findModel = model;
    this.input = card.querySelector("input[type=file]");
    this.role = this.input.name;
    this.species = card.dataset.species;
    this.sitting = card.querySelector(".sitting");
    this.photo = card.querySelector(".photo");
    this.canvas = card.querySelector(".preview");
    this.crop = card.querySelector(".crop");
    this.note = card.querySelector(".note");
    this.pins = [...card.querySelectorAll(".pin")];
    this.outlines = card.querySelector(".outlines");
    this.adjust = () => adjust(this);
    this.clear();

    this.photo.addEventListener("pointerdown", (event) => this.grasp(event));
    this.photo.addEventListener("pointermove", (event) => this.drag(event));
    for (const type of ["pointerup", "pointercancel"]) {
      this.photo.addEventListener(type, () => this.release());
    }
    this.photo.addEventListener("click", (event) => this.click(event));
    for (const pin of this.pins) pin.addEventListener("keydown", (event) => this.nudge(event));
    card.querySelector(".adjust").addEventListener("click", this.adjust);
    new ResizeObserver(() => this.resize()).observe(this.photo);
  }

  // ---- a photo, and the faces in it

  clear() {
    this.looking?.abort();
    Object.assign(this, { file: null, picture: null, faces: [], face: null, view: null, close: false });
    this.card.classList.remove("shown", "found");
    this.card.removeAttribute("aria-busy");
    this.note.textContent = "";
    this.complain("");
  }

  /** Show a photo at once, and ask the server for the faces in it. */
  async show(file) {
    this.clear();
    this.card.querySelector("[data-hint]").textContent = file?.name ?? "Drop or choose a photo";
    if (!file) return;
    this.file = file;
    const { signal } = (this.looking = new AbortController());
    this.card.setAttribute("aria-busy", "true");
    try {
      const picture = await readPicture(URL.createObjectURL(file)).catch(() => null);
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
    const answer = await fetch("/api/v1/faces", { method: "POST", body, signal });
    if (answer.status >= 500 || answer.status === 429) throw new Error("not now");
    const found = await answer.json();
    this.model = await this.findModel();
    const picture = found.preview && (await readPicture(found.preview, found));
    if (signal.aborted) return;
    if (picture) this.hang(picture);
    this.note.textContent = "";
    if (!answer.ok) this.complain(found.detail);
    else if (this.model?.alignment) this.seat(found);
  }

  hang(picture) {
    this.picture = picture;
    this.card.classList.add("shown");
    this.frame();
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
    this.card.classList.add("found");
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
    this.frame(!calm.matches);
  }

  /** Put the pins back to where they were at first. */
  startOver() {
    this.take(this.chosen);
  }

  describe() {
    const { species } = this.face;
    if (!this.found) {
      return "No face was found here. Adjust the pins: put them on the eyes, the nose and the mouth.";
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

  /** Add to what is sent the landmarks that are shown, and a smaller photo for one that is huge. */
  addTo(body) {
    if (!this.picture) return;
    const { width, height, small, image } = this.picture;
    const huge = small && (this.file.size > HEAVY || width * height > VAST);
    if (huge) body.set(this.role, small, "photo");
    if (!this.face) return;
    const scale = huge ? image.width / width : 1;
    const { species, landmarks } = upright(this.face);
    const sent = mapValues(landmarks, (point) => point.map((v) => Math.round(10 * v * scale) / 10));
    body.set(`${this.role}_species`, species);
    body.set(`${this.role}_landmarks`, JSON.stringify(sent));
  }

  // ---- the view

  /** Look closely at the chosen face, or at the whole photo. */
  zoom(close) {
    this.close = close;
    this.frame(!calm.matches);
  }

  /** Show the chosen face as another model sees it. */
  lookThrough(model) {
    if (!this.face) return;
    this.model = model;
    this.frame();
  }

  region() {
    const { width, height } = this.picture;
    if (this.inDialog && !this.close) return { x: 0, y: 0, width, height };
    if (!this.face) return { x: 0, y: 0, width, height: height / 2 }; // where a face is likely
    const share = this.close ? CLOSE : CARD;
    const region = (face) => surroundings(this.outlineOf(face), face.landmarks, share);
    const others = this.close ? [] : this.faces.filter((_, i) => i !== this.chosen);
    return union([this.face, ...others].map(region));
  }

  outlineOf(face) {
    return outline(fit(upright(face), this.model), this.model);
  }

  best() {
    const aspect = this.photo.clientWidth / this.photo.clientHeight;
    return frameView(this.picture, this.region(), aspect, this.close);
  }

  /** Bring into view what matters, at once or gliding there. */
  frame(glide = false) {
    if (!this.picture || !this.photo.clientHeight) return;
    this.goal = this.best();
    if (!glide || !this.view) this.view = this.goal;
    this.redraw();
  }

  resize() {
    if (!this.photo.clientHeight) return;
    this.canvas.width = Math.round(this.photo.clientWidth * devicePixelRatio);
    this.canvas.height = Math.round(this.photo.clientHeight * devicePixelRatio);
    this.frame();
  }

  redraw() {
    this.drawing ??= requestAnimationFrame(() => {
      this.drawing = null;
      if (!this.view) return;
      if (this.view !== this.goal) this.glide();
      this.draw();
    });
  }

  glide() {
    const { view, goal } = this;
    const next = mapValues(view, (v, key) => v + 0.3 * (goal[key] - v));
    const arrived = Object.keys(goal).every((key) => Math.abs(goal[key] - next[key]) < goal.width / 500);
    this.view = arrived ? goal : next;
    if (!arrived) this.redraw();
  }

  draw() {
    const { canvas, view, picture } = this;
    const scale = canvas.width / view.width;
    const context = canvas.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.imageSmoothingQuality = "high";
    context.drawImage(picture.blurred, 0, 0, canvas.width, canvas.height); // beyond the photo
    context.setTransform(scale, 0, 0, scale, -view.x * scale, -view.y * scale);
    context.drawImage(picture.image, 0, 0, picture.width, picture.height);
    if (!this.face) return;
    this.photo.style.setProperty("--reach", `${this.reach}px`);
    for (const pin of this.pins) this.put(pin, this.face.landmarks[pin.dataset.name]);
    for (const [i, element] of [...this.outlines.children].entries()) {
      const shape = this.outlineOf(i === this.chosen ? this.face : this.faces[i]);
      this.put(element, [shape.x, shape.y]);
      element.style.width = `${(100 * shape.width) / view.width}%`;
      element.style.height = `${(100 * shape.height) / view.height}%`;
      element.style.rotate = `${shape.angle}rad`;
    }
    drawCrop(this.crop, this.model, picture, fit(upright(this.face), this.model));
    this.crop.classList.toggle("grey", this.model.channels === 1);
  }

  put(element, [x, y]) {
    element.style.left = `${(100 * (x - this.view.x)) / this.view.width}%`;
    element.style.top = `${(100 * (y - this.view.y)) / this.view.height}%`;
  }

  // ---- moving the pins

  /** Pixels of the photo for one on the screen. */
  get rate() {
    return this.view.width / this.photo.clientWidth;
  }

  get reach() {
    const size = this.outlineOf(this.face).width / this.rate;
    return Math.min(Math.max(0.2 * size, 6), REACH);
  }

  pointOf(event) {
    const { left, top } = this.photo.getBoundingClientRect();
    return [
      this.view.x + (event.clientX - left) * this.rate,
      this.view.y + (event.clientY - top) * this.rate,
    ];
  }

  inside([x, y]) {
    const { width, height } = this.picture;
    return [Math.min(Math.max(x, 0), width), Math.min(Math.max(y, 0), height)];
  }

  grasp(event) {
    this.grip = null;
    // On a card a finger scrolls the page; a tap opens the dialog, where there is room for it.
    const tooSmall = event.pointerType === "touch" && !this.inDialog;
    if (!this.face || event.button !== 0 || tooSmall) return;
    const from = this.pointOf(event);
    const names = this.namesAt(from, event.target);
    if (!names.length) return;
    event.preventDefault();
    this.photo.setPointerCapture(event.pointerId);
    this.grip = { from, names, landmarks: this.face.landmarks };
    if (names.length === 1) this.pins.find((pin) => pin.dataset.name === names[0]).focus({ preventScroll: true });
  }

  /** The pin that is meant by a point; all of them, where the dialog lets the whole face be moved. */
  namesAt([x, y], target) {
    const away = ([px, py]) => Math.hypot(px - x, py - y) / this.rate;
    const points = Object.entries(this.face.landmarks).map(([name, point]) => [name, away(point)]);
    const [[nearest, distance]] = points.sort((a, b) => a[1] - b[1]);
    if (distance < this.reach) return [nearest];
    return this.inDialog && target.matches(".chosen") ? points.map(([name]) => name) : [];
  }

  drag(event) {
    if (!this.grip || !this.photo.hasPointerCapture(event.pointerId)) return;
    const { from, names, landmarks } = this.grip;
    const [x, y] = this.pointOf(event);
    this.move(landmarks, names, [x - from[0], y - from[1]]);
  }

  release() {
    if (this.grip) this.settle();
  }

  nudge(event) {
    const step = STEPS[event.key];
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const size = this.rate * (event.shiftKey ? 10 : 1);
    this.move(this.face.landmarks, [event.target.dataset.name], step.map((v) => v * size));
    this.settle();
  }

  move(landmarks, names, [dx, dy]) {
    const moved = names.map((name) => {
      const [x, y] = landmarks[name];
      return [name, this.inside([x + dx, y + dy])];
    });
    this.face = { ...this.face, landmarks: { ...landmarks, ...Object.fromEntries(moved) } };
    this.redraw();
  }

  /** Change the view only where the face has outgrown it, or become small in it. */
  settle() {
    if (!stillFits(this.view, this.best(), this.region())) this.frame(!calm.matches);
  }

  /** A click on a card that has caught no pin opens the dialog. */
  click(event) {
    const caught = this.grip;
    this.grip = null;
    const byKey = event.detail === 0;
    if (this.face && !caught && !byKey && !this.inDialog) this.adjust();
  }

  get inDialog() {
    return !this.card.contains(this.sitting);
  }
}

/** Decode a picture: a small copy to draw from, a smaller file to send, the size of the original. */
async function readPicture(url, size) {
  const photo = new Image();
  photo.src = url;
  try {
    await photo.decode();
  } finally {
    URL.revokeObjectURL(url);
  }
  const { width, height } = size ?? { width: photo.naturalWidth, height: photo.naturalHeight };
  const shrink = Math.min(1, LONGEST / Math.max(width, height));
  const image = copy(photo, Math.ceil(width * shrink), Math.ceil(height * shrink));
  const small = shrink < 1 && !size && (await toJpeg(image));
  return { image, blurred: copy(image, 4, 4), small, width, height };
}

function copy(picture, width, height) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.fillStyle = "white"; // as the server does with what is transparent
  context.fillRect(0, 0, width, height);
  context.drawImage(picture, 0, 0, width, height);
  return canvas;
}

const toJpeg = (canvas) => new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.92));

const mapValues = (object, change) =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value, key)]));
