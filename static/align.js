// Photo -> the frame of a model, as vae_core/imaging does it in align.py and lighting.py. A point is
// [x, y] in pixels of the upright photo; a similarity {a, b, x, y} maps it to [a, -b; b, a] point
// + [x, y].

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

/** The similarity that brings a face nearest its place in the frame: least squares. */
export function fit({ species, landmarks }, model) {
  const goals = Object.entries(model.alignment[species]);
  const from = centred(goals.map(([name]) => landmarks[name]));
  const to = centred(goals.map(([, [x, y]]) => [x * model.width, y * model.height]));
  const dot = sum(from.points.map(([x, y], i) => x * to.points[i][0] + y * to.points[i][1]));
  const cross = sum(from.points.map(([x, y], i) => x * to.points[i][1] - y * to.points[i][0]));
  const size = Math.max(1e-6, sum(from.points.map(([x, y]) => x * x + y * y)));
  const [a, b] = [dot / size, cross / size];
  const [x, y] = from.middle;
  return { a, b, x: to.middle[0] - (a * x - b * y), y: to.middle[1] - (b * x + a * y) };
}

function centred(points) {
  const middle = [0, 1].map((i) => sum(points.map((point) => point[i])) / points.length);
  return { middle, points: points.map(([x, y]) => [x - middle[0], y - middle[1]]) };
}

/** What the model sees of the photo: a turned rectangle, by its middle, size and angle. */
export function outline({ a, b, x, y }, model) {
  const square = Math.max(1e-9, a * a + b * b);
  const [dx, dy] = [model.width / 2 - x, model.height / 2 - y];
  const scale = Math.sqrt(square);
  return {
    x: (a * dx + b * dy) / square,
    y: (a * dy - b * dx) / square,
    width: model.width / scale,
    height: model.height / scale,
    angle: -Math.atan2(b, a),
  };
}

/** Draw what the model sees; where it looks beyond the photo, the photo's border is continued. */
export function drawCrop(canvas, model, picture, { a, b, x, y }) {
  const { image, width, height } = picture;
  const overlap = 2 / Math.max(1e-9, Math.hypot(a, b)); // two pixels of the model's
  const spans = (size, pixels) => [
    [0, 1, -size, size + overlap],
    [pixels - 1, 1, size - overlap, size + overlap],
    [0, pixels, 0, size],
  ];
  canvas.width = model.width; // this also clears it
  canvas.height = model.height;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  context.setTransform(a, b, -b, a, x, y);
  for (const [sy, sh, dy, dh] of spans(height, image.height)) {
    for (const [sx, sw, dx, dw] of spans(width, image.width)) {
      context.drawImage(image, sx, sy, sw, sh, dx, dy, dw, dh);
    }
  }
  const pixels = context.getImageData(0, 0, model.width, model.height);
  lightUp(pixels, model);
  context.putImageData(pixels, 0, 0);
}

/** Take away the colours that the model does not see, and bring a face to its light. */
function lightUp({ data, width, height }, model) {
  const luma = (i) => (0.299 * data[i] + 0.587 * data[i + 1] + 0.114 * data[i + 2]) / 255;
  const { gain, offset } = model.light ? measureLight(luma, width, height, model.light) : NEUTRAL;
  for (let i = 0; i < data.length; i += 4) {
    const grey = luma(i);
    for (let k = i; k < i + 3; k++) {
      const shade = model.channels === 1 ? grey : data[k] / 255;
      data[k] = (255 * (shade - offset)) / gain; // which is rounded, and cut at 0 and 255
    }
  }
}

const NEUTRAL = { gain: 1, offset: 0 };
const FAINTEST = 0.04;

/** Mean and contrast under a bell over the face, against those that the model wants. */
function measureLight(luma, width, height, light) {
  let [weights, first, second] = [0, 0, 0];
  for (let i = 0; i < width * height; i++) {
    const y = ((Math.floor(i / width) + 0.5) / height - 0.54) / 0.36;
    const x = (((i % width) + 0.5) / width - 0.5) / 0.32;
    const weight = Math.exp(-(x * x + y * y));
    const grey = luma(4 * i);
    weights += weight;
    first += weight * grey;
    second += weight * grey * grey;
  }
  const mean = first / weights;
  const contrast = Math.sqrt(Math.max(second / weights - mean * mean, FAINTEST ** 2));
  const gain = contrast / light.contrast;
  return { gain, offset: mean - gain * light.mean };
}

/** A face for a start: where the frame expects one, in the largest square in the photo's middle. */
export function typicalFace(species, { width, height }, model) {
  const scale = Math.min(width / model.width, height / model.height);
  const places = { ...model.alignment.person, ...model.alignment.dog };
  const landmarks = {};
  for (const [name, [x, y]] of Object.entries(places)) {
    landmarks[name] = [
      width / 2 + (x - 0.5) * model.width * scale,
      height / 2 + (y - 0.5) * model.height * scale,
    ];
  }
  return { species, landmarks };
}

/** The same face with the eyes told apart: left is the picture's left of an upright face. */
export function upright({ species, landmarks }) {
  const { left_eye, right_eye, mouth } = landmarks;
  const across = [right_eye[0] - left_eye[0], right_eye[1] - left_eye[1]];
  const down = [mouth[0] - left_eye[0], mouth[1] - left_eye[1]];
  if (across[0] * down[1] >= across[1] * down[0]) return { species, landmarks };
  return { species, landmarks: { ...landmarks, left_eye: right_eye, right_eye: left_eye } };
}
