// Which part of a photo is shown: boxes {x, y, width, height} in its pixels.

/** What must be in sight of a face: that share of what the model sees of it, and its landmarks. */
export function surroundings({ x, y, width, height }, landmarks, share) {
  const points = Object.values(landmarks);
  const half = (share / 2) * Math.max(width, height);
  return boxAround([[x - half, y - half], [x + half, y + half], ...points]);
}

/** The smallest box that holds all the points. */
export function boxAround(points) {
  const [xs, ys] = [0, 1].map((i) => points.map((point) => point[i]));
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  return { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y };
}

/** The smallest box that holds all the boxes. */
export function union(boxes) {
  return boxAround(boxes.flatMap((b) => [[b.x, b.y], [b.x + b.width, b.y + b.height]]));
}

/** A view of that aspect around a region: close to it, or the largest that fills a card with photo. */
export function frameView(photo, region, aspect, close) {
  const within = Math.min(photo.height, photo.width / aspect);
  const around = Math.max(photo.height, photo.width / aspect);
  const needed = Math.max(region.height, region.width / aspect, close ? 0 : within);
  const height = Math.min(needed, around);
  const width = height * aspect;
  return {
    x: place(region.x + region.width / 2, width, photo.width),
    y: place(region.y + region.height / 2, height, photo.height),
    width,
    height,
  };
}

/** Where a span of that length begins: around the middle, but not beyond 0 and the limit. */
function place(middle, length, limit) {
  if (length >= limit) return (limit - length) / 2;
  return Math.min(Math.max(middle - length / 2, 0), limit - length);
}

/** Whether a view need not be changed for the one that would fit best. */
export function stillFits(view, best, region) {
  const slack = 0.02 * view.width;
  const inside =
    region.x > view.x - slack &&
    region.y > view.y - slack &&
    region.x + region.width < view.x + view.width + slack &&
    region.y + region.height < view.y + view.height + slack;
  const larger = view.height / best.height;
  return larger > 0.99 && larger < 1.6 && (inside || larger < 1.01);
}
