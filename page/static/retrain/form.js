// The form: what is to be trained, checked and priced while it is filled in.

const PAUSE_MS = 500;

export function createForm(page) {
  const { find, text, props, insist } = page;
  const form = find("form"),
    field = (name) => form.elements[name];
  let dataset = null,
    turn = 0,
    repoIsOurs = true,
    imagesAreOurs = true;

  for (const name of props.suggested)
    find("datalist").append(Object.assign(document.createElement("option"), { value: name }));
  for (const { name } of props.presets) {
    const label = Object.assign(document.createElement("label"), { className: "preset" });
    label.innerHTML = `<input type="radio" name="preset" class="preset-dot"><b></b><span></span>`;
    Object.assign(label.querySelector("input"), { value: name, checked: name === props.presets[0].name });
    label.querySelector("input").dataset.testid = `preset-${name}`;
    label.querySelector("b").textContent = text(`retrain_preset_${name}`);
    label.querySelector("span").textContent = text(`retrain_about_${name}`);
    find(".presets").append(label);
  }

  // The presets in their own order, the page's usual one first.
  function usualImages() {
    if (imagesAreOurs) field("images").value = props.presets.find(({ name }) => name === field("preset").value).images;
  }

  function welcome({ account, hardware }) {
    page.account = account;
    field("flavor").replaceChildren(
      ...hardware.map((machine) => {
        const price = machine.usd_per_hour
          ? text("retrain_price", { price: machine.usd_per_hour.toFixed(2) })
          : text("retrain_free");
        const option = Object.assign(document.createElement("option"), {
          value: machine.flavor,
          textContent: `${machine.title || text("retrain_here")}, ${price}`,
        });
        option.dataset.details = machine.details;
        return option;
      }),
    );
    const gpu = hardware.find((machine) => machine.gpu);
    if (gpu) field("flavor").value = gpu.flavor;
    details();
    usualImages();
  }

  function details() {
    find("[data-testid=details]").textContent = field("flavor").selectedOptions[0]?.dataset.details ?? "";
  }

  function call() {
    return {
      dataset: field("dataset").value.trim(),
      preset: field("preset").value,
      images: Number(field("images").value),
      flavor: field("flavor").value,
      repo: field("repo").value.trim(),
      private: Boolean(dataset?.private),
      rows: dataset?.rows ?? null,
    };
  }

  function note(line, kind = "") {
    Object.assign(find("[data-testid=dataset-note]"), { textContent: line }).dataset.kind = kind;
  }

  // The dataset is looked up at once; its pictures follow.
  async function check() {
    const mine = ++turn,
      name = field("dataset").value.trim();
    dataset = null;
    pictures(null);
    find("[data-part=private]").hidden = true;
    find("[data-testid=estimate]").textContent = "";
    ready();
    if (!name) return note("");
    note(text("retrain_checking"));
    const answer = await insist("check", { dataset: name });
    if (mine !== turn) return;
    if (answer.error || answer.code) return note(answer.error || text(answer.code), "bad");
    dataset = answer;
    const size = answer.rows
      ? text("retrain_rows", { count: answer.rows.toLocaleString() })
      : answer.files
        ? text("retrain_files", { count: answer.files.toLocaleString() })
        : "";
    note(
      [text(answer.local ? "retrain_local" : answer.private ? "retrain_found_private" : "retrain_found"), size]
        .filter(Boolean)
        .join(" "),
      "good",
    );
    find("[data-part=private]").hidden = !answer.private;
    if (repoIsOurs)
      field("repo").value = `${page.account ?? "local"}/inpaint-${name
        .split(/[/:]/)
        .filter(Boolean)
        .at(-1)
        .replace(/[^\w.-]+/g, "-")
        .toLowerCase()}`;
    price();
    show(mine);
  }

  async function show(mine = turn) {
    if (!dataset) return;
    pictures([]);
    const { preset, dataset: name } = call();
    const answer = await insist("preview", { dataset: name, preset });
    if (mine !== turn || preset !== field("preset").value) return;
    if (answer.error || answer.code) {
      dataset = null;
      pictures(null);
      ready();
      note(answer.error || text(answer.code), "bad");
      return;
    }
    pictures(answer.pictures);
    ready();
  }

  // null: none; []: they are on their way.
  function pictures(sources) {
    const nine = find(".nine");
    nine.hidden = sources === null;
    find("[data-part=nine-text]").hidden = !sources?.length;
    nine.dataset.count = sources?.length ?? 0;
    nine.replaceChildren(
      ...(sources?.length
        ? sources.map((src) => Object.assign(new Image(), { src, alt: "" }))
        : Array.from({ length: 9 }, () => document.createElement("i"))),
    );
  }

  async function price() {
    ready();
    const line = find("[data-testid=estimate]"),
      asked = call();
    if (!dataset || !form.checkValidity()) return (line.textContent = "");
    const answer = await insist("estimate", asked);
    if (JSON.stringify(asked) !== JSON.stringify(call())) return;
    if (answer.error || answer.code) return (line.textContent = answer.error || text(answer.code));
    const time = page.duration(answer.seconds);
    line.textContent =
      asked.flavor === "here"
        ? text("retrain_guess_free", { time })
        : text("retrain_guess", { time, cost: answer.usd.toFixed(2) });
  }

  function ready() {
    find("[data-testid=start]").disabled = page.starting || !dataset || !find(".nine img") || !form.checkValidity();
  }

  const timers = new Map();
  function later(action) {
    clearTimeout(timers.get(action));
    timers.set(action, setTimeout(action, PAUSE_MS));
  }

  form.addEventListener("input", ({ target }) => {
    if (target.name === "repo") repoIsOurs = !target.value;
    if (target.name === "flavor") details();
    if (target.name === "images") imagesAreOurs = !target.value;
    if (target.name === "preset") {
      usualImages();
      show();
    }
    if (target.name === "dataset") {
      turn++;
      dataset = null;
      ready();
      later(check);
    } else later(price);
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    page.starting = true;
    ready();
    await page.start(call());
    page.starting = false;
    ready();
  });

  return { welcome };
}
