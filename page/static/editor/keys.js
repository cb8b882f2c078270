// Keyboard shortcuts: the name of a pressed key as in data-shortcut, or "" if the key belongs to a focused field.

export function shortcutOf({ key, ctrlKey, metaKey, shiftKey, altKey, target }) {
  const field = target?.closest?.("input, textarea, select, [contenteditable]");
  if (altKey || (field && (field.type !== "range" || key.startsWith("Arrow")))) return "";
  const modifiers = ctrlKey || metaKey ? `ctrl+${shiftKey ? "shift+" : ""}` : "";
  return modifiers + (key.length === 1 ? key.toLowerCase() : key);
}
