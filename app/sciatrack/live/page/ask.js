// Questions about pain and symptoms, in small type, one form at a time. What is not answered stays unknown.
const made = (name, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
};

export function askFor(box, state, act, t, language) {
  const asks = state.ask;
  box.hidden = !asks;
  const key = JSON.stringify([asks, language]);
  if (!asks) { box.dataset.key = ""; box.replaceChildren(); return; }
  if (box.dataset.key !== key) {
    box.dataset.key = key;
    box.replaceChildren(asks.consent ? consent(act, t) : form(asks, act, t));
  }
  const again = (state.decisions || [])[0];
  const words = again && asks.phase === "before" ? again.words[language] : "";
  const problem = box.querySelector(".decided");
  if (problem && problem.textContent !== words) problem.textContent = words;
}

function consent(act, t) {
  const yes = made("button", { type: "button", textContent: t("page.consent.yes") });
  yes.addEventListener("click", () => act({ act: "agree" }));
  return made("div", {}, made("h2", { textContent: t("page.consent.title") }), made("p", { textContent: t("page.consent.words") }), yes);
}

function form(asks, act, t) {
  const pains = ["leg_nrs", "back_nrs"].map((name) => scale(name, t));
  const parts = [...pains, choice("distal_site", asks.sites, t)];
  parts.push(several("red_flags", asks.red_flags, asks.known, t), several("other_symptoms", asks.other_symptoms, asks.known, t));
  if (asks.consulted) parts.push(choice("consulted", ["yes", "no"], t));
  const problem = made("p", { className: "problem" });
  problem.setAttribute("role", "alert");
  const send = made("button", { type: "submit", textContent: t("ask.send") });
  const title = made("h2", { textContent: t(`ask.title.${asks.phase}`) });
  const element = made("form", { noValidate: true }, title, made("p", { textContent: t("ask.private") }), ...parts, problem, made("p", { className: "problem decided" }), send);
  element.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      problem.textContent = "";
      await act({ act: "answers", phase: asks.phase, answers: answersOf(new FormData(element), asks) });
    } catch (error) {
      problem.textContent = t("ask.problem", { problem: error.message });
    }
  });
  return element;
}

const field = (name, t, ...children) => made("fieldset", {}, made("legend", { textContent: t(`ask.${name}`) }), ...children);
const radio = (name, value, text) => made("label", {}, made("input", { type: "radio", name, value }), text);
const scale = (name, t) => field(name, t, ...Array.from({ length: 11 }, (_, n) => radio(name, `${n}`, `${n}`)));
const choice = (name, values, t) => field(name, t, ...values.map((value) => radio(name, value, t(`ask.${name}.${value}`))));

function several(name, values, known, t) {
  const rows = values.map((value) => {
    const again = known.includes(value) ? ` (${t("ask.new_or_worse")})` : "";
    return made("label", { className: "row" }, made("input", { type: "checkbox", name, value }), t(`ask.${name}.${value}`) + again);
  });
  const none = made("input", { type: "checkbox", name, value: "none" });
  const box = field(name, t, ...rows, made("label", { className: "row" }, none, t("ask.none_of_these")));
  box.addEventListener("change", (event) => {
    const inputs = [...box.querySelectorAll("input")];
    if (event.target === none && none.checked) inputs.filter((one) => one !== none).forEach((one) => { one.checked = false; });
    else if (event.target.checked) none.checked = false;
  });
  return box;
}

function answersOf(data, asks) {
  const answers = {};
  for (const name of ["leg_nrs", "back_nrs"]) if (data.has(name)) answers[name] = Number(data.get(name));
  if (data.has("distal_site")) answers.distal_site = data.get("distal_site");
  if (data.has("consulted")) answers.consulted = data.get("consulted") === "yes";
  for (const name of ["red_flags", "other_symptoms"]) if (data.has(name)) answers[name] = data.getAll(name);
  const unsaid = (name) => data.has(name) && asks.known.filter((one) => asks[name].includes(one) && !data.getAll(name).includes(one));
  const unchanged = [...(unsaid("red_flags") || []), ...(unsaid("other_symptoms") || [])];
  if (unchanged.length) answers.known_unchanged = unchanged;
  return answers;
}
