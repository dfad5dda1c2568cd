// Drives the real workbench in a real browser; prints one JSON object of what was seen.
// node vscode.mjs PARAMETERS: {modules, chromium, libraries, url, pictures, n_keys}

import { createRequire } from "node:module";

const given = JSON.parse(process.argv[2]);
const { chromium } = createRequire(`${given.modules}/`)("playwright-core");
const PATIENCE = { timeout: 25_000 };

const browser = await chromium.launch({
  executablePath: given.chromium,
  env: { ...process.env, LD_LIBRARY_PATH: given.libraries },
  args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
});
const page = await browser.newPage({ viewport: { width: 1100, height: 640 } });
const seen = {};
let step = "opening the workbench";

try {
  await page.goto(given.url);
  await page.waitForSelector(".monaco-workbench", PATIENCE);
  step = "the status of the server";
  const status = page.locator('.statusbar-item[id*="copilot-ls"]');
  await status.waitFor(PATIENCE);
  await page.waitForFunction(
    () => document.querySelector('.statusbar-item[id*="copilot-ls"]')?.getAttribute("aria-label")?.includes("Ready"),
    undefined,
    PATIENCE,
  );
  seen.status = await status.getAttribute("aria-label");

  step = "ghost text";
  await open("orders.py");
  await goTo(5, 11);
  await page.keyboard.type(" ");
  await ghost("tax.net(order.amount)");
  await page.screenshot({ path: `${given.pictures}/ghost-text.png` });

  step = "measuring keys";
  seen.milliseconds = [];
  for (let key = 0; key < given.n_keys; key++) {
    await page.keyboard.press("Backspace");
    await page.waitForFunction(() => !document.querySelector(".ghost-text-decoration"), undefined, PATIENCE);
    await page.evaluate(watchForGhost);
    await page.keyboard.press("Space");
    seen.milliseconds.push(await page.evaluate(() => window.ghostShown));
    await page.waitForTimeout(200);
  }

  step = "typing along";
  await page.keyboard.type("tax");
  await ghost(".net(order.amount)");
  step = "accepting the next word";
  await page.keyboard.press("Control+ArrowRight");
  await line("    return tax.");
  step = "accepting";
  await ghost("net(order.amount)");
  await page.keyboard.press("Tab");
  seen.accepted = await line("    return tax.net(order.amount)");

  step = "a suggestion that calls what does not exist";
  await goTo(9, 11);
  await page.keyboard.type(" ");
  await page.waitForTimeout(2_500);
  seen.shows_what_does_not_exist = (await page.locator("text=gross").count()) > 0;
  await page.keyboard.press("F1");
  await page.waitForSelector(".quick-input-widget input", PATIENCE);
  await page.keyboard.type("copilot-ls: Why This");
  await page.keyboard.press("Enter");
  seen.withheld = (await line('  "outcome": "withheld",')).trim();

  step = "a finding";
  await open("danger.py");
  await page.waitForSelector(".squiggly-error, .squiggly-warning, .squiggly-info", PATIENCE);
  seen.squiggle = true;
  await goTo(5, 16);
  await page.keyboard.press("Control+.");
  await page.waitForSelector(".action-widget .monaco-list-row", PATIENCE);
  await page.screenshot({ path: `${given.pictures}/quick-fix.png` });
  step = "its explanation";
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.waitForSelector('.tab.active[aria-label*="Untitled"]', PATIENCE);
  seen.explained = true;
  await open("danger.py");
  await goTo(5, 16);
  await page.keyboard.press("Control+.");
  await page.waitForSelector(".action-widget .monaco-list-row", PATIENCE);
  step = "its quick fix";
  await page.keyboard.press("Enter");
  seen.fixed = await line("    return yaml.safe_load(text)");
  await page.waitForFunction(
    () => !document.querySelector(".squiggly-error, .squiggly-warning"),
    undefined,
    PATIENCE,
  );
  seen.clean = true;

  step = "the menu of the status";
  await status.click();
  await page.waitForSelector(".quick-input-list .monaco-list-row", PATIENCE);
  await page.screenshot({ path: `${given.pictures}/menu.png` });
  await page.keyboard.type("Pause");
  await page.keyboard.press("Enter");
  await page.waitForFunction(
    () => document.querySelector('.statusbar-item[id*="copilot-ls"]')?.getAttribute("aria-label")?.includes("Paused"),
    undefined,
    PATIENCE,
  );
  seen.paused = true;
} catch (error) {
  seen.failed = `${step}: ${String(error).split("\n")[0]}`;
  await page.screenshot({ path: `${given.pictures}/failed.png` });
} finally {
  await browser.close();
}
console.log(JSON.stringify(seen));

async function open(file) {
  await page.keyboard.press("Control+p");
  await page.waitForSelector(".quick-input-widget input", PATIENCE);
  await page.keyboard.type(file);
  await page.waitForTimeout(700);
  await page.keyboard.press("Enter");
  await page.waitForSelector(`.tab.active[aria-label*="${file}"]`, PATIENCE);
  await page.waitForSelector(".monaco-editor.focused", PATIENCE);
}

async function goTo(number, column) {
  await page.keyboard.press("Control+g");
  await page.waitForSelector(".quick-input-widget input", PATIENCE);
  await page.keyboard.type(`${number}:${column}`);
  await page.keyboard.press("Enter");
  await page.waitForSelector(".monaco-editor.focused", PATIENCE);
}

async function ghost(text) {
  await page.waitForFunction(
    (wanted) =>
      [...document.querySelectorAll(".ghost-text-decoration")]
        .map((each) => each.textContent.replaceAll("\u00a0", " "))
        .join("") === wanted,
    text,
    PATIENCE,
  );
}

// What a line of the document holds, without the ghost text that is drawn in it.
async function line(text) {
  await page.waitForFunction(
    (wanted) =>
      [...document.querySelectorAll(".monaco-editor .view-line")].some((each) => {
        const own = each.cloneNode(true);
        for (const ghost of own.querySelectorAll(".ghost-text-decoration")) ghost.remove();
        return own.textContent.replaceAll("\u00a0", " ").trimEnd() === wanted;
      }),
    text,
    PATIENCE,
  );
  return text;
}

// From the key as the page gets it to the ghost text in the page's document.
function watchForGhost() {
  window.ghostShown = new Promise((resolve) => {
    let started;
    addEventListener("keydown", () => (started ??= performance.now()), { capture: true, once: true });
    const observer = new MutationObserver(() => {
      if (started !== undefined && document.querySelector(".ghost-text-decoration")) {
        observer.disconnect();
        resolve(performance.now() - started);
      }
    });
    observer.observe(document.body, { subtree: true, childList: true, attributes: true });
  });
}
