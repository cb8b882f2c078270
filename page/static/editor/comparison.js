// Comparison of the original with the result: side by side, with a slider between them.

export function createComparison(page) {
  const { root, canvas } = page;
  const slider = root.querySelector("[data-testid=divider]");
  const button = root.querySelector("[data-testid=compare]");

  // Show or hide the comparison, with the slider at a percentage of the photo's width.
  function show(on, percent = slider.value) {
    slider.value = percent;
    canvas.stage.style.setProperty("--share", percent / 100);
    canvas.stage.toggleAttribute("data-compare", on);
    button.ariaPressed = on;
  }

  slider.addEventListener("input", () => show(true));
  return { show, toggle: () => show(!canvas.stage.hasAttribute("data-compare")) };
}
