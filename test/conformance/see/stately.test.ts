/**
 * The page that feeds the Stately inspector, in a real browser. The inspector itself lives on the internet: a page that
 * listens as it does takes its place at its address.
 */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Browser } from "playwright-core";
import { STATELY_ORIGIN } from "../../../src/inspect/stately-page.ts";
import { CHECKING } from "../../e2e/cli/support/apps.ts";
import { openShellLab, type ShellLab } from "../../e2e/support/shell-lab.ts";
import { openBrowser } from "./support/browser.ts";

/** Says that it is there, a moment after messages may have come, and writes down what it is told. */
const INSPECTOR = `<!doctype html><ol id="heard"></ol><script>
addEventListener("message", ({ data }) => {
  const line = document.createElement("li");
  line.textContent = [data.type, data.sessionId, JSON.stringify(data.snapshot?.value ?? data.event?.type)].join(" ");
  document.querySelector("#heard").append(line);
});
setTimeout(() => parent.postMessage({ type: "@statelyai.connected" }, "*"), 300);
</script>`;

describe("the page for the Stately inspector", () => {
  let lab: ShellLab;
  let browser: Browser;
  before(async () => {
    lab = await openShellLab();
    browser = await openBrowser();
  });
  after(async () => {
    await browser.close();
    await lab.close();
  });

  test("hands it both machines and every step, in order, and asks nobody else", { timeout: 120_000 }, async () => {
    const mark = join(lab.folder, "mark");
    await lab.push(CHECKING);
    const loader = lab.start({ env: { MARK: mark } });
    await loader.until("looked");
    const bridge = lab.start({ args: ["inspect", "--stately", "--json"] });
    await bridge.until("}\n");
    const { url } = JSON.parse(bridge.text()) as { url: string };

    const page = await browser.newPage();
    const complaints: string[] = [];
    const asked = new Set<string>();
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    page.on("request", (request) => asked.add(new URL(request.url()).origin));
    await page.route(`${STATELY_ORIGIN}/**`, (route) => route.fulfill({ contentType: "text/html", body: INSPECTOR }));
    await page.goto(url);
    const heard = page.frameLocator("iframe").locator("#heard li");
    await heard
      .filter({ hasText: /^@xstate.snapshot supervisor \{"committed"/ })
      .first()
      .waitFor();

    await lab.push(`dockerloader ready; trap 'exit 0' TERM; while :; do sleep 0.05; done`);
    writeFileSync(mark, "");
    await heard.filter({ hasText: '@xstate.snapshot supervisor "trial"' }).first().waitFor();
    await heard.filter({ hasText: '@xstate.event supervisor "LINK.COMMITTED"' }).first().waitFor();
    const lines = await heard.allTextContents();
    assert.deepEqual(
      lines.slice(0, 2).map((line) => line.split(" ").slice(0, 2).join(" ")),
      ["@xstate.actor supervisor", "@xstate.actor update"],
    );
    const steps = ["check", "download", "extract", "stageAttempt", "staged"].map((state) =>
      lines.indexOf(`@xstate.snapshot update "${state}"`),
    );
    assert.ok(!steps.includes(-1), lines.join("\n"));
    assert.deepEqual(
      steps,
      steps.toSorted((a, b) => a - b),
    );
    assert.deepEqual(complaints, []);
    assert.deepEqual([...asked].toSorted(), [new URL(url).origin, STATELY_ORIGIN].toSorted());
  });
});
