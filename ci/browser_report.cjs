// Opens the pages that ci/browser made, works with them as people do, and takes pictures of them.

const assert = require("node:assert/strict");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { chromium } = require("playwright-core");

const [store, pictures] = process.argv.slice(2);
const report = JSON.parse(fs.readFileSync(path.join(store, "report.json")));
const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const LARGE = `file://${path.join(store, "report.html")}`;
const SMALL = `file://${path.join(store, "small.html")}`;
const WIDE = { width: 1280, height: 900 };
const NARROW = { width: 390, height: 844 };

// Does something with a browser of its own, whose pages must not complain, ask or load anything.
async function browse(options, work) {
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), "browser-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: "/usr/bin/chromium", args: FLAGS, viewport: WIDE, ...options,
  });
  const page = context.pages()[0];
  const complaints = [];
  page.on("console", message => complaints.push(`console: ${message.text()}`));
  page.on("pageerror", error => complaints.push(`error: ${error}`));
  page.on("dialog", dialog => { complaints.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on("request", request => { if (![LARGE, SMALL].includes(request.url())) complaints.push(`request: ${request.url()}`); });
  try {
    await work(page);
    assert.deepEqual(complaints, []);
  } finally {
    await context.close();
    fs.rmSync(profile, { recursive: true, force: true });
  }
}

const picture = (page, name) => page.screenshot({ path: path.join(pictures, `${name}.png`) });
const shown = async page => Number((await page.textContent("#shown")).match(/[\d,]+/)[0].replaceAll(",", ""));
const kindOf = finding => (finding.caused_by ? "follows" : finding.severity);
const count = fits => report.findings.filter(fits).length;

// Whether every word occurs in what the page shows of a finding.
const holds = words => finding => {
  const { subject, detail, id, update_error: code, finer_error: finer, fix } = finding;
  const text = [subject.path ?? subject.key, subject.member, detail, id, code, finer, fix].join("\n").toLowerCase();
  return words.split(" ").every(word => text.includes(word));
};

async function reset(page) {
  await page.click("button[type=reset]");
  await page.waitForFunction(all => document.querySelector("#shown").textContent.startsWith(all),
    report.findings.length.toLocaleString("en-GB"));
}

// Whether each filter leaves what the JSON report has.
async function filters(page) {
  assert.equal(await shown(page), report.findings.length);
  for (const kind of new Set(report.findings.map(kindOf))) {
    await page.selectOption("#severity", kind);
    assert.equal(await shown(page), count(finding => kindOf(finding) === kind), kind);
  }
  await reset(page);
  for (const code of Object.keys(report.summary.update_errors)) {
    await page.selectOption("#code", code);
    assert.equal(await shown(page), count(finding => finding.update_error === code), code);
    await page.click(`[data-code="${code}"]`);
    assert.equal(await shown(page), report.summary.update_errors[code], code);
    await reset(page);
  }
  for (const text of ["shared.dll", "0x80070002 .exe", "no such text"]) {
    await page.fill("#text", text);
    assert.equal(await shown(page), count(holds(text)), text);
  }
  await reset(page);
}

// From the first key to an open group without a mouse.
async function keyboard(page) {
  const focused = () => page.evaluate(() => document.activeElement.id || document.activeElement.tagName);
  const tabTo = async wanted => {
    for (let keys = 0; (await focused()) !== wanted; keys++) {
      assert.ok(keys < 60, `${wanted} is not reached`);
      await page.keyboard.press("Tab");
    }
  };
  await tabTo("text");
  await page.keyboard.type("payload-missing");
  assert.equal(await shown(page), count(holds("payload-missing")));
  await tabTo("SUMMARY");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#groups details[open] .card");
  assert.equal(await page.locator("#groups details[open] .card").count(), 100);
  await tabTo("BUTTON");
  while ((await page.evaluate(() => document.activeElement.className)) !== "more") await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  assert.equal(await page.locator("#groups details[open] .card").count(), 200);
  await page.locator("#findings").evaluate(section => section.scrollIntoView());
  await picture(page, "report-group");
  await page.locator("#groups details[open] summary").click();
  await reset(page);
}

// What lies in the store under names that would be markup is shown and does nothing.
async function hostileNames(page) {
  await page.fill("#text", "onerror");
  await page.locator("#groups summary >> visible=true").first().click();
  await page.waitForSelector("#groups details[open] .card");
  assert.match(await page.textContent("#groups details[open] .card"), /<img src=x onerror=alert\(1\)>/);
  await page.fill("#text", "gpj");
  assert.match(await page.textContent("#groups details[open] .card"), /\\u\{202e\}gpj/);
  assert.equal(await page.locator("img").count(), 0);
  await page.locator("#groups details[open] summary").click();
  await reset(page);
}

// Milliseconds from a change of a filter until the page is laid out again.
const timeOfFilter = (page, id, value) => page.evaluate(([id, value]) => {
  const started = performance.now();
  document.getElementById(id).value = value;
  document.getElementById("filters").dispatchEvent(new Event("input"));
  document.body.getBoundingClientRect();
  return Math.round(performance.now() - started);
}, [id, value]);

// Opens every group, or closes it, and waits until they are filled.
const openAll = (page, open) => page.evaluate(async open => {
  for (const details of document.querySelectorAll("details")) details.open = open;
  await new Promise(done => setTimeout(done, 50));
}, open);

async function speeds(page) {
  await openAll(page, true);
  for (const [id, value] of [["text", "m"], ["text", "microsoft x86 dll"], ["severity", "error"], ["severity", "all"]]) {
    console.log(`filter ${id} = ${value}: ${await timeOfFilter(page, id, value)} ms with every group open`);
  }
  await reset(page);
  await openAll(page, false);
}

async function noOverflow(page, width) {
  await page.setViewportSize({ width, height: 844 });
  const widest = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(widest <= width, `${widest} wide at ${width}`);
}

async function paper(page) {
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  assert.equal(await page.locator("details:not([open])").count(), 0);
  await page.evaluate(() => dispatchEvent(new Event("afterprint")));
  assert.equal(await page.locator("details[open]").count(), 0);
}

async function large(page) {
  const started = performance.now();
  await page.goto(LARGE, { waitUntil: "commit" });
  await page.waitForSelector("#filters:not([hidden])");
  const { size } = fs.statSync(path.join(store, "report.html"));
  console.log(`${report.findings.length} findings in ${(size / 2 ** 20).toFixed(1)} MiB: ready after ${Math.round(performance.now() - started)} ms`);
  assert.ok(report.findings.length >= 10_000);
  await picture(page, "report-light");
  await keyboard(page);
  await filters(page);
  await hostileNames(page);
  await speeds(page);
  await paper(page);
  await openAll(page, true);
  for (const width of [360, 390, 768, 1280]) await noOverflow(page, width);
}

// With a plan, and with few findings, which are open from the start.
async function small(page) {
  await page.goto(SMALL);
  await page.waitForSelector("#groups details[open] .card");
  assert.equal(await page.locator("#groups .excerpt mark").count(), 1);
  await page.locator("#accepted summary").click();
  // A group is filled when the browser says that it is open, which is a moment later.
  await page.waitForFunction(() => document.querySelector("#accepted .body").textContent !== "");
  assert.match(await page.textContent("#accepted .body"), /known to be cut/);
  await page.locator("#outlook summary").first().click();
  await page.waitForSelector("#outlook .card");
  assert.match(await page.textContent("#outlook"), /in donor/);
  await noOverflow(page, 360);
  await page.setViewportSize(WIDE);
  await page.screenshot({ path: path.join(pictures, "small.png"), fullPage: true });
}

async function withoutScripts(page) {
  await page.goto(LARGE);
  assert.match(await page.textContent("h1"), /errors? found/);
  assert.match(await page.textContent(".codes"), /0x80070002/);
  assert.ok(await page.locator("noscript").isVisible());
  assert.ok(!(await page.locator("#filters").isVisible()));
}

async function main() {
  await browse({}, large);
  await browse({}, small);
  await browse({ colorScheme: "dark" }, async page => {
    await page.goto(LARGE);
    await picture(page, "report-dark");
    const [red] = (await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).match(/\d+/g).map(Number);
    assert.ok(red < 64, "the page is dark");
  });
  await browse({ viewport: NARROW }, async page => {
    await page.goto(LARGE);
    await picture(page, "report-narrow");
    await page.locator("#groups summary").first().click();
    await page.locator("#findings").evaluate(section => section.scrollIntoView());
    await picture(page, "report-narrow-findings");
  });
  await browse({ javaScriptEnabled: false }, withoutScripts);
  console.log("The page works in a browser.");
}

main().catch(error => {
  console.error(error);
  process.exitCode = 1;
});
