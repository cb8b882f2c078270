// What a run starts from: the weights that the editor in this browser uses, or nothing.
import { loadModelChoice } from "../model_choice.js";

const DEFAULT = "bundled";
const FINE_TUNING = "finetune"; // this preset only improves weights

export function createStart({ find, text }, form) {
  let presets = [];

  // Take over which weights are in use, and which presets can start from them.
  function setWeights(start) {
    const { weights } = start;
    presets = start.presets;
    find("[data-part=weights-in-use]").textContent =
      weights === DEFAULT ? text("retrain_start_default") : text("retrain_start_in_use", { weights });
    show();
  }

  function show() {
    const preset = form.elements.preset.value;
    const possible = presets.includes(preset);
    if (preset === FINE_TUNING) form.elements.start.value = "in_use";
    find("[data-part=start-from]").hidden = !possible;
    find("[data-part=start-from] option[value=nothing]").disabled = preset === FINE_TUNING;
    const help = find("[data-part=start-help]");
    const fromNothing = form.elements.start.value === "nothing";
    help.textContent = text(fromNothing ? "retrain_start_nothing_help" : "retrain_start_help");
    help.hidden = !possible;
  }

  // The arguments of the server functions.
  function values() {
    const { model, job } = loadModelChoice();
    return { start: form.elements.start.value, model, model_job: job };
  }

  return { setWeights, show, values };
}
