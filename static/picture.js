// A photo that a visitor chose, decoded once.

const LONGEST = 1600; // pixels, of the picture that is drawn on the page and looked for faces in

/** Decode a picture: a small copy to draw from, a small file to send, and the photo's own size. */
export async function readPicture(url, size) {
  const photo = new Image();
  photo.src = url;
  try {
    await photo.decode();
  } finally {
    URL.revokeObjectURL(url);
  }
  const { width, height } = size ?? { width: photo.naturalWidth, height: photo.naturalHeight };
  const shrink = Math.min(1, LONGEST / Math.max(width, height));
  const canvas = copy(photo, Math.ceil(width * shrink), Math.ceil(height * shrink));
  const small = shrink < 1 && !size && (await toJpeg(canvas));
  const image = await createImageBitmap(canvas);
  return { image, blurred: copy(image, 4, 4), small, width, height };
}

function copy(picture, width, height) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d", { willReadFrequently: true }); // not on a GPU
  context.imageSmoothingQuality = "high";
  context.fillStyle = "white"; // as the server does with what is transparent
  context.fillRect(0, 0, width, height);
  context.drawImage(picture, 0, 0, width, height);
  return canvas;
}

const toJpeg = (canvas) => new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.92));
