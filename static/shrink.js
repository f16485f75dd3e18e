// A worker: a photo is decoded, made smaller and packed again while the page goes on.

self.onmessage = async ({ data: { file, longest } }) => {
  try {
    const photo = await createImageBitmap(file); // upright, as its EXIF says
    const { width, height } = photo;
    const shrink = Math.min(1, longest / Math.max(width, height));
    const size = [width, height].map((length) => Math.ceil(length * shrink));
    const canvas = new OffscreenCanvas(...size);
    const context = canvas.getContext("2d", { willReadFrequently: true }); // not on a GPU
    context.imageSmoothingQuality = "medium"; // averages what falls on a pixel
    context.fillStyle = "white"; // as the server does with what is transparent
    context.fillRect(0, 0, ...size);
    context.drawImage(photo, 0, 0, ...size);
    photo.close();
    const jpeg = { type: "image/jpeg", quality: 0.92 };
    const small = shrink < 1 ? await canvas.convertToBlob(jpeg) : null;
    const image = canvas.transferToImageBitmap();
    self.postMessage({ image, small, width, height }, [image]);
  } catch {
    self.postMessage(null);
  }
};
