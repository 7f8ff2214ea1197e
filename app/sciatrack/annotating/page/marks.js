// The rules of marking, without a page: reps with their moments, and one rep that is not finished yet.

export const NAMES = ["start_s", "hold_start_s", "hold_end_s", "end_s"];
export const NEXT = ["rep begins", "hold begins", "hold ends", "rep ends"];
const LEAST_S = 0.01; // two moments of a rep are at least so far apart

const round = (s) => Math.round(s * 1000) / 1000;

/** Why a moment can't be the next mark; empty if it can. */
export function objection(truth, s) {
  const last = truth.open_marks.at(-1);
  if (last !== undefined && s < last + LEAST_S) return "That lies before the last mark.";
  const first = truth.open_marks[0] ?? s;
  if (truth.reps.some((rep) => first < rep.end_s && s > rep.start_s)) return "That would overlap another rep.";
  return "";
}

/** Adds the next mark; the fourth makes a rep. Gives the number of the rep that was made, or -1. */
export function mark(truth, s) {
  truth.open_marks.push(round(s));
  return truth.open_marks.length === 4 ? made(truth, truth.open_marks) : -1;
}

/** Ends a rep of which only the beginning is marked: it has no hold. */
export function finish(truth, s) {
  return made(truth, [truth.open_marks[0], null, null, round(s)]);
}

function made(truth, moments) {
  const rep = { side: truth.side, complete: true, note: "" };
  NAMES.forEach((name, k) => { rep[name] = moments[k]; });
  truth.open_marks = [];
  truth.reps.push(rep);
  truth.reps.sort((a, b) => a.start_s - b.start_s);
  return truth.reps.indexOf(rep);
}

/** Moves one moment of a rep, no further than its neighbours allow. */
export function move(truth, number, name, s) {
  const rep = truth.reps[number];
  const own = NAMES.filter((n) => rep[n] !== null);
  const at = own.indexOf(name);
  const low = at > 0 ? rep[own[at - 1]] + LEAST_S : truth.reps[number - 1]?.end_s ?? -Infinity;
  const high = at < own.length - 1 ? rep[own[at + 1]] - LEAST_S : truth.reps[number + 1]?.start_s ?? Infinity;
  rep[name] = round(Math.min(Math.max(s, low), high));
}

/** Seconds of a film's "min:s", "h:min:s" or "s"; NaN for anything else. */
export function seconds(text) {
  if (!/^\s*(\d+:){0,2}\d+([.,]\d+)?\s*$/.test(text)) return NaN;
  return text.trim().replace(",", ".").split(":").reduce((sum, part) => 60 * sum + Number(part), 0);
}

/** A moment on the film's clock; null without a point. */
export function onFilm(points, s) {
  if (!points.length) return null;
  const [a, b] = points;
  const rate = b ? (b.video_s - a.video_s) / (b.recording_s - a.recording_s) : 1;
  return a.video_s + (s - a.recording_s) * rate;
}

/** The other way round. */
export function ofFilm(points, video) {
  const [a, b] = points;
  const rate = b ? (b.video_s - a.video_s) / (b.recording_s - a.recording_s) : 1;
  return a.recording_s + (video - a.video_s) / rate;
}

/** h:min:s with hundredths. */
export function clock(s) {
  const sign = s < 0 ? "-" : "";
  const hundredths = Math.round(Math.abs(s) * 100);
  const two = (n) => String(n).padStart(2, "0");
  const rest = Math.floor(hundredths / 100);
  return `${sign}${Math.floor(rest / 3600)}:${two(Math.floor(rest / 60) % 60)}:${two(rest % 60)}.${two(hundredths % 100)}`;
}
