// Keys: the name of what is pressed, as in data-key. None where somebody writes, or for what moves a slider.

export function keyOf({ key, ctrlKey, metaKey, shiftKey, altKey, target }) {
  const field = target?.closest?.("input, textarea, select, [contenteditable]");
  if (altKey || (field && (field.type !== "range" || key.startsWith("Arrow")))) return "";
  const modifiers = ctrlKey || metaKey ? `ctrl+${shiftKey ? "shift+" : ""}` : "";
  return modifiers + (key.length === 1 ? key.toLowerCase() : key);
}
