// A browser that watches the live page: told what to do as one JSON argument, tells what it saw as JSON lines.
// `core` is the folder of playwright-core, `axe` the file of axe-core, `browser` a Chromium.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const job = JSON.parse(process.argv[2]);
const { chromium } = createRequire(import.meta.url)(job.core);
const axe = readFileSync(job.axe, "utf8");
const tell = (kind, more = {}) => process.stdout.write(`${JSON.stringify({ kind, ...more })}\n`);

// In the page: everything that changes, with the moment of the frame in which a person could see it.
const observe = () => {
  addEventListener("DOMContentLoaded", () => {
    let before = "";
    const look = () => {
      const count = document.getElementById("count-box").hidden ? null : document.getElementById("count").textContent;
      const seen = { phase: document.body.dataset.phase ?? "", what: document.getElementById("what").textContent, count };
      const now = JSON.stringify(seen);
      if (now !== before) window.sawThis({ ...seen, at_ms: Date.now() });
      before = now;
      const held = document.body.dataset.held;
      if (held !== undefined) window.sawHold({ held_s: Number(held), at_ms: Date.now() });
    };
    setInterval(look, 20);
  });
};

const hosts = new Set();
const problems = [];
const browser = await chromium.launch({ executablePath: job.browser, args: ["--no-sandbox"] });
const views = [];
for (const view of job.views) {
  const context = await browser.newContext({ viewport: view.viewport, colorScheme: view.theme, locale: view.locale ?? "en-GB", reducedMotion: view.motion ?? "no-preference" });
  context.on("request", (request) => hosts.add(new URL(request.url()).host));
  const page = await context.newPage();
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (message) => { if (message.type() === "error") problems.push(message.text()); });
  views.push({ ...view, context, page, first: views.length === 0, shot: new Set() });
}
const main = views[0];
let over = false;
let last = {};
await main.context.exposeBinding("sawThis", (_, seen) => {
  last = seen;
  if (job.until.includes(seen.phase)) over = true;
  tell("seen", seen);
});
let heldAt = 0;
await main.context.exposeBinding("sawHold", (_, seen) => {
  if (seen.at_ms - heldAt >= 100) { heldAt = seen.at_ms; tell("held", seen); }
});
await main.context.addInitScript(observe);
await Promise.all(views.map((view) => view.page.goto(job.url)));

async function picture(name) {
  for (const view of views) {
    if (view.shot.has(name)) continue;
    view.shot.add(name);
    if (job.pictures) await view.page.screenshot({ path: `${job.pictures}/${name}-${view.name}.png` });
    await view.page.evaluate(axe);
    const found = await view.page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
    for (const one of found.violations) {
      tell("violation", { view: view.name, name, rule: one.id, nodes: one.nodes.slice(0, 3).map((node) => `${node.html} ${node.failureSummary}`) });
    }
    tell("checked", { view: view.name, name, passes: found.passes.length });
  }
}

const digits = () => main.page.evaluate(() => {
  const box = document.getElementById("count-box").hidden ? "timer" : "count";
  return parseFloat(getComputedStyle(document.getElementById(box)).fontSize) / Math.min(innerWidth, innerHeight);
});

const reloads = [...(job.reloads ?? [])];
const began = Date.now();
let restarts = 0;
while (!over && Date.now() - began < job.at_most_s * 1000) {
  await new Promise((done) => setTimeout(done, 100));
  if (job.look && last.phase) await picture(last.phase === "active" || last.phase === "free" ? (await main.page.evaluate(() => "held" in document.body.dataset) ? "holding" : last.phase) : last.phase);
  if (reloads.length && Date.now() - began >= reloads[0] * 1000) {
    reloads.shift();
    restarts += 1;
    tell("reload", { at_ms: Date.now(), before: last });
    if (restarts % 2) await main.page.reload();
    else {
      await main.page.close();
      main.page = await main.context.newPage();
      main.page.on("pageerror", (error) => problems.push(String(error)));
      await main.page.goto(job.url);
    }
  }
}
if (job.look && last.phase) await picture(last.phase);
if (last.phase) tell("digits", { share: await digits() });
tell("rows", { rows: await main.page.evaluate(() => [...document.querySelectorAll("#sets tr")].slice(1).map((row) => [...row.cells].slice(0, 3).map((cell) => cell.textContent))) });
tell("end", { hosts: [...hosts], problems, over });
await browser.close();
