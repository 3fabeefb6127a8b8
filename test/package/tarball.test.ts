/** The package as it is published. Needs `npm run build`. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Packed, pack, ROOT } from "./support/pack.ts";

/** The runtime exports of every entry point. A name that comes or goes is a decision. */
const EXPORTS = {
  dockerloader: [
    "DockerloaderError",
    "RESTART_EXIT_CODE",
    "checkForUpdate",
    "initDockerloaded",
    "isCliMode",
    "markReady",
    "requestRestart",
    "startUpdateLoop",
  ],
  "dockerloader/supervisor": ["DockerloaderError", "loadConfig", "readConfig", "supervise"],
  "dockerloader/machines": ["supervisorMachine", "updateMachine"],
  "dockerloader/testing": ["buildImage", "createIdentity", "startRegistry", "startTcpProxy"],
} as const;

const CONSUMER = `
import { checkForUpdate, initDockerloaded, isCliMode, markReady, startUpdateLoop, type CheckResult } from "dockerloader";
import { supervise } from "dockerloader/supervisor";
import { supervisorMachine } from "dockerloader/machines";
import { buildImage, startRegistry } from "dockerloader/testing";

const { digest, trial } = await initDockerloaded();
const ready = await markReady({ check: false, onRestart: async () => {} });
const result: CheckResult = await checkForUpdate({ signal: AbortSignal.timeout(1000) });
await using loop = startUpdateLoop({ onRestart: () => {} });
loop.on("result", (one) => one.kind);
const args: string[] | undefined = isCliMode();
export { args, buildImage, digest, ready, result, startRegistry, supervise, supervisorMachine, trial };
`;

describe("the published package", () => {
  let packed: Packed;
  before(() => {
    packed = pack();
  });
  after(() => packed.remove());

  test("holds the build, the licence and the documents, and nothing else", () => {
    const allowed = /^(dist\/(bin|lib)\/.+|README\.md|LICENSE|DECISIONS\.md|package\.json)$/;
    assert.deepEqual(
      packed.files.filter((file) => !allowed.test(file)),
      [],
    );
    for (const file of [
      "dist/bin/main.js",
      "dist/bin/unpack-worker.js",
      "dist/lib/src/index.js",
      "README.md",
      "LICENSE",
    ]) {
      assert.ok(packed.files.includes(file), `${file} is missing`);
    }
    assert.deepEqual(
      packed.files.filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts")),
      [],
    );
  });

  for (const [entry, names] of Object.entries(EXPORTS)) {
    test(`${entry} exports exactly what is written down here`, () => {
      const program = `process.stdout.write(JSON.stringify(Object.keys(await import(${JSON.stringify(entry)})).sort()))`;
      const out = execFileSync(process.execPath, ["--input-type=module", "-e", program], {
        cwd: packed.project,
        encoding: "utf8",
      });
      assert.deepEqual(JSON.parse(out), [...names].sort());
    });
  }

  test("type-checks in a strict project of its own that skips no library", () => {
    writeFileSync(join(packed.project, "app.mts"), CONSUMER);
    const options = ["--strict", "--noEmit", "--module", "nodenext", "--target", "es2024", "--skipLibCheck", "false"];
    const lib = [
      "--lib",
      "es2024,esnext.disposable",
      "--typeRoots",
      join(ROOT, "node_modules/@types"),
      "--types",
      "node",
    ];
    const { status, stdout } = spawnSync("tsc", [...options, ...lib, "app.mts"], {
      cwd: packed.project,
      encoding: "utf8",
    });
    assert.equal(status, 0, stdout);
  });

  test("has a command that runs", () => {
    const command = join(packed.project, "node_modules/dockerloader/dist/bin/main.js");
    const { status, stdout } = spawnSync(process.execPath, [command, "--version"], { encoding: "utf8" });
    assert.equal(status, 0);
    assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
  });

  test("publint has nothing to say", () => {
    const { status, stdout, stderr } = spawnSync("publint", ["run", packed.tarball, "--strict"], {
      cwd: ROOT,
      encoding: "utf8",
    });
    assert.equal(status, 0, stdout + stderr);
  });

  test("are the types wrong? No", () => {
    const { status, stdout, stderr } = spawnSync("attw", [packed.tarball, "--profile", "esm-only", "--no-emoji"], {
      cwd: ROOT,
      encoding: "utf8",
    });
    assert.equal(status, 0, stdout + stderr);
  });
});
