// The page: keys, mouse and forms. What is marked is saved at once; nothing is kept only here.

import { drawOverview, drawTrace, toS, toX } from "./drawing.js";
import * as marks from "./marks.js";
import { ask, keepCopy, makeSaver } from "./saving.js";

const NEAR_PX = 6; // an edge is taken hold of from so near
const SHORTEST_S = 0.2; // no view shows less
const EMPTY = { time_s: [], low: [], high: [], gap_s: 0 };
const $ = (id) => document.getElementById(id);

const here = { about: null, truth: null, file: "", view: null, data: EMPTY, all: EMPTY, cursor: 0, chosen: -1, found: null };
const past = { undo: [], redo: [] };

const saver = makeSaver({ truth: () => here.truth, status, saved: showBlind });

function touched() {
  saver.touched();
  draw();
}

function status(text, bad = false) {
  $("status").textContent = text;
  $("status").classList.toggle("bad", bad);
  $("copy").hidden = !bad || !here.truth;
}

// ---- changing what is marked

function change(make) {
  past.undo.push(copy());
  past.redo = [];
  make(here.truth);
  touched();
}

const copy = () => structuredClone({ reps: here.truth.reps, open_marks: here.truth.open_marks });

function step(from, to) {
  if (!past[from].length) return;
  past[to].push(copy());
  Object.assign(here.truth, past[from].pop());
  here.chosen = -1;
  touched();
}

function markHere() {
  const why = marks.objection(here.truth, here.cursor);
  say(why);
  if (!why) change((truth) => { here.chosen = marks.mark(truth, here.cursor); });
}

function finishHere() {
  if (here.truth.open_marks.length === 3) return markHere();
  if (here.truth.open_marks.length !== 1) return say("First mark where the rep begins; after a hold's beginning, mark its end.");
  const why = marks.objection(here.truth, here.cursor);
  say(why);
  if (!why) change((truth) => { here.chosen = marks.finish(truth, here.cursor); });
}

function takeBack() {
  if (here.truth.open_marks.length) change((truth) => truth.open_marks.pop());
}

function remove() {
  if (here.chosen < 0) return;
  change((truth) => truth.reps.splice(here.chosen, 1));
  here.chosen = -1;
  draw();
}

function set(name, value) {
  if (here.chosen >= 0 && here.truth.reps[here.chosen][name] !== value) change((truth) => { truth.reps[here.chosen][name] = value; });
}

const say = (text) => { $("message").textContent = text; };

// ---- the view

let asking = false;
let askAgain = false;

async function look() {
  draw();
  if (asking) { askAgain = true; return; }
  asking = true;
  const { from, to } = here.view;
  try {
    here.data = await trace(from, to, $("trace").clientWidth);
    draw();
  } catch (error) { say(error.message); }
  asking = false;
  if (askAgain) { askAgain = false; look(); }
}

async function trace(from, to, bins) {
  const data = await ask(`/api/trace?from=${from}&to=${to}&bins=${Math.max(Math.round(bins), 100)}`);
  const steps = data.time_s.slice(1).map((s, k) => s - data.time_s[k]).sort((a, b) => a - b);
  data.gap_s = Math.max(4 * (steps[steps.length >> 1] ?? 0), 0.1); // a longer step is a gap and stays empty
  return data;
}

function show(from, to) {
  const { start_s, end_s } = here.about;
  const wide = Math.min(Math.max(to - from, SHORTEST_S), Math.max(end_s - start_s, SHORTEST_S));
  const first = Math.min(Math.max(from, start_s), Math.max(end_s - wide, start_s));
  here.view = { from: first, to: first + wide };
  look();
}

function zoom(times, around) {
  const { from, to } = here.view;
  show(around - (around - from) * times, around + (to - around) * times);
}

function goTo(s) {
  here.cursor = Math.min(Math.max(s, here.about.start_s), here.about.end_s);
  const { from, to } = here.view;
  if (here.cursor < from || here.cursor > to) show(here.cursor - (to - from) / 2, here.cursor + (to - from) / 2);
  else draw();
}

function draw() {
  if (!here.truth) return;
  const { view, data, about, truth, chosen, cursor, found } = here;
  drawTrace($("trace"), { view, data, channels: about.channels, truth, chosen, cursor, found });
  drawOverview($("overview"), { whole: { from: about.start_s, to: about.end_s }, data: here.all, truth, view });
  const film = marks.onFilm(truth.video_points, cursor);
  $("readout").textContent = `cursor ${cursor.toFixed(3)} s = ${marks.clock(cursor)}` + (film === null ? "" : `, film ${marks.clock(film)}`);
  $("mark").textContent = `Mark: ${marks.NEXT[truth.open_marks.length]} (M)`;
  $("finish").disabled = truth.open_marks.length !== 1;
  $("back").disabled = !truth.open_marks.length;
  $("undo").disabled = !past.undo.length;
  $("redo").disabled = !past.redo.length;
  list();
}

function list() {
  const { reps } = here.truth;
  $("count").textContent = `(${reps.length})`;
  $("reps").replaceChildren(...reps.map((rep, k) => {
    const row = document.createElement("tr");
    const hold = rep.hold_start_s === null ? "none" : (rep.hold_end_s - rep.hold_start_s).toFixed(2);
    [k + 1, rep.start_s.toFixed(2), hold, rep.end_s.toFixed(2), rep.side, rep.complete ? "yes" : "no"].forEach((text) => {
      row.insertCell().textContent = text;
    });
    row.classList.toggle("chosen", k === here.chosen);
    row.addEventListener("click", () => { here.chosen = k; goTo(rep.start_s); });
    return row;
  }));
  const rep = reps[here.chosen];
  $("chosen").hidden = !rep;
  if (rep) {
    $("side").value = rep.side;
    $("complete").checked = rep.complete;
    if (document.activeElement !== $("note")) $("note").value = rep.note;
  }
}

function showBlind() {
  $("blind").textContent = `${here.truth.annotator}, ${here.truth.blind ? "blind" : "not blind: the analysis was shown"}`;
}

// ---- mouse

let drag = null;

function near(x) {
  const width = $("trace").clientWidth;
  const order = here.truth.reps.map((_, k) => k).sort((a, b) => (b === here.chosen) - (a === here.chosen));
  for (const k of order) {
    for (const name of marks.NAMES) {
      const s = here.truth.reps[k][name];
      if (s !== null && Math.abs(toX(here.view, width, s) - x) <= NEAR_PX) return { number: k, name };
    }
  }
  return null;
}

$("trace").addEventListener("pointerdown", (event) => {
  $("trace").setPointerCapture(event.pointerId);
  drag = { x: event.offsetX, view: here.view, edge: near(event.offsetX), moved: false };
  if (drag.edge) drag.before = copy();
});

$("trace").addEventListener("pointermove", (event) => {
  if (!drag) { $("trace").style.cursor = near(event.offsetX) ? "ew-resize" : "crosshair"; return; }
  if (!drag.moved && Math.abs(event.offsetX - drag.x) < 3) return;
  const width = $("trace").clientWidth;
  if (drag.edge) {
    if (!drag.moved) { past.undo.push(drag.before); past.redo = []; here.chosen = drag.edge.number; }
    here.cursor = toS(here.view, width, event.offsetX);
    marks.move(here.truth, drag.edge.number, drag.edge.name, here.cursor);
    touched();
  } else {
    const by = ((drag.x - event.offsetX) / width) * (drag.view.to - drag.view.from);
    show(drag.view.from + by, drag.view.to + by);
  }
  drag.moved = true;
});

$("trace").addEventListener("pointerup", (event) => {
  if (drag && !drag.moved) {
    here.cursor = toS(here.view, $("trace").clientWidth, event.offsetX);
    here.chosen = here.truth.reps.findIndex((rep) => here.cursor >= rep.start_s && here.cursor <= rep.end_s);
    say("");
    draw();
  }
  drag = null;
});

$("trace").addEventListener("wheel", (event) => {
  event.preventDefault();
  const width = $("trace").clientWidth;
  if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
    const by = (event.deltaX / width) * (here.view.to - here.view.from);
    show(here.view.from + by, here.view.to + by);
  } else zoom(1.0015 ** event.deltaY, toS(here.view, width, event.offsetX));
}, { passive: false });

$("overview").addEventListener("pointerdown", (event) => {
  const whole = { from: here.about.start_s, to: here.about.end_s };
  const s = toS(whole, $("overview").clientWidth, event.offsetX);
  const half = (here.view.to - here.view.from) / 2;
  show(s - half, s + half);
});

// ---- keys

const pixel = () => (here.view.to - here.view.from) / $("trace").clientWidth;
const turn = (by) => { const w = here.view.to - here.view.from; here.cursor += by * w; show(here.view.from + by * w, here.view.to + by * w); goTo(here.cursor); };
const KEYS = {
  m: markHere, e: finishHere, Backspace: takeBack, Delete: remove,
  ArrowLeft: (event) => goTo(here.cursor - pixel() * (event.shiftKey ? 20 : 1)),
  ArrowRight: (event) => goTo(here.cursor + pixel() * (event.shiftKey ? 20 : 1)),
  ArrowUp: () => zoom(0.7, here.cursor), ArrowDown: () => zoom(1 / 0.7, here.cursor),
  PageUp: () => turn(-1), PageDown: () => turn(1),
  c: () => here.chosen >= 0 && set("complete", !here.truth.reps[here.chosen].complete),
  l: () => set("side", "left"), r: () => set("side", "right"), b: () => set("side", "both"),
};

document.addEventListener("keydown", (event) => {
  if (!here.truth || event.target.closest("input, select, textarea")) return;
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") { event.preventDefault(); return event.shiftKey ? step("redo", "undo") : step("undo", "redo"); }
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "y") { event.preventDefault(); return step("redo", "undo"); }
  if (event.ctrlKey || event.metaKey || event.altKey) return undefined;
  const act = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (act) { event.preventDefault(); act(event); }
  return undefined;
});

// ---- buttons and forms

$("mark").onclick = markHere;
$("finish").onclick = finishHere;
$("back").onclick = takeBack;
$("undo").onclick = () => step("undo", "redo");
$("redo").onclick = () => step("redo", "undo");
$("in").onclick = () => zoom(0.5, here.cursor);
$("out").onclick = () => zoom(2, here.cursor);
$("all").onclick = () => show(here.about.start_s, here.about.end_s);
$("delete").onclick = remove;
$("copy").onclick = () => keepCopy(here.truth, here.file.split(/[\\/]/).at(-1));
$("side").onchange = () => set("side", $("side").value);
$("complete").onchange = () => set("complete", $("complete").checked);
$("note").onchange = () => set("note", $("note").value);
for (const [id, name] of [["exercise", "exercise"], ["placement", "placement"], ["working", "side"], ["video", "video"]]) {
  $(id).onchange = () => { here.truth[name] = $(id).value.trim(); touched(); };
}
for (const k of [1, 2]) {
  $(`take${k}`).onclick = () => { $(`here${k}`).value = here.cursor.toFixed(3); film(); };
  $(`video${k}`).onchange = film;
  $(`here${k}`).onchange = film;
}
$("goto").onchange = () => {
  const s = marks.seconds($("goto").value);
  if (here.truth.video_points.length && Number.isFinite(s)) goTo(marks.ofFilm(here.truth.video_points, s));
};

/** Reads the two moments; half a moment is not yet one. */
function film() {
  const points = [1, 2].map((k) => ({ video_s: marks.seconds($(`video${k}`).value), recording_s: marks.seconds($(`here${k}`).value) }))
    .filter((point) => Number.isFinite(point.video_s) && Number.isFinite(point.recording_s));
  const rate = points.length < 2 ? 1 : (points[1].video_s - points[0].video_s) / (points[1].recording_s - points[0].recording_s);
  if (!(Math.abs(rate - 1) <= 0.02)) {
    $("clock").textContent = `By these, one second here is ${rate.toFixed(3)} s of film: one of them is wrong. They are not saved.`;
    return;
  }
  here.truth.video_points = points;
  $("clock").textContent = points.length === 2 ? `one hour here is ${((rate - 1) * 3600).toFixed(2)} s more of film` : "";
  touched();
}

$("reveal").onclick = async () => {
  if (here.truth.blind && !confirm("From then on your marks count as not blind, for good. Show it?")) return;
  here.truth.blind = false;
  if (!await saver.now()) return; // not saved, so not shown
  showBlind();
  try {
    const { annotator, exercise, placement, side } = here.truth;
    here.found = (await ask(`/api/found?${new URLSearchParams({ annotator, exercise, placement, side })}`)).reps;
    say(`sciatrack finds ${here.found.length} reps; they stand at the bottom of the trace.`);
  } catch (error) { say(error.message); }
  draw();
};

// ---- beginning

$("who").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    const said = await ask(`/api/truth?annotator=${encodeURIComponent($("annotator").value.trim())}`);
    Object.assign(here, { truth: said.truth, file: said.file });
    $("who").hidden = true;
    $("desk").hidden = false;
    fill();
    here.cursor = here.about.start_s;
    here.all = await trace(here.about.start_s, here.about.end_s, $("overview").clientWidth);
    show(here.about.start_s, Math.min(here.about.end_s, here.about.start_s + 120));
    status(here.truth.revision ? "loaded" : "nothing marked yet");
    $("trace").focus();
  } catch (error) { status(error.message, true); }
});

function fill() {
  const { truth } = here;
  $("exercise").value = truth.exercise;
  $("placement").value = truth.placement;
  $("working").value = truth.side;
  $("video").value = truth.video;
  truth.video_points.forEach((point, k) => { $(`video${k + 1}`).value = point.video_s; $(`here${k + 1}`).value = point.recording_s; });
  $("file").textContent = `saved in ${here.file}`;
  showBlind();
}

window.addEventListener("resize", () => here.view && look());

try {
  here.about = await ask("/api/about");
  $("name").textContent = here.about.recording;
  document.title = `${here.about.recording} - sciatrack annotate`;
  status("");
  $("annotator").focus();
} catch (error) { status(error.message, true); }
