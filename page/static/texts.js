// The page's texts in the language of the browser.

// Returns text(key, values), which fills in the placeholders; a key without a text is returned as it is.
export function createTexts(texts) {
  const language = (navigator.language || "en").toLowerCase().startsWith("zh") ? "zh" : "en";
  return (key, values = {}) =>
    (texts[language][key] ?? key).replace(/{(\w+)}/g, (placeholder, name) => values[name] ?? placeholder);
}

// Sentences as a paragraph: none is parted from a Chinese full stop by a space.
export const paragraph = (...sentences) => sentences.join(" ").replaceAll("。 ", "。");

// Fill in the elements with data-text, and the accessible names and tooltips of those with data-label, with their
// shortcuts. What is no control, such as the photo, has no tooltip.
export function fillTexts(root, text) {
  for (const part of root.querySelectorAll("[data-text]")) part.textContent = text(part.dataset.text);
  for (const part of root.querySelectorAll("[data-label]")) {
    const label = text(part.dataset.label);
    const [shortcut] = part.dataset.shortcut?.toUpperCase().split(" ") ?? [];
    part.ariaLabel = label;
    if (part.matches("button, input, select, summary")) part.title = shortcut ? `${label} (${shortcut})` : label;
  }
}
