// The dialog in which pins are placed. The photo of one card moves there, with everything on it,
// and goes back when the dialog closes.

export function makeAdjust(dialog) {
  const bench = dialog.querySelector(".bench");
  const whole = dialog.querySelector("[data-whole]");
  let portrait = null;

  function zoom(close) {
    whole.setAttribute("aria-pressed", !close);
    portrait.zoom(close);
  }

  whole.addEventListener("click", () => zoom(!portrait.close));
  dialog.querySelector("[data-again]").addEventListener("click", () => portrait.startOver());
  dialog.querySelector("[data-done]").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close(); // on the backdrop: what is inside has a wrapper
  });
  dialog.addEventListener("close", () => {
    portrait.card.prepend(portrait.sitting);
    portrait.card.style.minHeight = "";
    portrait.zoom(false);
  });

  return function adjust(chosen) {
    portrait = chosen;
    portrait.card.style.minHeight = `${portrait.card.offsetHeight}px`; // nothing behind moves
    bench.replaceChildren(portrait.sitting);
    dialog.showModal();
    zoom(true);
  };
}
