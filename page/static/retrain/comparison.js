// Whether the trained weights are better on the visitor's own pictures than those that the run started from.
import { paragraph } from "../texts.js";

export function createComparison({ text }, card) {
  const part = (name) => card.querySelector(`[data-testid=${name}]`);
  const verdict = part("comparison");
  const fills = card.querySelector(".fills");
  let id = "";

  function show(found) {
    verdict.hidden = !found;
    if (!found) return;
    const { better, percent, other_percent: other, photos, sheet } = found;
    verdict.dataset.better = better;
    part("comparison-number").textContent = signed(percent);
    const sentences = [text(better ? "retrain_comparison_better" : "retrain_comparison_worse", { photos })];
    if (other !== null) sentences.push(text("retrain_comparison_other", { percent: signed(other) }));
    part("comparison-text").textContent = paragraph(...sentences);
    if (sheet.picture) {
      part("comparison-sheet").src = sheet.picture;
      id = sheet.id;
    }
    fills.hidden = !id;
  }

  function clear() {
    id = "";
    verdict.hidden = fills.hidden = true;
  }

  return {
    show,
    clear,
    get id() {
      return id;
    },
  };
}

// "+3.1 %", with a true minus sign.
function signed(percent) {
  return `${percent < 0 ? "−" : "+"}${Math.abs(percent).toFixed(1)} %`;
}
