/** The live view in Debian's chromium, on a real loader: what a person sees, asserted as text and structure. */
import assert from "node:assert/strict";
import { appendFileSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Browser } from "playwright-core";
import { buildImage } from "../../../src/testing/index.ts";
import { freePort } from "../../e2e/inspect/support/free-port.ts";
import { type Loader, openShellLab, type ShellLab } from "../../e2e/support/shell-lab.ts";
import { look, openBrowser } from "./support/browser.ts";

const APP = `trap 'exit 0' TERM; [ -n "$DOCKERLOADER_TRIAL" ] && until [ -e "$MARK.ready" ]; do sleep 0.05; done
dockerloader ready; echo serving; while :; do [ -e "$MARK" ] && { rm -f "$MARK"; dockerloader check; [ $? = 42 ] && exit 42; }; sleep 0.05; done`;

describe("the live view", { concurrency: false }, () => {
  let lab: ShellLab;
  let browser: Browser;
  let loader: Loader;
  let url = "";
  let mark = "";

  const push = async (script: string, version: string): Promise<string> => {
    const layers = [{ files: { entrypoint: `#!/bin/sh\n${script}\n` } }, { files: { data: version.repeat(50_000) } }];
    return lab.registry.push(
      "app",
      "stable",
      await buildImage({ layers, labels: { "org.opencontainers.image.version": version } }),
    );
  };

  before(async () => {
    lab = await openShellLab();
    browser = await openBrowser();
    mark = join(lab.folder, "mark");
    await push(APP, "1.0.0");
    loader = lab.start({
      env: {
        MARK: mark,
        DOCKERLOADER_INSPECT: `127.0.0.1:${await freePort()}`,
        DOCKERLOADER_TRIAL_TIMEOUT_MS: "60000",
      },
    });
    await loader.until("live view on");
    await loader.until("serving");
    url = (JSON.parse((await lab.command(["inspect", "--json"])).out) as { url: string }).url;
  });
  after(async () => {
    await browser?.close();
    await lab.close();
  });

  test("shows what runs, both charts with their state lit, storage, versions and events; asks nobody else", async () => {
    const { page, complaints, asked } = await look(browser, url, { width: 1440 });
    await page.locator('[data-machine="supervisor"] [data-state="committed"].on').waitFor();
    await page.locator('[data-machine="update"] [data-state="idle"].on').waitFor();
    assert.equal(await page.locator('[data-machine="supervisor"] .state.on').count(), 1);
    assert.match(await page.locator("#health").innerText(), /^committed/);
    assert.match(await page.locator("#running").innerText(), /1\.0\.0/);
    assert.equal(await page.locator("#target").innerText(), lab.target);
    assert.match(await page.locator("#storage").innerText(), /unpacked [\d.]+ KiB[^]*free [\d.]+ [GT]iB of/);
    assert.match(await page.locator("#versions").innerText(), /committed[^]*sha256:[a-f0-9]{12}[^]*1\.0\.0/);
    assert.match(await page.locator("#events").innerText(), /spawning entrypoint/);
    assert.match(await page.locator("#layers").innerText(), /downloaded/);
    assert.deepEqual(complaints, []);
    assert.deepEqual([...new Set(asked)], [new URL(url).origin]);
    assert.doesNotMatch(page.url(), /token/, "the address bar keeps no secret");
    assert.ok((await page.screenshot({ fullPage: true })).length > 20_000);
    await page.close();
  });

  test("follows an update: staged, on trial with its countdown and the way that led there, committed", async () => {
    const { page } = await look(browser, url, { width: 1440 });
    await push(APP, "1.1.0");
    writeFileSync(mark, "");
    await page.locator('[data-machine="supervisor"] [data-state="trial"].on').waitFor();
    await page.locator('.edge.last[data-from="launching"][data-to="trial"]').waitFor();
    assert.match(await page.locator("#health").innerText(), /^on trial$/);
    assert.match(await page.locator("#next").innerText(), /(\d+ s|min) left[^]*on trial/);
    const countdown = page.locator("#countdown");
    assert.equal(await countdown.isVisible(), true);
    const value = Number(await countdown.getAttribute("value"));
    assert.ok(value > 0 && value <= 1, String(value));
    while (Number(await countdown.getAttribute("value")) >= value);
    assert.match(await page.locator("#versions li").first().innerText(), /on trial[^]*1\.1\.0/);
    writeFileSync(`${mark}.ready`, "");
    await page.locator('.edge.last[data-from="trial"][data-to="committed"]').waitFor();
    await page.locator('#versions li:has-text("1.1.0") .badge:has-text("committed")').waitFor();
    await page.locator('#versions li:has-text("1.0.0") .badge:has-text("replaced")').waitFor();
    assert.equal(await countdown.isVisible(), false);
    await page.close();
  });

  test("names what failed and why", async () => {
    const { page } = await look(browser, url, { width: 1440 });
    await push("exit 3", "1.2.0");
    writeFileSync(mark, "");
    const failed = page.locator('#versions li:has-text("1.2.0")');
    await failed.locator('.badge:has-text("failed")').waitFor();
    assert.match(await failed.innerText(), /it exited with code 3 before it was ready/);
    await page.locator('[data-machine="supervisor"] [data-state="committed"].on').waitFor();
    assert.match(await page.locator("#next").innerText(), /failed: it exited with code 3/);
    await page.close();
  });

  test("fits a phone of 360 pixels, in the dark too: nothing sticks out, everything can be reached", async () => {
    const light = await look(browser, url, { width: 360 });
    const dark = await look(browser, url, { width: 360, scheme: "dark" });
    const colour = (page: typeof light.page): Promise<unknown> =>
      page.evaluate("getComputedStyle(document.body).backgroundColor");
    assert.notEqual(await colour(light.page), await colour(dark.page));
    for (const { page } of [light, dark]) {
      await page.locator('[data-state="committed"].on').waitFor();
      assert.equal(await page.evaluate("document.documentElement.scrollWidth"), 360);
      for (const machine of ["supervisor", "update"]) {
        const lit = await page.locator(`[data-machine="${machine}"] .state.on`).boundingBox();
        assert.ok(lit !== null && lit.x >= 0 && lit.x + lit.width <= 360, `${machine}: its state is in sight`);
      }
      for (const id of ["running", "next", "checked", "storage", "versions", "events"]) {
        const box = await page.locator(`#${id}`).boundingBox();
        assert.ok(box !== null && box.x >= 0 && box.x + box.width <= 360, id);
      }
      await page.close();
    }
  });

  test("works by keyboard: every control is reached by Tab, n and p switch, the events scroll", async () => {
    const { page } = await look(browser, url, { width: 1440 });
    const reached = new Set<string>();
    for (let presses = 0; presses < 12; presses += 1) {
      await page.keyboard.press("Tab");
      reached.add(
        String(await page.evaluate("document.activeElement.id || document.activeElement.getAttribute('aria-label')")),
      );
    }
    for (const control of ["notable", "pause", "events", "supervisor chart", "update chart"])
      assert.ok(reached.has(control), control);
    const all = await page.locator("#events li").count();
    await page.keyboard.press("n");
    assert.equal(await page.locator("#notable").getAttribute("aria-pressed"), "true");
    const notable = await page.locator("#events li").count();
    assert.ok(notable > 0 && notable < all, `${notable} of ${all}`);
    await page.keyboard.press("p");
    assert.equal(await page.locator("#pause").getAttribute("aria-pressed"), "true");
    await page.close();
  });

  test("keeps up with a thousand events a second for three seconds, and says what it left out", async () => {
    const { page } = await look(browser, url, { width: 1440 });
    const journal = join(lab.dataDir, "state/events.jsonl");
    const line = (message: string): string =>
      `${JSON.stringify({ time: new Date().toISOString(), level: "debug", event: "loader.warning", message, component: "app", pid: 1 })}\n`;
    for (let tick = 0; tick < 60; tick += 1) {
      appendFileSync(journal, Array.from({ length: 50 }, (_, at) => line(`burst ${tick * 50 + at}`)).join(""));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await page.locator('#events li:has-text("burst 2999")').waitFor();
    assert.ok((await page.locator("#events li").count()) <= 500);
    await page.keyboard.press("n");
    assert.equal(await page.locator("#notable").getAttribute("aria-pressed"), "true", "the page answers");
    await page.close();
  });

  test("reconnects by itself when its server was killed, and goes on where the loader is", async () => {
    const { page } = await look(browser, url, { width: 1440 });
    const pid = readdirSync("/proc")
      .map(Number)
      .find((one) => {
        try {
          return (
            readFileSync(`/proc/${one}/cmdline`, "utf8").includes("\0observe\0") &&
            readFileSync(`/proc/${one}/environ`, "utf8").includes(lab.dataDir)
          );
        } catch {
          return false;
        }
      });
    assert.ok(pid !== undefined);
    process.kill(pid, "SIGKILL");
    await page.locator("#link.reconnecting").waitFor();
    await page.locator("#link.live").waitFor();
    await push(APP, "1.3.0");
    writeFileSync(mark, "");
    await page.locator('#versions li:has-text("1.3.0") .badge:has-text("committed")').waitFor();
    await page.close();
  });
});
