// What a form asks for besides the photos: a dog without a photo, and how a morph plays.

/** How animations play, as the form says at the moment. */
export function playbackOf(form) {
  const { fps, hold, ping_pong: direction } = form.elements;
  return { fps: +fps.value, hold: +hold.value, pingPong: direction.value === "true" };
}

/** The dogs that a model knows: a row to choose from. Whoever has a photo of a dog needs none. */
export class Dogs {
  constructor(form, card) {
    this.box = form.querySelector(".dogs");
    this.row = this.box.querySelector(".dog-row");
    this.seed = form.elements.seed;
    this.input = card.input;
    this.card = card;
    this.random = this.row.querySelector("[data-random]");
    this.row.addEventListener("change", () => this.choose());
  }

  get radios() {
    return [...this.row.querySelectorAll("input")];
  }

  get known() {
    return !this.box.disabled;
  }

  /** Offer the dogs of a model, or none. */
  offer({ name, dogs }) {
    for (const old of this.row.querySelectorAll("[data-named]")) old.remove();
    for (const dog of dogs) this.row.append(makeDog(name, dog));
    this.box.hidden = this.box.disabled = dogs.length === 0;
    this.settle();
  }

  /** A dog of ours was chosen: the photo of another goes. */
  choose() {
    if (this.card.file) {
      this.input.value = "";
      this.card.show();
    }
    if (this.random.checked) this.reroll();
    else this.seed.value = "";
    this.settle();
  }

  /** A photo was put onto the card, or taken away. */
  settle() {
    const photo = Boolean(this.card.file);
    if (photo) for (const radio of this.radios) radio.checked = false;
    else if (!this.radios.some((radio) => radio.checked)) this.radios[0].checked = true;
    this.input.required = !this.known;
    if (!this.random.checked) this.seed.value = "";
    this.box.dispatchEvent(new Event("settled", { bubbles: true }));
  }

  reroll() {
    this.seed.value = Math.floor(Math.random() * 1e9);
  }

  /** Take a dog that was not there before. */
  another() {
    this.random.checked = true;
    this.choose();
  }
}

function makeDog(model, name) {
  const label = Object.assign(document.createElement("label"), { className: "dog" });
  label.dataset.named = "";
  const radio = document.createElement("input");
  Object.assign(radio, { type: "radio", name: "dog_name", value: name });
  const face = Object.assign(new Image(64, 64), { className: "dog-face", alt: "" });
  face.loading = "lazy";
  face.src = `/dogs/${encodeURIComponent(model)}/${encodeURIComponent(name)}.png`;
  const said = Object.assign(document.createElement("span"), { textContent: name });
  label.append(radio, face, said);
  return label;
}
