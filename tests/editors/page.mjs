// Drives pages of a real browser as told, line by line: {window, act, …} in, {seen} or {failed} out.
// node page.mjs MODULES CHROMIUM

import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const [modules, executablePath] = process.argv.slice(2);
const { chromium } = createRequire(`${modules}/`)("playwright-core");
const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
});
const windows = new Map();

const ACTS = {
  press: (page, { key }) => page.keyboard.press(key),
  type: (page, { text }) => page.keyboard.type(text),
  insert: (page, { text }) => page.keyboard.insertText(text),
  click: (page, { selector, timeout }) => page.locator(selector).first().click({ timeout }),
  see: (page, { sight, argument }) => page.evaluate(SIGHTS[sight], argument),
  // What web views say; each is a document in a document.
  inside: async (page) => {
    const texts = page.frames().slice(1).map((frame) => frame.evaluate(TEXT).catch(() => ""));
    return (await Promise.all(texts)).join("\n");
  },
  picture: (page, { path }) => page.screenshot({ path }),
  watch: (page) => page.evaluate(watchForGhost),
  watched: (page) => page.evaluate(() => window.ghostShown),
  reload: (page) => page.reload(),
  // Left as a person leaves it, so that its extension host and its server end as well.
  close: async (page) => {
    await page.goto("about:blank");
    await page.close();
  },
};

const TEXT = () => document.body?.innerText ?? "";

// What a person sees; each function runs in the page.
const SIGHTS = {
  exists: (selector) => document.querySelector(selector) !== null,
  texts: (selector) =>
    [...document.querySelectorAll(selector)].map((each) =>
      each.textContent.replaceAll("\u00a0", " "),
    ),
  labels: (selector) =>
    [...document.querySelectorAll(selector)].map((each) => each.getAttribute("aria-label") ?? ""),
  typed: () => document.querySelector(".quick-input-widget input")?.value ?? "",
  // Lines after the first are drawn below it.
  ghost: () =>
    [...document.querySelectorAll(".ghost-text-decoration, .suggest-preview-text .view-line")]
      .map((each) => [each.matches(".view-line"), each.textContent.replaceAll("\u00a0", " ")])
      .sort(([isBelow], [isOtherBelow]) => isBelow - isOtherBelow)
      .map(([isBelow, text]) => (isBelow ? `\n${text}` : text))
      .join(""),
  // Lines of the editor as the document has them, without the ghost text that is drawn in them.
  lines: () =>
    [...document.querySelectorAll(".monaco-editor .view-lines > .view-line")].map((each) => {
      const own = each.cloneNode(true);
      for (const ghost of own.querySelectorAll(".ghost-text-decoration")) ghost.remove();
      return own.textContent.replaceAll("\u00a0", " ").trimEnd();
    }),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { window, act, ...given } = JSON.parse(line);
  try {
    if (act === "open") {
      const page = await browser.newPage({ viewport: { width: 1100, height: 640 } });
      windows.set(window, page);
      await page.goto(given.url);
    }
    const seen = await ACTS[act]?.(windows.get(window), given);
    console.log(JSON.stringify({ seen: seen ?? null }));
  } catch (error) {
    console.log(JSON.stringify({ failed: String(error).split("\n")[0] }));
  }
}
await browser.close();

// From the key as the page gets it to the ghost text in the page's document, in milliseconds.
function watchForGhost() {
  window.ghostShown = new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error("no ghost text in 30 s")), 30_000);
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
