// The model that this browser has chosen for the editor, and the training job that it comes from.
const MODEL = "inpaint-model";
const JOB = "inpaint-model-job";

// Save a choice, "" being the default model. Where the browser blocks storage, it lasts until the page is left.
export function saveModelChoice(model, job = "") {
  try {
    localStorage.setItem(MODEL, model);
    localStorage.setItem(JOB, job);
  } catch {
    /* storage is blocked */
  }
}

export function loadModelChoice() {
  try {
    return { model: localStorage.getItem(MODEL) ?? "", job: localStorage.getItem(JOB) ?? "" };
  } catch {
    return { model: "", job: "" };
  }
}
