// The model: loads the one that the visitor names, and describes the one in use.
import { saveModelChoice } from "../model_choice.js";

export function createModels(page) {
  const { root, text, status } = page;
  const find = (id) => root.querySelector(`[data-testid=${id}]`);

  function describe(model, name) {
    page.modelName = name;
    for (const part of root.querySelectorAll("[data-model]")) part.textContent = model[part.dataset.model];
    find("about").textContent = model.about && text(model.about);
    const card = new Blob([model.card_text], { type: "text/plain;charset=utf-8" });
    find("card").href = model.card || URL.createObjectURL(card);
  }

  // Load a model by name, "" being the default one, and fill the open photo anew with it.
  async function load(name) {
    status.set("loading", page.photo ? "filling" : "ready");
    const answer = await page.opener
      .request("load_model", { model: name })
      .catch(({ message }) => status.showError(message));
    if (!answer) return;
    saveModelChoice(answer.name);
    describe(answer.model, answer.name);
    if (page.photo) page.transport.push({ name: "use_model", model: page.modelName });
  }

  return { describe, load };
}
