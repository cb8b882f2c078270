// The address of the page. Gradio's page has a <base>, which makes "#run" alone an address of the editor.

// Set what follows the "#" in the address; "": nothing.
export function setFragment(fragment) {
  history.replaceState(null, "", location.pathname + location.search + (fragment && `#${fragment}`));
}
