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
    portrait.card.style.paddingTop = "";
    portrait.zoom(false);
    portrait.card.dispatchEvent(new Event("adjusted", { bubbles: true }));
  });

  return function adjust(chosen) {
    portrait = chosen;
    const { card, sitting } = portrait;
    card.style.paddingTop = `calc(${sitting.offsetHeight}px + 0.5rem)`; // nothing behind moves
    bench.replaceChildren(sitting);
    dialog.showModal();
    zoom(true);
  };
}
