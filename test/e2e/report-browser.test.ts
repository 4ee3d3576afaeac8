import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const BROWSER = "/usr/bin/chromium";
const root = resolve(import.meta.dirname, "../..");
const haveBrowser = existsSync(BROWSER);

describe.skipIf(!haveBrowser)(
  `the report in a browser (skipped where ${BROWSER} is not there)`,
  () => {
    let folder = "";
    let url = "";
    let browser: Browser;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "keyhawk-report-"));
      const report = join(folder, "report.html");
      const trail = join(root, "samples/stolen-role/trail");
      const config = join(root, "samples/keyhawk.yaml");
      const output = ["--quiet", "--alerts", join(folder, "alerts.ndjson"), "--report", report];
      const command = [join(root, "src/main.ts"), "replay", trail, "--config", config, ...output];
      await promisify(execFile)(process.execPath, command);
      url = pathToFileURL(report).href;
      browser = await chromium.launch({
        executablePath: BROWSER,
        args: [
          "--no-sandbox",
          "--disable-gpu",
          "--disable-quic",
          "--no-first-run",
          "--disable-background-networking",
          "--disable-component-update",
          "--disable-sync",
        ],
      });
    });

    afterAll(async () => {
      await browser?.close();
      await rm(folder, { recursive: true, force: true });
    });

    it("asks for nothing, breaks no policy and logs no error", async () => {
      const { page, problems, requests } = await open();
      expect(problems).toEqual([]);
      expect(requests).toEqual([url]);
      await page.close();
    });

    it("filters, sorts and opens alerts", async () => {
      const { page } = await open();
      const shown = () => page.locator("#alert-list > details.alert:visible").count();
      const all = await shown();
      expect(all).toBeGreaterThan(3);
      await page.selectOption("[name=severity]", "4");
      await expect.poll(shown).toBeLessThan(all);
      await page.selectOption("[name=severity]", "0");
      await page.fill("[name=text]", "nobody-of-that-name");
      await expect.poll(shown).toBe(0);
      await page.fill("[name=text]", "");
      await page.selectOption("[name=order]", "oldest");
      const times = await page
        .locator("#alert-list > details.alert")
        .evaluateAll((cards) => cards.map((card) => Number(card.getAttribute("data-time"))));
      expect(times).toEqual([...times].sort((one, other) => one - other));
      await page.click("[name=expand]");
      expect(await page.locator("#alert-list > details.alert[open]").count()).toBe(all);
      await page.close();
    });

    it.each([1280, 400])("needs no scrolling sideways at %d pixels", async (width) => {
      const { page } = await open({ width, height: 900 });
      const over = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
      expect(over).toBeLessThanOrEqual(0);
      await page.close();
    });

    it("can be read with scripts off", async () => {
      const context = await browser.newContext({ javaScriptEnabled: false });
      const page = await context.newPage();
      await page.goto(url);
      expect(await page.locator("details.alert").count()).toBeGreaterThan(3);
      expect(await page.locator("#alert-tools").isVisible()).toBe(false);
      await context.close();
    });

    async function open(
      viewport = { width: 1280, height: 900 },
    ): Promise<{ page: Page; problems: string[]; requests: string[] }> {
      const page = await browser.newPage({ viewport });
      const problems: string[] = [];
      const requests: string[] = [];
      page.on("console", (message) => {
        if (message.type() === "error") problems.push(message.text());
      });
      page.on("pageerror", (error) => problems.push(error.message));
      page.on("request", (request) => requests.push(request.url()));
      await page.goto(url);
      return { page, problems, requests };
    }
  },
);
