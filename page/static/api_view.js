// Gradio's dialog about the API. Gradio 6.31 opens it from a button of its own footer only, which this page hides: the
// address ?view=api alone shows nothing, as the dialog's code is not loaded then.

const OPENED_WITH = { view: "api", lang: "python" };
const TRIES = 100;
const PAUSE_MS = 100;

// Let a link to ?view=api open the dialog, and open it if that is the page's address.
export function connectApiLink(link) {
  link.addEventListener("click", (event) => {
    const button = gradioButton();
    if (!button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    setAddress(OPENED_WITH);
    button.click();
  });
  if (new URLSearchParams(location.search).get("view") === OPENED_WITH.view) openFromAddress();
}

// Gradio takes the dialog for open already, so that the first click closes it.
async function openFromAddress() {
  for (let tries = 0; tries < TRIES && !gradioButton(); tries++) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  const address = Object.fromEntries(new URLSearchParams(location.search));
  gradioButton()?.click();
  setAddress({ ...OPENED_WITH, ...address });
  gradioButton()?.click();
}

function gradioButton() {
  return document.querySelector("footer button.show-api");
}

function setAddress(parameters) {
  const search = new URLSearchParams({ ...Object.fromEntries(new URLSearchParams(location.search)), ...parameters });
  history.replaceState(history.state, "", `?${search}${location.hash}`);
}
