// The status line, the error message, and the state of the page: "opening", "filling" or "ready".
import { paragraph } from "../texts.js";

// Notes that come as sentences of the command line begin in lower case and have no full stop.
const asSentence = (note) => note.charAt(0).toUpperCase() + note.slice(1) + (/[.!?。]$/.test(note) ? "" : ".");

export function createStatus(page) {
  const { root, text } = page;
  const line = root.querySelector("[data-testid=status] span");
  const error = root.querySelector("[data-testid=error]");
  const notes = root.querySelector("[data-testid=notes]");

  // Show a text (null: keep the one that is shown) and set the state.
  function set(key, state = root.dataset.state, values = {}) {
    root.dataset.state = state;
    if (key) line.textContent = text(key, values);
  }

  return {
    set,
    // Show whether final fills are computed, while the visitor may go on.
    setRefining(isRefining) {
      root.toggleAttribute("data-refining", isRefining);
    },
    showError(message) {
      if (message) set(page.photo ? "hint" : "empty", "ready");
      error.textContent = message ?? "";
      notes.textContent = "";
    },
    // Notes of the server are keys of texts, or sentences; they stay until the next action.
    showNotes(list) {
      if (list?.length) notes.textContent = paragraph(...list.map((note) => asSentence(text(note))));
    },
    get state() {
      return root.dataset.state;
    },
  };
}
