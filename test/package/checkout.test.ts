/** What has to agree inside the checkout. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { ERROR_CODES } from "../../src/errors.ts";
import { VERSION } from "../../src/version.ts";
import { inOrder, LONGEST } from "../../scripts/test/order.ts";
import { ROOT } from "./support/pack.ts";

const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");
const sources = globSync("src/**/*.ts", { cwd: ROOT }).map((path) => ({ path, text: read(path) }));

describe("the checkout", () => {
  test("runs on a Node that can run it, also below npm", () => {
    const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
    assert.ok(
      major > 22 || (major === 22 && minor >= 18),
      `Node ${process.versions.node} is too old, 22.18 is the least`,
    );
    const below = execFileSync("npm", ["exec", "--offline", "-c", "node --version"], {
      cwd: ROOT,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    assert.match(below.trim(), /^v24\./, "npm scripts have to see the Node of scripts/toolchain first: run npm ci");
  });

  test("states one version", () => {
    assert.equal(VERSION, (JSON.parse(read("package.json")) as { version: string }).version);
    assert.match(read("Dockerfile"), new RegExp(`ARG VERSION=${VERSION}\\b`));
  });

  test("begins with long tests that there are", () => {
    assert.deepEqual(
      LONGEST.filter((file) => !existsSync(join(ROOT, file))),
      [],
    );
    const [first = "", ...later] = LONGEST;
    assert.deepEqual(inOrder(["test/b.test.ts", first, "test/a.test.ts"]), [first, "test/a.test.ts", "test/b.test.ts"]);
    assert.deepEqual(inOrder(later.toReversed()), later);
  });

  test("locks its dependencies without download addresses", () => {
    assert.doesNotMatch(read("package-lock.json"), /"resolved": "http/);
  });

  test("has a README whose generated parts are up to date", () => {
    const { status, stderr } = spawnSync(process.execPath, ["scripts/docs.ts", "--check"], {
      cwd: ROOT,
      encoding: "utf8",
    });
    assert.equal(status, 0, stderr);
  });

  test("uses every error code it lists", () => {
    const others = sources
      .filter(({ path }) => path !== "src/errors.ts")
      .map(({ text }) => text)
      .join("\n");
    assert.deepEqual(
      Object.keys(ERROR_CODES).filter((code) => !others.includes(`"${code}"`)),
      [],
    );
  });

  test("emits every event it lists", () => {
    const catalogue = [...read("src/log/events.ts").matchAll(/type: "([a-z.-]+)"/g)].map(([, type]) => type ?? "");
    const others = sources
      .filter(({ path }) => !["src/log/events.ts", "src/log/messages.ts"].includes(path))
      .map(({ text }) => text)
      .join("\n");
    assert.deepEqual(
      catalogue.filter((type) => !others.includes(`type: "${type}"`)),
      [],
    );
  });

  test("imports xstate in one file of src", () => {
    const importing = sources.filter(({ text }) => /from "xstate/.test(text)).map(({ path }) => path);
    assert.deepEqual(importing, ["src/xstate.ts"]);
  });
});
