// The model: loads the one that the visitor names, and describes the one in use.
import { loadModelChoice, saveModelChoice } from "../model_choice.js";

const FOR_GOOD = ["model_name", "model_gone"]; // trying again later does not help

export function createModels(page) {
  const { root, text, status } = page;
  const find = (id) => root.querySelector(`[data-testid=${id}]`);

  function describe(model, name) {
    page.modelName = name;
    showChoice();
    for (const part of root.querySelectorAll("[data-model]")) part.textContent = text(model[part.dataset.model] ?? "");
    find("about").textContent = model.about && text(model.about);
    find("card").hidden = !model.card;
    find("card").href = model.card;
  }

  // Show in the list which model is in use.
  function showChoice() {
    const choice = find("model_choice");
    choice.value = page.modelName;
    if (choice.selectedIndex < 0) choice.value = "other";
  }

  // Load a model by name, "" being the default one, and fill the open photo anew with it, unless it was filled with it.
  async function load(name, { refill = true } = {}) {
    status.set("loading", page.photo ? "filling" : "ready");
    const answer = await page.opener.request("load_model", { model: name }).catch(({ message, code }) => {
      if (FOR_GOOD.includes(code) && loadModelChoice().model === name) saveModelChoice("");
      status.showError(message);
    });
    if (!answer) return showChoice();
    saveModelChoice(answer.name);
    describe(answer.model, answer.name);
    if (page.photo && refill) page.transport.push({ name: "use_model", model: page.modelName });
    else if (!page.transport.isRunning) status.set(page.state?.painted ? "filled" : "hint", "ready");
  }

  return { describe, load };
}
