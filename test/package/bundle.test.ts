/** What the loader process loads. Needs `npm run build`. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { ROOT } from "./support/pack.ts";

const BIN = join(ROOT, "dist/bin");
/** KiB of JavaScript that `run` may load. */
const RUN_BUDGET_KIB = 300;

/** Prints which of Node's own modules a process has loaded, when it ends. */
const TELL = `data:text/javascript,process.on("exit",()=>console.error(process.moduleLoadList.join("\\n")))`;

/** Files that one chunk imports statically, itself included. */
function closure(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  for (const [, name = ""] of readFileSync(join(BIN, file), "utf8").matchAll(/(?:from|import)"\.\/([\w-]+\.js)"/g))
    closure(name, seen);
  return seen;
}

/** The way to `run`. */
const files = (): string[] => [...closure("main.js"), ...closure("run.js")];

describe("the bundle of the command", () => {
  test("is one file for each of what is started again and again", () => {
    for (const name of ["main.js", "run.js", "plain.js", "pass-through.js", "first-download.js"])
      assert.deepEqual([...closure(name)], [name]);
    const main = readFileSync(join(BIN, "main.js"), "utf8");
    const loaded = [...main.matchAll(/import\("\.\/([\w-]+\.js)"\)/g)].map(([, name]) => name ?? "");
    assert.deepEqual([...new Set(loaded)].sort(), [
      "commands.js",
      "first-download.js",
      "pass-through.js",
      "plain.js",
      "run.js",
    ]);
  });

  test("loads neither the command line parser nor anything that talks to a registry on the way to `run`", () => {
    const text = files()
      .map((file) => readFileSync(join(BIN, file), "utf8"))
      .join("\n");
    assert.match(text, /entrypoint-attempting/, "this is not the loader's chunk");
    for (const trace of [
      "demandCommand",
      "ERR_HTTP_CONTENT_LENGTH_MISMATCH",
      "follow-redirects",
      "tar-stream",
      "MaxRedirectsError",
      "phase_duration_seconds",
      "text/event-stream",
      "content-security-policy",
    ]) {
      assert.ok(!text.includes(trace), `the run path holds ${trace}`);
    }
  });

  test(`stays below ${RUN_BUDGET_KIB} KiB on the way to run`, (t) => {
    const bytes = files().reduce((sum, file) => sum + statSync(join(BIN, file)).size, 0);
    t.diagnostic(`${Math.round(bytes / 1024)} KiB`);
    assert.ok(bytes <= RUN_BUDGET_KIB * 1024, `${bytes} bytes`);
  });

  test("parses no command line for what loader and apps call without arguments", () => {
    for (const name of ["plain.js", "first-download.js"])
      assert.doesNotMatch(readFileSync(join(BIN, name), "utf8"), /demandCommand/);
  });

  test("asks a registry without ICU's lists of all languages", () => {
    for (const name of ["plain.js", "first-download.js"]) {
      const text = readFileSync(join(BIN, name), "utf8");
      assert.match(text, /received value of type/, "this does not hold got's checks");
      assert.doesNotMatch(text, /Intl\.ListFormat/);
    }
  });

  test("downloads without the HTTP/2 and the WebSocket client of Node, and in clear text without TLS", () => {
    const directory = mkdtempSync(join(tmpdir(), "dockerloader-bundle-"));
    try {
      const env = { ...process.env, DOCKERLOADER_DATA_DIR: directory, DOCKERLOADER_TARGET: "127.0.0.1:1/app:1" };
      const args = ["--import", TELL, join(BIN, "main.js"), "fetch"];
      const { status, stderr } = spawnSync(process.execPath, args, { env, encoding: "utf8" });
      assert.equal(status, 69, stderr);
      assert.match(stderr, /^NativeModule http$/m, "this is not a list of modules");
      assert.doesNotMatch(stderr, /undici|http2|tls|https/);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
