// The painter's model of choice in this browser, and the run that it comes from.

const MODEL = "inpaint-model",
  JOB = "inpaint-model-job";

// Remember a model, "" for the page's own; the same name.
export function keep(model, job = "") {
  try {
    localStorage.setItem(MODEL, model);
    localStorage.setItem(JOB, job);
  } catch {
    /* the browser does not allow it: then it lasts as long as the page */
  }
  return model;
}

export function recall() {
  try {
    return { model: localStorage.getItem(MODEL) ?? "", job: localStorage.getItem(JOB) ?? "" };
  } catch {
    return { model: "", job: "" };
  }
}
