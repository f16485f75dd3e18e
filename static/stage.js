// Where a photo is shown: a canvas in a box, and the part of the photo that is in view there.
// Points and boxes {x, y, width, height} are in pixels of the photo.

const calm = matchMedia("(prefers-reduced-motion: reduce)");

export class Stage {
  /** wanted() says what to have in view, drawn() what to do when the view was drawn. */
  constructor(box, { wanted, drawn }) {
    this.box = box;
    this.canvas = box.querySelector("canvas");
    this.wanted = wanted;
    this.drawn = drawn;
    this.clear();
    new ResizeObserver(() => this.resize()).observe(box);
  }

  clear() {
    this.picture = this.view = this.goal = null;
  }

  hang(picture) {
    this.picture = picture;
    this.resize();
  }

  resize() {
    if (!this.picture || !this.box.clientHeight) return;
    this.canvas.width = Math.round(this.box.clientWidth * devicePixelRatio);
    this.canvas.height = Math.round(this.box.clientHeight * devicePixelRatio);
    this.view = this.goal = this.best();
    this.draw();
  }

  best() {
    return frameView(this.picture, this.wanted(), this.box.clientWidth / this.box.clientHeight);
  }

  /** Bring into view what is wanted, gliding there. */
  frame() {
    if (!this.view || !this.box.clientHeight) return;
    this.goal = this.best();
    if (calm.matches) this.view = this.goal;
    this.redraw();
  }

  /** The same, but only if it is not in view already, or has become small there. */
  settle() {
    if (!stillFits(this.view, this.best(), this.wanted().region)) this.frame();
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
    const next = { ...view };
    for (const key in view) next[key] += 0.3 * (goal[key] - view[key]);
    const left = ["x", "y", "width"].map((key) => Math.abs(goal[key] - next[key]));
    const arrived = Math.max(...left) < goal.width / 500;
    this.view = arrived ? goal : next;
    if (!arrived) this.redraw();
  }

  draw() {
    const { canvas, view, picture } = this;
    const scale = canvas.width / view.width;
    const context = canvas.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.imageSmoothingQuality = view === this.goal ? "high" : "low"; // while it glides
    if (reachesBeyond(view, picture)) {
      context.drawImage(picture.blurred, 0, 0, canvas.width, canvas.height);
    }
    context.setTransform(scale, 0, 0, scale, -view.x * scale, -view.y * scale);
    context.drawImage(picture.image, 0, 0, picture.width, picture.height);
    this.drawn();
  }

  /** Pixels of the photo for one on the screen. */
  get rate() {
    return this.view.width / this.box.clientWidth;
  }

  /** Where an event is in the photo. */
  pointOf({ clientX, clientY }) {
    const { left, top } = this.box.getBoundingClientRect();
    return [
      this.view.x + (clientX - left) * this.rate,
      this.view.y + (clientY - top) * this.rate,
    ];
  }

  /** Put the middle of an element where a point of the photo is. */
  put(element, [x, y]) {
    element.style.left = `${(100 * (x - this.view.x)) / this.view.width}%`;
    element.style.top = `${(100 * (y - this.view.y)) / this.view.height}%`;
  }
}

/** The smallest box that holds all the points. */
export function boxAround(points) {
  const [xs, ys] = [0, 1].map((i) => points.map((point) => point[i]));
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  return { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y };
}

/** A view of that aspect around a region: close to it, or as wide as the photo can fill. */
function frameView(photo, { region, close }, aspect) {
  const filling = Math.min(photo.height, photo.width / aspect);
  const whole = Math.max(photo.height, photo.width / aspect);
  const needed = Math.max(region.height, region.width / aspect, close ? 0 : filling);
  const height = Math.min(needed, whole);
  const width = height * aspect;
  return {
    x: place(region.x + region.width / 2, width, photo.width),
    y: place(region.y + region.height / 2, height, photo.height),
    width,
    height,
  };
}

/** Whether a view shows what is beyond the photo's border. */
const reachesBeyond = ({ x, y, width, height }, photo) =>
  x < 0 || y < 0 || x + width > photo.width || y + height > photo.height;

/** Where a span of that length begins: around the middle, but not beyond 0 and the limit. */
function place(middle, length, limit) {
  if (length >= limit) return (limit - length) / 2;
  return Math.min(Math.max(middle - length / 2, 0), limit - length);
}

/** Whether a view will do, so that it need not change for the one that would fit best. */
function stillFits(view, best, region) {
  const slack = 0.02 * view.width;
  const inside =
    region.x > view.x - slack &&
    region.y > view.y - slack &&
    region.x + region.width < view.x + view.width + slack &&
    region.y + region.height < view.y + view.height + slack;
  const larger = view.height / best.height;
  return inside && larger > 0.9 && larger < 1.6;
}
