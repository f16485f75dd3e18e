// A photo from the camera of this device, for who has none at hand.

/** Make the cards' camera buttons work; take(portrait, file) gets what was taken. */
export function makeCamera(dialog, portraits, take) {
  const video = dialog.querySelector("video");
  let stream = null;
  let portrait = null;

  async function open(chosen) {
    portrait = chosen;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "user" } });
    } catch {
      portrait.complain("The camera could not be used: this browser or someone did not allow it.");
      return;
    }
    dialog.showModal();
    video.srcObject = stream;
    await video.play();
  }

  async function shoot() {
    const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
    canvas.getContext("2d").drawImage(video, 0, 0);
    const photo = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.95 });
    dialog.close();
    take(portrait, new File([photo], "camera.jpg", { type: photo.type }));
  }

  dialog.querySelector("[data-shoot]").addEventListener("click", shoot);
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => {
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = stream = null;
  });
  for (const each of portraits) {
    const button = each.card.querySelector(".camera");
    button.hidden = !navigator.mediaDevices?.getUserMedia;
    button.addEventListener("click", () => open(each));
  }
}
