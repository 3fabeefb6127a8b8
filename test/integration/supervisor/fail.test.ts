/** A fatal error inside the loader: the app is never left behind, and the exit code says whose fault it was. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createReadStream, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, it } from "node:test";
import { readConfig } from "../../../src/config/load.ts";
import type { Digest } from "../../../src/digest.ts";
import { DockerloaderError, EXIT } from "../../../src/errors.ts";
import type { LoaderEvent } from "../../../src/log/events.ts";
import { openStore } from "../../../src/store/index.ts";
import { supervise } from "../../../src/supervisor/index.ts";

const STABLE: Digest = `sha256:${"a".repeat(64)}`;
/** Says that it is up, and on SIGTERM that it was asked to stop. */
const APP = `#!/bin/sh
trap 'echo asked >"$SAID"; exit 0' TERM
echo up >"$FIFO"
while :; do sleep 0.02; done
`;

const cases = {
  "a defect": { error: new TypeError("x is no function"), code: "INTERNAL", exitCode: EXIT.internal },
  "a volume that fails": { error: new DockerloaderError("STORE_IO", "no"), code: "STORE_IO", exitCode: EXIT.ioError },
};

describe("a fatal error inside the loader", () => {
  for (const [name, { error, code, exitCode }] of Object.entries(cases)) {
    it(`stops the app with grace and exits ${exitCode} for ${name}`, async (t) => {
      const folder = await mkdtemp(join(tmpdir(), "dockerloader-fail-"));
      t.after(() => rm(folder, { recursive: true, force: true }));
      const env = {
        PATH: process.env["PATH"],
        DOCKERLOADER_DATA_DIR: join(folder, "data"),
        FIFO: join(folder, "fifo"),
        SAID: join(folder, "said"),
      };
      const { layout, links } = openStore(env.DOCKERLOADER_DATA_DIR);
      mkdirSync(layout.tree(STABLE));
      writeFileSync(layout.executable(STABLE), APP, { mode: 0o755 });
      links.point("entrypoint", STABLE);
      spawnSync("mkfifo", [env.FIFO]);
      const lines = createInterface({ input: createReadStream(env.FIFO) })[Symbol.asyncIterator]();
      const events: LoaderEvent[] = [];
      const log = { emit: (event: LoaderEvent) => void events.push(event) };
      const { config } = readConfig(env);
      const loader = supervise({ config, env, args: [], fetchCommand: ["false"], log, random: Math.random });
      t.after(() => loader.shutdown("SIGTERM"));
      assert.equal((await lines.next()).value, "up");

      loader.fail(error);
      assert.equal(await loader.done, exitCode);
      assert.equal(readFileSync(env.SAID, "utf8"), "asked\n");
      const [fault] = events.filter((event) => event.type === "loader.failed");
      assert.equal(fault?.code, code);
    });
  }
});
