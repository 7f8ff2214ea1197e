// Asks the command for data and hands it what is marked: soon after every change, again while it fails.

const TOKEN = location.hash.slice(1);
const SAVE_AFTER_MS = 200; // a drag is one save, not fifty
const RETRY_MS = 2000;
const GONE = "NOT SAVED: the command has ended. Keep a copy, start the command again, and put the copy in place of the file";
const headers = { "X-Sciatrack-Token": TOKEN };

/** The answer as an object; throws an Error with the command's words and the status (none if it does not answer). */
export async function ask(path, options = {}) {
  const answer = await fetch(path, { ...options, headers });
  const said = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(said.error), { status: answer.status });
  return said;
}

/** Gives the browser the marks as the truth file that they would have become. */
export function keepCopy(truth, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(truth, null, 1)], { type: "application/json" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), RETRY_MS);
}

/** Saves truth(): `touched` soon, `now` at once (true if it is saved). Tells status(text, bad) and saved(). */
export function makeSaver({ truth, status, saved }) {
  let [due, dirty, busy, stale] = [0, false, false, false];

  function later(ms) {
    clearTimeout(due);
    due = setTimeout(save, ms);
  }

  async function save() {
    if (busy || stale || !dirty) return;
    [busy, dirty] = [true, false];
    try {
      const said = await ask("/api/truth", { method: "PUT", body: JSON.stringify(truth()) });
      truth().revision = said.revision;
      truth().blind = said.blind && truth().blind;
      status(`saved ${new Date(said.saved_utc).toLocaleTimeString()}`);
      saved();
    } catch (error) {
      dirty = true;
      stale = error.status === 409;
      status(error.status ? `NOT SAVED: ${error.message}` : GONE, true);
      if (!stale) later(RETRY_MS);
    }
    busy = false;
    if (dirty && !stale) later(SAVE_AFTER_MS);
  }

  window.addEventListener("beforeunload", (event) => {
    if (!dirty && !busy) return;
    // The last change goes out even if the page is closed at once.
    if (!stale && !busy) fetch("/api/truth", { method: "PUT", keepalive: true, body: JSON.stringify(truth()), headers });
    event.preventDefault();
  });

  return {
    touched() {
      dirty = true;
      status("saving");
      later(SAVE_AFTER_MS);
    },
    async now() {
      dirty = true;
      clearTimeout(due);
      while (busy) await new Promise((done) => { setTimeout(done, 50); });
      await save();
      return !dirty;
    },
  };
}
