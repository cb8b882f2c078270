// Where fills are: a layer over the photo that can be switched on. It is kept from the alpha of the patches.
const MAX_PIXELS = 4e6; // of what is kept, which shows large photos coarsely

export function createHoles(page) {
  const { root, canvas } = page;
  const layer = root.querySelector(".holes");
  const button = root.querySelector("[data-testid=show_fills]");
  const kept = document.createElement("canvas");
  let factor = 1;
  let isShown = false;

  function redraw() {
    layer.hidden = !isShown;
    if (!isShown || !canvas.view) return;
    const context = layer.getContext("2d");
    const density = canvas.overlay.width / canvas.stage.clientWidth;
    [layer.width, layer.height] = [canvas.overlay.width, canvas.overlay.height];
    const { scale, x, y } = canvas.view;
    const [width, height] = canvas.size;
    context.imageSmoothingEnabled = scale * density < factor;
    context.drawImage(kept, x * density, y * density, width * scale * density, height * scale * density);
    context.globalCompositeOperation = "source-in";
    context.fillStyle = getComputedStyle(layer).color;
    context.fillRect(0, 0, layer.width, layer.height);
  }

  return {
    redraw,
    open({ width, height }) {
      factor = Math.min(1, MAX_PIXELS / (width * height)) ** 0.5;
      [kept.width, kept.height] = [width, height].map((side) => Math.max(1, Math.round(side * factor)));
    },
    // Note the fill of a patch, a bitmap that is transparent outside the holes.
    note(fill, left, top) {
      const box = [left, top, fill.width, fill.height].map((edge) => edge * factor);
      const context = kept.getContext("2d");
      context.clearRect(...box);
      context.drawImage(fill, ...box);
    },
    toggle() {
      isShown = !isShown;
      button.ariaPressed = isShown;
      redraw();
    },
  };
}
