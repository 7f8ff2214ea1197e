// The page owns nothing: it shows the newest state that the server sent, and sends what was pressed. Between two
// states it only runs clocks on.
import { askFor } from "./ask.js";
import { play, sayWords, setSound, setSpeech } from "./sound.js";

const QUIET_MS = 3000; // the server sends something every second
const SURE_MS = 4000; // "stop" is pressed twice within this time
const KEYS = { " ": ["pause", "resume"], s: ["skip"], r: ["repeat"], Enter: ["start", "done"], x: ["stop"], u: ["pain_up"] };
const SHOWN = { pause: "␣", resume: "␣", skip: "S", repeat: "R", start: "⏎", done: "⏎", stop: "X", pain_up: "U" };
const ORDER = ["start", "done", "resume", "pause", "skip", "repeat", "stop", "pain_up"];

const $ = (id) => document.getElementById(id);
let texts = {};
let state = null;
let heardAt = performance.now();
let lastCue = null;
let lastCount = null;
let stopAsked = -SURE_MS; // never yet
let language = (localStorage.getItem("language") || navigator.language || "en").startsWith("de") ? "de" : "en";

export function t(key, values = {}) {
  const entry = texts[key] || {};
  const text = entry[language] ?? entry.en ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}
const has = (key) => key in texts;

function put(id, text) {
  const element = $(id);
  if (element.textContent !== text) element.textContent = text;
}
const show = (id, yes) => { $(id).hidden = !yes; };
const now = () => state.now_s + ((performance.now() - heardAt) / 1000) * state.pace;

async function act(body) {
  const answer = await fetch("act", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}
const press = (key) => {
  if (key === "stop" && performance.now() - stopAsked > SURE_MS) {
    stopAsked = performance.now();
    draw();
    setTimeout(draw, SURE_MS + 50);
    return;
  }
  stopAsked = -SURE_MS;
  act({ act: "key", key, at: state.at }).catch(() => {});
};

const sideWords = (side) => (side && has(`side.${side}`) ? t(`side.${side}`) : "");
const exerciseName = (id) => t(`exercise.${id}`);

// What is large, from a walk or from a free count, in one shape.
function view() {
  const walk = state.walk, free = state.free;
  if (!walk) {
    const target = free.hold_target_s;
    const holding = free.hold.state === "holding";
    return {
      phase: state.unsafe ? "stopped" : state.over || state.ended ? "finished" : "free", what: exerciseName(free.exercise), which: sideWords(free.side),
      count: free.count, of: "", sees: free.sees, exercise: free.exercise, keys: state.keys || [], next: null,
      holding, holdFrom: free.hold.since_s, end: holding && target ? free.hold.since_s + target : null,
      kind: holding ? "hold" : "", moving: free.hold.state === "moving", how: false,
    };
  }
  const step = walk.step, clock = walk.countdown;
  const exercising = ["instruct", "lead_in", "active", "rest", "paused"].includes(walk.phase);
  const set = step && step.sets > 1 ? t("page.set_of", { set: step.set, sets: step.sets }) : "";
  return {
    phase: walk.phase, what: exercising && step ? exerciseName(step.exercise) : t(`page.phase.${walk.phase}`),
    which: exercising && step ? [sideWords(step.side), set].filter(Boolean).join(" · ") : "",
    count: walk.phase === "active" || walk.phase === "paused" ? walk.count : null, of: step ? t("page.of", { target: step.target }) : "",
    sees: exercising && step ? step.sees : "full", exercise: step ? step.exercise : "", keys: state.keys || walk.keys,
    next: exercising ? walk.next : null, holding: walk.hold.state === "holding", holdFrom: walk.hold.since_s,
    moving: walk.hold.state === "moving", end: clock ? clock.end_s : null, kind: clock ? clock.kind : "", how: walk.phase === "instruct",
  };
}

function alerts(seen) {
  const loud = [];
  const quiet = [];
  if (!state.over && performance.now() - heardAt > QUIET_MS) loud.push(t("page.no_server"));
  for (const one of state.sensors) {
    const where = t(`placement.${one.placement}`);
    if (one.state === "sensor lost") loud.push(t("page.sensor_lost", { where }));
    else if (one.state === "searching" || one.state === "connecting" || one.state === "waiting") quiet.push(t("page.searching", { where }));
    if (one.battery_percent !== null && one.battery_percent !== undefined && one.battery_percent < 15) quiet.push(t("page.battery", { where, percent: Math.round(one.battery_percent) }));
  }
  if (seen.sees === "none") loud.push(t("page.not_observable"));
  else if (seen.sees === "counts") quiet.push(t("page.counts_only"));
  else if (seen.sees === "weak") quiet.push(t("page.weak"));
  const guided = ["instruct", "lead_in", "active", "free"].includes(seen.phase);
  if (guided && has(`hint.${seen.exercise}`)) loud.push(t(`hint.${seen.exercise}`));
  return [loud, quiet];
}

function drawAlerts(seen) {
  const [loud, quiet] = alerts(seen);
  const lines = [...loud.map((text) => ["", text]), ...quiet.map((text) => ["quiet", text])];
  const box = $("alerts");
  const key = JSON.stringify(lines);
  if (box.dataset.key === key) return;
  box.dataset.key = key;
  box.replaceChildren(...lines.map(([kind, text]) => Object.assign(document.createElement("p"), { className: kind, textContent: text })));
}

function drawKeys(seen) {
  const usable = state.over ? [] : ORDER.filter((key) => seen.keys.includes(key));
  const sure = performance.now() - stopAsked < SURE_MS;
  const id = JSON.stringify([usable, language, sure]);
  const nav = $("keys");
  if (nav.dataset.key === id) return;
  nav.dataset.key = id;
  const focused = document.activeElement?.dataset?.key;
  nav.setAttribute("aria-label", t("page.keys"));
  nav.replaceChildren(...usable.map((key) => {
    const button = Object.assign(document.createElement("button"), { type: "button", className: key === "pain_up" ? "pain" : "" });
    button.dataset.key = key;
    const hint = Object.assign(document.createElement("kbd"), { textContent: SHOWN[key] });
    hint.setAttribute("aria-hidden", "true");
    button.append(`${t(key === "stop" && sure ? "page.key.stop_sure" : `page.key.${key}`)} `, hint);
    button.addEventListener("click", () => press(key));
    return button;
  }));
  if (focused) nav.querySelector(`[data-key="${focused}"]`)?.focus();
}

function drawHow(seen) {
  const words = has(`exercise.${seen.exercise}.start`) && seen.how;
  show("how", words);
  if (!words || $("how").dataset.key === seen.exercise + language) return;
  $("how").dataset.key = seen.exercise + language;
  put("start-position", t(`exercise.${seen.exercise}.start`));
  const steps = t(`exercise.${seen.exercise}.steps`).split("\n");
  $("steps").replaceChildren(...steps.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
}

function drawSets() {
  const rows = state.walk ? state.walk.runs : [{ ...state.free, run: 0, ended: "" }];
  const filled = rows.filter((row) => row.count || row.ended || (row.holds_s || []).length);
  const correctable = Boolean(state.walk) && ["rest", "check_out", "stopped", "finished", "paused", "instruct"].includes(state.walk.phase);
  const shown = filled.length > 0 && (correctable || !state.walk);
  show("sets", shown);
  const key = JSON.stringify([filled, correctable, language]);
  if (!shown || $("sets").dataset.key === key || $("sets").contains(document.activeElement)) return;
  $("sets").dataset.key = key;
  $("sets").setAttribute("aria-label", t("page.table"));
  const head = document.createElement("tr");
  for (const name of ["exercise", "count", "holds", ...(correctable ? ["correct"] : [])]) {
    head.append(Object.assign(document.createElement("th"), { scope: "col", textContent: t(`page.table.${name}`) }));
  }
  const table = document.createElement("table");
  table.append(Object.assign(document.createElement("caption"), { className: "unseen", textContent: t("page.table") }), head, ...filled.map((row) => setRow(row, correctable)));
  $("sets").replaceChildren(table);
}

function setRow(row, correctable) {
  const tr = document.createElement("tr");
  tr.dataset.run = row.run;
  const name = [exerciseName(row.exercise), sideWords(row.side)].filter(Boolean).join(", ");
  const corrected = row.corrected ?? null;
  const count = corrected === null ? `${row.count}` : t("page.corrected", { count: corrected, counted: row.count });
  const seconds = new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const holds = row.holds_s.filter((hold) => hold !== null).map((hold) => seconds.format(hold)).join(" · ");
  const seen = row.sees === "none" ? t("page.unseen") : count;
  tr.append(cell(name), cell(seen, "number"), cell(holds ? `${holds} s` : ""));
  if (correctable) tr.append(correction(row, name));
  return tr;
}
const cell = (text, kind = "") => Object.assign(document.createElement("td"), { textContent: text, className: kind });

function correction(row, name) {
  const td = document.createElement("td");
  const form = document.createElement("form");
  const count = Object.assign(document.createElement("input"), { type: "number", min: 0, max: 1000, value: row.corrected ?? row.count, required: true });
  count.setAttribute("aria-label", `${t("page.table.correct")}: ${name}`);
  const reason = Object.assign(document.createElement("input"), { type: "text", maxLength: 200, required: true, placeholder: t("page.reason") });
  reason.setAttribute("aria-label", `${t("page.reason")}: ${name}`);
  const button = Object.assign(document.createElement("button"), { type: "submit", textContent: t("page.table.correct") });
  form.append(count, reason, button);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    act({ act: "correct", run: row.run, count: Number(count.value), reason: reason.value }).catch(() => {});
    button.focus();
    document.activeElement.blur();
  });
  td.append(form);
  return td;
}

function drawClock(seen) {
  const left = seen.end === null ? null : seen.end - now();
  const elapsed = seen.holding && seen.holdFrom !== null ? Math.max(0, now() - seen.holdFrom) : null;
  const shown = left !== null || elapsed !== null;
  show("timer-box", shown);
  if (!shown) { delete document.body.dataset.held; return; }
  const overdue = seen.kind === "hold" && left !== null && left <= 0;
  const number = left !== null && !overdue ? Math.ceil(left) : Math.floor(elapsed ?? 0);
  put("timer", `${Math.max(0, number)}`);
  put("timer-word", t(overdue ? "page.timer.let_go" : left === null ? "page.timer.held" : `page.timer.${seen.kind}`));
  if (elapsed === null) delete document.body.dataset.held; else document.body.dataset.held = elapsed.toFixed(2);
}

function drawCount(seen) {
  show("count-box", seen.count !== null);
  if (seen.count === null) { lastCount = null; return; }
  put("count", `${seen.count}`);
  put("of", seen.of || t("page.reps"));
  if (lastCount !== null && seen.count > lastCount) {
    put("announce", t("page.announce", { count: seen.count }));
    $("count").classList.remove("pulse");
    void $("count").offsetWidth;
    $("count").classList.add("pulse");
  }
  lastCount = seen.count;
}

function drawWords(seen) {
  const waiting = state.walk === null && state.sensors.every((one) => one.state !== "recording");
  const key = { paused: "page.say.paused", finished: "page.say.finished" }[seen.phase]; // a clock has its own word
  const decision = (state.decisions || [])[0];
  const words = decision && ["blocked", "stopped", "finished"].includes(seen.phase) ? decision.words[language] || t("page.stop_elsewhere")
    : waiting && seen.phase === "free" ? t("page.say.waiting") : key ? t(key) : "";
  show("say", Boolean(words));
  put("say", words);
}

function drawPrompts() {
  const lines = (state.prompts || []).map((words) => words[language]);
  const box = $("prompts");
  const key = JSON.stringify([lines, language]);
  if (box.dataset.key === key) return;
  box.dataset.key = key;
  box.hidden = !lines.length;
  box.setAttribute("aria-label", t("page.prompts"));
  box.replaceChildren(...lines.map((text) => Object.assign(document.createElement("p"), { textContent: text })));
}

function draw() {
  if (!state) return;
  const seen = view();
  document.body.dataset.phase = seen.phase;
  document.documentElement.lang = language;
  put("what", seen.what);
  put("which", seen.which);
  drawAlerts(seen);
  drawCount(seen);
  drawClock(seen);
  drawWords(seen);
  drawPrompts();
  drawHow(seen);
  drawKeys(seen);
  drawSets();
  const next = seen.next;
  show("next", Boolean(next));
  if (next) put("next", t("page.next", { what: [exerciseName(next.exercise), sideWords(next.side)].filter(Boolean).join(", ") }));
  askFor($("ask"), state, act, t, language);
}

function hear(cues) {
  if (lastCue === null) lastCue = cues.length ? cues[cues.length - 1].id : 0; // what was before this page is not heard
  for (const cue of cues.filter((one) => one.id > lastCue)) {
    lastCue = cue.id;
    play(cue.kind);
    if (has(`cue.${cue.kind}`)) sayWords(t(`cue.${cue.kind}`, { number: cue.number ?? "" }), language);
  }
}

function staticWords() {
  put("disclaimer", t("page.disclaimer"));
  put("sound", t("page.sound"));
  put("speech", t("page.speech"));
  put("language", language === "de" ? "English" : "Deutsch");
  $("language").lang = language === "de" ? "en" : "de";
}

function pressable(event) {
  return !event.ctrlKey && !event.metaKey && !event.altKey && !event.repeat && !event.target.closest("input, select, textarea, button, a, label");
}

async function begin() {
  texts = await (await fetch("texts.json")).json();
  staticWords();
  const stream = new EventSource("events");
  stream.onmessage = (event) => {
    state = JSON.parse(event.data);
    heardAt = performance.now();
    if (state.cues) hear(state.cues);
    draw();
    if (state.over) stream.close(); // nothing more will come
    document.body.dataset.number = event.lastEventId;
  };
  document.addEventListener("keydown", (event) => {
    const key = state && pressable(event) && (KEYS[event.key] || KEYS[event.key.toLowerCase()])?.find((one) => view().keys.includes(one));
    if (!key) return;
    event.preventDefault();
    press(key);
  });
  $("sound").addEventListener("click", () => $("sound").setAttribute("aria-pressed", setSound()));
  $("speech").addEventListener("click", () => $("speech").setAttribute("aria-pressed", setSpeech()));
  $("language").addEventListener("click", () => {
    language = language === "de" ? "en" : "de";
    localStorage.setItem("language", language);
    staticWords();
    draw();
  });
  const tick = () => { if (state) { const seen = view(); drawClock(seen); drawAlerts(seen); } requestAnimationFrame(tick); };
  requestAnimationFrame(tick);
  keepAwake();
}

// A screen that goes dark after a minute is of no use on the floor; only an address of this computer may ask for it.
async function keepAwake() {
  if (!("wakeLock" in navigator)) return;
  const ask = () => navigator.wakeLock.request("screen").catch(() => {});
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") ask(); });
  await ask();
}

begin();
