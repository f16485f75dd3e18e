// Moving the pins of a portrait: with the mouse, a finger or the arrow keys.

const REACH = 22; // pixels on the screen from which a pin is caught, less on a small face
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** From how far away a pin is caught, in pixels on the screen: pins must not hide each other. */
export function reach(portrait) {
  const size = portrait.outlineOf(portrait.face).width / portrait.stage.rate;
  return Math.min(Math.max(0.2 * size, 6), REACH);
}

export function movePins(portrait) {
  const { photo, pins, stage } = portrait;
  let grip = null; // what is held: since a point of the photo, pins by name, all landmarks then

  function grasp(event) {
    if (!event.isPrimary) return;
    grip = null;
    // On a card a finger scrolls the page; a tap opens the dialog, where there is room for it.
    const tooSmall = event.pointerType === "touch" && !portrait.inDialog;
    if (!portrait.face || event.button !== 0 || tooSmall) return;
    const from = stage.pointOf(event);
    const names = namesAt(from, event.target);
    if (!names.length) return;
    event.preventDefault();
    photo.setPointerCapture(event.pointerId);
    grip = { from, names, landmarks: portrait.face.landmarks };
    if (names.length === 1) pinOf(names[0]).focus({ preventScroll: true });
  }

  const pinOf = (name) => pins.find((pin) => pin.dataset.name === name);

  /** The pin that is meant by a point; between them, in the dialog, all: the whole face moves. */
  function namesAt([x, y], target) {
    const away = ([px, py]) => Math.hypot(px - x, py - y) / stage.rate;
    const found = Object.entries(portrait.face.landmarks);
    const [[nearest, point]] = found.sort(([, p], [, q]) => away(p) - away(q));
    if (away(point) < reach(portrait)) return [nearest];
    return portrait.inDialog && target.matches(".chosen") ? found.map(([name]) => name) : [];
  }

  function drag(event) {
    if (!grip || !photo.hasPointerCapture(event.pointerId)) return;
    const [x, y] = stage.pointOf(event);
    shift(grip.landmarks, grip.names, [x - grip.from[0], y - grip.from[1]]);
  }

  function release() {
    if (grip) stage.settle();
  }

  function nudge(event) {
    const step = STEPS[event.key];
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const size = stage.rate * (event.shiftKey ? 10 : 1);
    const { landmarks } = portrait.face;
    shift(landmarks, [event.target.dataset.name], [step[0] * size, step[1] * size]);
    stage.settle();
  }

  function shift(landmarks, names, [dx, dy]) {
    const moved = names.map((name) => [name, [landmarks[name][0] + dx, landmarks[name][1] + dy]]);
    portrait.move({ ...landmarks, ...Object.fromEntries(moved) });
  }

  /** A click on a card that has caught no pin opens the dialog. */
  function click(event) {
    const caught = grip;
    grip = null;
    const byKey = event.detail === 0;
    if (portrait.face && !caught && !byKey && !portrait.inDialog) portrait.adjust();
  }

  photo.addEventListener("pointerdown", grasp);
  photo.addEventListener("pointermove", drag);
  photo.addEventListener("pointerup", release);
  photo.addEventListener("pointercancel", release);
  photo.addEventListener("click", click);
  for (const pin of pins) pin.addEventListener("keydown", nudge);
}
