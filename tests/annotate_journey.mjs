// One researcher's way through the page of `sciatrack annotate`: node annotate_journey.mjs PLAYWRIGHT_CORE CHROMIUM URL

import { createRequire } from "node:module";
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";

const [core, executablePath, url] = process.argv.slice(2);
const { chromium } = createRequire(import.meta.url)(core);
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const page = await browser.newPage({ viewport: { width: 1300, height: 800 } });
const wrong = [];
page.on("console", (m) => { if (m.type() === "error") wrong.push(m.text()); });
page.on("pageerror", (error) => wrong.push(error.message));
page.on("request", (request) => { if (!request.url().startsWith(new URL(url).origin) && !request.url().startsWith("data:")) wrong.push(request.url()); });

async function begin() {
  await page.goto(url);
  await page.reload(); // an address that differs behind the # only is no new page
  await page.fill("#annotator", "A-1");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#desk:not([hidden])");
  await page.waitForFunction(() => document.querySelector("#readout").textContent);
}

const box = () => page.locator("#trace").boundingBox();
async function click(s) {
  const { x, y, width } = await box();
  await page.mouse.click(x + (s / 59.98) * width, y + 150); // the view shows the whole minute
}
async function markAt(s) { await click(s); await page.keyboard.press("m"); }
const saved = () => page.waitForFunction(() => document.querySelector("#status").textContent.startsWith("saved"));
const text = (id) => page.textContent(id);

await begin();
for (const s of [6, 12, 24, 30]) await markAt(s);
await markAt(18); // inside a rep
assert.match(await text("#message"), /overlap/);
await markAt(40);
await click(50);
await page.keyboard.press("e"); // a rep without a hold
assert.equal(await text("#count"), "(2)");
await page.keyboard.press("c"); // which was not complete
await click(20);
await page.keyboard.press("l");
await page.keyboard.press("Delete");
assert.equal(await text("#count"), "(1)");
await page.keyboard.press("Control+z");
assert.equal(await text("#count"), "(2)");

// An edge drawn from 30 to 31 s.
const { x, y, width } = await box();
await page.mouse.move(x + (30 / 59.98) * width, y + 150);
await page.mouse.down();
await page.mouse.move(x + (30.5 / 59.98) * width, y + 150, { steps: 5 });
await page.mouse.move(x + (31 / 59.98) * width, y + 150, { steps: 5 });
await page.mouse.up();

await page.click("#film summary");
await page.fill("#video1", "1:23.5");
await page.fill("#here1", "10");
await page.keyboard.press("Tab");
await click(54);
await page.keyboard.press("m"); // a rep that is only begun
assert.match(await text("#readout"), /film 0:02:07/);
await saved();
const before = await page.textContent("#reps");

await begin(); // a reload loses nothing, not even the begun rep
assert.equal(await page.textContent("#reps"), before);
assert.match(await text("#mark"), /hold begins/);
assert.match(await text("#blind"), /, blind/);

// Zoomed in, the cursor moves finely; the whole comes back.
await page.mouse.move(x + width / 2, y + 150);
for (let k = 0; k < 12; k += 1) await page.mouse.wheel(0, -400);
await page.waitForTimeout(300);
await page.click("#all");

// Showing the analysis is asked, and remembered.
page.once("dialog", (dialog) => dialog.dismiss());
await page.click("#reveal");
assert.match(await text("#blind"), /, blind/);
page.once("dialog", (dialog) => dialog.accept());
await page.click("#reveal");
await page.waitForFunction(() => /sciatrack finds/.test(document.querySelector("#message").textContent));
assert.match(await text("#blind"), /not blind/);
assert.deepEqual(wrong, []);

// Another page of the same annotator goes on; this one is told, overwrites nothing, and gives its marks as a copy.
const other = await page.evaluate(async () => {
  const headers = { "X-Sciatrack-Token": location.hash.slice(1) };
  const { truth } = await (await fetch("/api/truth?annotator=A-1", { headers })).json();
  return (await fetch("/api/truth", { method: "PUT", headers, body: JSON.stringify(truth) })).status;
});
assert.equal(other, 200);
await click(56);
await page.keyboard.press("m");
await page.waitForFunction(() => document.querySelector("#status").textContent.startsWith("NOT SAVED"));
const download = page.waitForEvent("download");
await page.click("#copy");
const copy = await download;
assert.equal(copy.suggestedFilename(), "r.truth-A-1.json");
const kept = JSON.parse(await readFile(await copy.path(), "utf8"));
assert.equal(kept.open_marks.length, 2);
if (process.env.SCREENSHOT) await page.screenshot({ path: process.env.SCREENSHOT });
await browser.close();
