// Zoom: the buttons, and the percentage, 100 % being one pixel of the photo on one pixel of the screen.
import { zoomView } from "./geometry.js";

const STEP = 1.25;

export function createZoom(canvas, label) {
  const whole = () => 1 / window.devicePixelRatio; // the scale at 100 %

  function zoom(factor) {
    const centre = [canvas.stage.clientWidth / 2, canvas.stage.clientHeight / 2];
    if (canvas.view) canvas.setView(zoomView(canvas.view, factor, centre));
  }

  return {
    actions: {
      zoom_in: () => zoom(STEP),
      zoom_out: () => zoom(1 / STEP),
      actual_size: () => canvas.view && zoom(whole() / canvas.view.scale),
      fit: () => canvas.view && canvas.setView({ scale: 0 }),
    },
    showPercentage() {
      label.textContent = `${Math.round((100 * canvas.view.scale) / whole())} %`;
    },
  };
}
