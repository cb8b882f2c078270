// The owner's key, which the page prints when it starts. It is asked for once per start and kept in this browser.
import { setFragment } from "./address.js";

const KEY = "inpaint-owner-key";
let key = "";

// Take the key from the address, if that is the link that was printed, and out of the history.
export function takeKeyFromAddress() {
  if (!location.hash.startsWith("#key=")) return;
  saveOwnerKey(decodeURIComponent(location.hash.slice(5)));
  setFragment("");
}

// Where the browser blocks storage, the key lasts until the page is left.
export function saveOwnerKey(value) {
  key = value.trim();
  try {
    localStorage.setItem(KEY, key);
  } catch {
    /* storage is blocked */
  }
}

export function loadOwnerKey() {
  if (key) return key;
  try {
    key = localStorage.getItem(KEY) ?? "";
  } catch {
    /* storage is blocked */
  }
  return key;
}
