// Draws a trace with marks on a canvas. Knows nothing of files or keys.

import { NAMES } from "./marks.js";

const COLOURS = ["#0072b2", "#d55e00", "#009e73"];
const PANELS = [["acc", "m/s²"], ["gyr", "deg/s"]];
const HEAD = 18; // pixels above the panels, for the numbers of the reps
const FOOT = 18; // and below, for the time

/** Fits the canvas to its place on the screen; gives its size in page pixels and the context. */
export function fitted(canvas) {
  const ratio = window.devicePixelRatio || 1;
  const { width, height } = canvas.getBoundingClientRect();
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const to = canvas.getContext("2d");
  to.setTransform(ratio, 0, 0, ratio, 0, 0);
  to.clearRect(0, 0, width, height);
  return { to, width, height };
}

export const toX = (view, width, s) => ((s - view.from) / (view.to - view.from)) * width;
export const toS = (view, width, x) => view.from + (x / width) * (view.to - view.from);

export function drawTrace(canvas, { view, data, channels, truth, chosen, cursor, found }) {
  const { to, width, height } = fitted(canvas);
  const x = (s) => toX(view, width, s);
  const bottom = height - FOOT;
  bands(to, truth.reps, x, bottom, width, chosen);
  const shown = PANELS.filter(([kind]) => channels.some((name) => name.startsWith(kind)));
  shown.forEach(([kind, unit], k) => {
    const top = HEAD + (k * (bottom - HEAD)) / shown.length;
    const part = { top: top + 3, height: (bottom - HEAD) / shown.length - 6 };
    const members = channels.flatMap((name, c) => (name.startsWith(kind) ? [c] : []));
    panel(to, data, members, x, part, width);
    to.fillStyle = "#4a5565";
    to.fillText(`${kind}, ${unit}`, 4, top + 14);
  });
  edges(to, truth.reps, x, bottom, width, chosen);
  if (found) foundReps(to, found, x, bottom, width);
  to.setLineDash([5, 4]);
  truth.open_marks.forEach((s) => line(to, x(s), 0, bottom, "#a3201a", 2));
  to.setLineDash([]);
  line(to, x(cursor), 0, bottom, "#111", 1);
  ticks(to, view, x, height, width);
}

function bands(to, reps, x, bottom, width, chosen) {
  reps.forEach((rep, k) => {
    const [a, b] = [x(rep.start_s), x(rep.end_s)];
    if (b < 0 || a > width) return;
    to.fillStyle = k === chosen ? "#f6d9a8" : "#e4edf3";
    to.fillRect(a, 0, b - a, bottom);
    if (rep.hold_start_s !== null) {
      to.fillStyle = k === chosen ? "#edba66" : "#bcd3e2";
      to.fillRect(x(rep.hold_start_s), 0, x(rep.hold_end_s) - x(rep.hold_start_s), bottom);
    }
    to.fillStyle = "#1c2430";
    to.font = "12px system-ui, sans-serif";
    to.fillText(`${k + 1}${rep.complete ? "" : " (incomplete)"}`, Math.max(a, 0) + 3, 13);
  });
}

function edges(to, reps, x, bottom, width, chosen) {
  reps.forEach((rep, k) => {
    if (x(rep.end_s) < 0 || x(rep.start_s) > width) return;
    NAMES.forEach((name) => {
      if (rep[name] !== null) line(to, x(rep[name]), 0, bottom, k === chosen ? "#9a5b00" : "#7d97a8", k === chosen ? 2 : 1);
    });
  });
}

function foundReps(to, found, x, bottom, width) {
  found.forEach((rep) => {
    if (x(rep.end_s) < 0 || x(rep.start_s) > width) return;
    to.fillStyle = "#8a8a8a";
    to.fillRect(x(rep.start_s), bottom - 5, x(rep.end_s) - x(rep.start_s), 5);
    if (rep.hold_start_s === null) return;
    to.fillStyle = "#333";
    to.fillRect(x(rep.hold_start_s), bottom - 5, x(rep.hold_end_s) - x(rep.hold_start_s), 5);
  });
}

function panel(to, data, members, x, part, width) {
  if (!data.time_s.length) return;
  const values = members.flatMap((c) => [...data.low[c], ...data.high[c]]).filter((v) => v !== null);
  let [least, most] = [Infinity, -Infinity];
  values.forEach((v) => { least = Math.min(least, v); most = Math.max(most, v); });
  if (!(most > least)) [least, most] = [least - 1, least + 1];
  const y = (v) => part.top + (1 - (v - least) / (most - least)) * part.height;
  members.forEach((c, k) => {
    to.strokeStyle = COLOURS[k % COLOURS.length];
    to.lineWidth = 1;
    to.beginPath();
    let on = false;
    data.time_s.forEach((s, i) => {
      const [low, high] = [data.low[c][i], data.high[c][i]];
      if (low === null) { on = false; return; } // nothing was measured: a gap stays a gap
      const at = x(s);
      if (on && s - data.time_s[i - 1] <= data.gap_s) to.lineTo(at, y(low));
      else to.moveTo(at, y(low));
      if (high !== low) to.lineTo(at, y(high));
      on = true;
    });
    to.stroke();
  });
}

function ticks(to, view, x, height, width) {
  const wanted = ((view.to - view.from) * 90) / width;
  const steps = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400];
  const step = steps.find((s) => s >= wanted) ?? 28800;
  to.fillStyle = "#4a5565";
  to.font = "11px system-ui, sans-serif";
  for (let s = Math.ceil(view.from / step) * step; s < view.to; s += step) {
    line(to, x(s), height - FOOT, height - FOOT + 4, "#4a5565", 1);
    to.fillText(step < 1 ? s.toFixed(2) : String(Math.round(s)), x(s) + 2, height - 4);
  }
}

function line(to, x, top, bottom, colour, width) {
  to.strokeStyle = colour;
  to.lineWidth = width;
  to.beginPath();
  to.moveTo(x, top);
  to.lineTo(x, bottom);
  to.stroke();
}

export function drawOverview(canvas, { whole, data, truth, view }) {
  const { to, width, height } = fitted(canvas);
  const x = (s) => toX(whole, width, s);
  truth.reps.forEach((rep) => {
    to.fillStyle = "#8fb4cc";
    to.fillRect(x(rep.start_s), 0, Math.max(x(rep.end_s) - x(rep.start_s), 1), height);
  });
  panel(to, data, [0, 1, 2], x, { top: 4, height: height - 8 }, width);
  to.fillStyle = "rgba(213, 138, 0, .25)";
  const [a, b] = [x(view.from), x(view.to)];
  to.fillRect(a, 0, Math.max(b - a, 2), height);
  to.strokeStyle = "#9a5b00";
  to.strokeRect(a, 1, Math.max(b - a, 2), height - 2);
}
