/**
 * The stream tells everything: a reader that has nothing but its lines knows at every turn of the event loop what
 * `dockerloader status` reads from links, records and status file, over a hundred updates of random fate on the real
 * store, with real children, a real registry, and the loader stopped and started in between.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { checkForUpdate, markReady } from "../../../src/index.ts";
import type { Digest } from "../../../src/digest.ts";
import { forgetVersions } from "../../../src/cli/forget.ts";
import { readConfig } from "../../../src/config/load.ts";
import { EMPTY_VIEW, type View } from "../../../src/inspect/view.ts";
import { silentLogger } from "../../../src/log/logger.ts";
import { openStore } from "../../../src/store/index.ts";
import { supervise, type Supervisor } from "../../../src/supervisor/index.ts";
import { buildImage, startRegistry } from "../../../src/testing/index.ts";
import { createRandom, createReader, fingerprint, fromDisk, fromStream } from "./support/compare.ts";

const UPDATES = 100;
const TRIAL_MS = 250;
/** For a machine that does ten other things. */
const LIMIT_MS = 400_000;
/** How many of the failed ones somebody lets be tried again. */
const FORGOTTEN = 0.4;
const FATES = ["good", "good", "good", "crash", "hang", "probation", "stop"] as const;

describe("the event stream", () => {
  const folder = mkdtempSync(join(tmpdir(), "dockerloader-rebuild-"));
  after(() => rmSync(folder, { recursive: true, force: true }));

  test(
    `rebuilds the state at every instant of ${UPDATES} random updates: 0 differences to what status reads`,
    { timeout: LIMIT_MS },
    async (t) => {
      const seed = Number(process.env["SEED"] ?? 20_261_125);
      t.diagnostic(`SEED=${seed}`);
      const random = createRandom(seed);
      const registry = await startRegistry();
      const dataDir = join(folder, "data");
      const env = {
        PATH: process.env["PATH"],
        DOCKERLOADER_DATA_DIR: dataDir,
        DOCKERLOADER_TARGET: registry.reference("app", "stable"),
        DOCKERLOADER_TRIAL_TIMEOUT_MS: String(TRIAL_MS),
        DOCKERLOADER_PROBATION_MS: "60000",
        FIFO: join(folder, "fifo"),
      };
      const { config } = readConfig(env);
      spawnSync("mkfifo", [env.FIFO]);
      /** Version n: crashes at once, or waits until it is told its exit code. */
      const push = async (version: number, crash: boolean): Promise<string> => {
        const script = crash
          ? `exit 3 # ${version}`
          : `code=; until [ -n "$code" ]; do read code <"$FIFO"; done; exit $code # ${version}`;
        const image = await buildImage({
          layers: [{ files: { entrypoint: `#!/bin/sh\n${script}\n` } }],
          labels: { "org.opencontainers.image.version": `1.${version}` },
        });
        return registry.push("app", "stable", image);
      };
      const fetchCommand = [
        process.execPath,
        "--conditions=development",
        join(import.meta.dirname, "../../../src/main.ts"),
        "fetch",
      ] as const;
      const begin = (): Supervisor => supervise({ config, env, args: [], fetchCommand, log: silentLogger, random });

      await push(0, false);
      let loader = begin();
      t.after(async () => {
        over = true;
        loader.shutdown("SIGTERM");
        await loader.done;
        reader.close();
        await registry.stop();
      });
      const store = openStore(dataDir);
      const reader = createReader(store.layout.events);
      let instants = 0;
      /** False while no loader runs, and during the first download, which is another process: two processes have no common instant. */
      let comparing = false;
      const waiting: { readonly met: (view: View) => boolean; readonly resolve: (view: View) => void }[] = [];
      let failure: unknown;
      /** Somebody began to wait since the last look. */
      let added = false;
      let over = false;
      /** Every turn of the event loop: the disk and the stream say the same. */
      let compared = "";
      const compare = (): void => {
        if (over) return;
        const now = fingerprint(store);
        if (now === compared && !added) return void setImmediate(compare);
        compared = now;
        added = false;
        try {
          const view = reader.view();
          const disk = comparing ? fromDisk(store) : undefined;
          if (disk !== undefined && view.supervisor.at !== null) {
            assert.deepEqual(fromStream(view), disk);
            instants += 1;
          }
          for (const wait of waiting.filter(({ met }) => met(view))) {
            waiting.splice(waiting.indexOf(wait), 1);
            wait.resolve(view);
          }
        } catch (error) {
          failure = error;
          over = true;
          for (const { resolve } of waiting) resolve(EMPTY_VIEW);
          return;
        }
        setImmediate(compare);
      };
      setImmediate(compare);
      const until = async (met: (view: View) => boolean): Promise<View> => {
        if (failure !== undefined) throw failure;
        const view = await new Promise<View>((resolve) => {
          waiting.push({ met, resolve });
          added = true;
        });
        if (failure !== undefined) throw failure;
        return view;
      };
      const committed = (digest: string) => (view: View) =>
        view.supervisor.state === "committed" && view.child?.digest === digest;
      /** Gives the waiting child its exit code. */
      const end = async (code: number): Promise<void> => {
        const handle = await open(env.FIFO, "w");
        await handle.writeFile(`${code}\n`);
        await handle.close();
      };

      const view = await until(({ child, supervisor }) => child !== null && supervisor.state === "committed");
      let stable = view.child?.digest ?? "sha256:";
      comparing = true;
      let forgotten = 0;
      const counted = new Map<string, number>();
      for (let version = 1; version <= UPDATES; version += 1) {
        const fate = FATES[Math.floor(random() * FATES.length)] ?? "good";
        counted.set(fate, (counted.get(fate) ?? 0) + 1);
        const digest = await push(version, fate === "crash");
        const app = { ...env, DOCKERLOADER_DIGEST: stable };
        assert.deepEqual(await checkForUpdate({ env: app, log: silentLogger }), { kind: "staged", digest });
        await end(42);
        if (fate === "crash" || fate === "hang") {
          await until(({ failed }) => failed.some((one) => one.digest === digest));
          await until(committed(stable));
          assert.equal((await checkForUpdate({ env: app, log: silentLogger })).kind, "refused");
          if (random() < FORGOTTEN) {
            assert.deepEqual(forgetVersions(store, digest as Digest), [digest]);
            forgotten += 1;
            await until(({ failed }) => failed.every((one) => one.digest !== digest));
          }
          continue;
        }
        await until(({ child }) => child?.digest === digest);
        if (fate === "stop") {
          loader.shutdown("SIGTERM");
          await loader.done;
          comparing = false;
          loader = begin();
          comparing = true;
          await until(({ child, loader: up }) => up !== null && child?.digest === digest);
        }
        const ready = await markReady({
          env: { ...env, DOCKERLOADER_DIGEST: digest, DOCKERLOADER_TRIAL: "1" },
          log: silentLogger,
          check: false,
        });
        assert.equal(ready.kind, "committed");
        await until(committed(digest));
        if (fate !== "probation") {
          stable = digest as typeof stable;
          continue;
        }
        await end(7);
        await until(({ failed }) => failed.some((one) => one.digest === digest));
        await until(committed(stable));
      }
      over = true;
      t.diagnostic(
        `${instants} instants compared; forgotten ${forgotten}; ${[...counted].map(([fate, count]) => `${fate} ${count}`).join(", ")}`,
      );
      assert.ok(forgotten > 0);
      assert.ok(instants > UPDATES * 5, `only ${instants} instants`);
      assert.equal(
        FATES.every((fate) => counted.has(fate)),
        true,
      );
      assert.ok(readFileSync(store.layout.events, "utf8").split("\n").length > UPDATES * 10);
    },
  );
});
