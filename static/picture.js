// A photo that a visitor chose, decoded once.

const LONGEST = 1600; // pixels, of the picture that is drawn on the page and looked for faces in

const idle = []; // workers, which take a while to start
const hire = () => idle.pop() ?? new Worker(new URL("shrink.js", import.meta.url));

self.requestIdleCallback?.(() => idle.push(hire(), hire())); // for a friend and a dog

/** Read a photo: a small copy to draw from, a small file to send, and the photo's own size. */
export async function readPhoto(file) {
  const worker = hire();
  const read = await new Promise((done, fail) => {
    worker.onmessage = ({ data }) => {
      idle.push(worker);
      return data ? done(data) : fail(new Error("not a picture here"));
    };
    worker.onerror = (event) => {
      worker.terminate();
      fail(event);
    };
    worker.postMessage({ file, longest: LONGEST });
  });
  return { ...read, blurred: blurred(read.image) };
}

/** The same of the small copy that a server made of a photo of that size. */
export async function readPreview(url, { width, height }) {
  const picture = new Image();
  picture.src = url;
  await picture.decode();
  const image = await createImageBitmap(picture);
  return { image, blurred: blurred(image), small: null, width, height };
}

/** A few pixels, for what is seen beyond a photo's border. */
function blurred(image) {
  const canvas = new OffscreenCanvas(4, 4);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "medium";
  context.drawImage(image, 0, 0, 4, 4);
  return canvas;
}
