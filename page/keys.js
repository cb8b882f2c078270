// Keys: which action a key press means. Nothing where somebody writes or moves a slider.

const PLAIN = {
  b: "brush", e: "eraser", h: "move", c: "compare", "[": "smaller", "]": "larger",
  "+": "zoom_in", "=": "zoom_in", "-": "zoom_out", _: "zoom_out", 0: "whole",
};
const ARROWS = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" };

export function actionOf({ key, ctrlKey, metaKey, shiftKey, altKey, target }) {
  const field = target?.closest?.("input, textarea, select, [contenteditable]");
  const letter = key.length === 1 ? key.toLowerCase() : key;
  if (altKey || (field && (field.type !== "range" || key in ARROWS))) return null;
  if (ctrlKey || metaKey) return { z: shiftKey ? "redo" : "undo", y: "redo" }[letter] ?? null;
  return PLAIN[letter] ?? ARROWS[key] ?? null;
}
