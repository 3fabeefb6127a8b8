/**
 * A disk that answers EIO, at every single read of a launch: the first, the second, and so on until a launch reads no
 * more. A version is never blamed for it, and once the disk answers again the launch goes on where it was.
 */
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { LaunchPlan } from "../../../machines/ports.ts";
import type { Digest } from "../../../src/digest.ts";
import { DockerloaderError } from "../../../src/errors.ts";
import { silentLogger } from "../../../src/log/logger.ts";
import type { FileSystem } from "../../../src/store/fs.ts";
import { openStore, type Store } from "../../../src/store/index.ts";
import { nodeFileSystem } from "../../../src/store/node-fs.ts";
import { planLaunch } from "../../../src/supervisor/plan.ts";

const OLD: Digest = `sha256:${"a".repeat(64)}`;
const NEW: Digest = `sha256:${"b".repeat(64)}`;
const READS = ["openSync", "readFileSync", "readdirSync", "readlinkSync", "lstatSync", "realpathSync"] as const;

/** The real file system without what only takes time here: `flock` and `sync` are programs, and the disk is slow. */
const QUICK: FileSystem = {
  ...nodeFileSystem,
  flock: () => "held",
  syncTree: () => Promise.resolve(),
  fsyncSync: () => {},
};

async function publish(store: Store, digest: Digest): Promise<void> {
  const tree = store.trees.begin();
  writeFileSync(join(tree.root, "entrypoint"), `#!/bin/sh\necho ${digest}\n`, { mode: 0o755 });
  await tree.publish({ digest, reference: "app", entries: 1, bytes: 100, labels: {} });
}

/** A file system whose Nth read fails; `lasting`: the same path then fails for ever. */
function failingAt(point: number, lasting: boolean) {
  const fs: FileSystem = { ...QUICK };
  let reads = Number.NEGATIVE_INFINITY;
  let hit: string | undefined;
  for (const name of READS) {
    const real = nodeFileSystem[name] as (...args: readonly unknown[]) => unknown;
    const read = (...args: readonly unknown[]): unknown => {
      const [path, flags] = args;
      if (name === "openSync" && flags !== "r") return real(...args);
      reads += 1;
      if (reads === point) hit = String(path);
      if (reads === point || (lasting && path === hit))
        throw Object.assign(new Error("EIO: i/o error"), { code: "EIO" });
      return real(...args);
    };
    Object.assign(fs, { [name]: read });
  }
  return { fs, arm: () => void (reads = 0), hit: () => hit };
}

const planOf = (store: Store, thorough: boolean): Promise<LaunchPlan> =>
  planLaunch(store, {
    thorough,
    readOnly: false,
    trialTries: 3,
    log: silentLogger,
    signal: new AbortController().signal,
  });

describe("a launch on a disk that fails", () => {
  const folder = mkdtempSync(join(tmpdir(), "dockerloader-eio-"));
  const [dataDir, template] = [join(folder, "data"), join(folder, "template")];
  before(async () => {
    const store = openStore(dataDir);
    await publish(store, OLD);
    await publish(store, NEW);
    store.links.point("entrypoint", OLD);
    store.links.point("attempt", NEW);
    cpSync(dataDir, template, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  });
  after(() => rmSync(folder, { recursive: true }));

  /** Plans once on the failing disk and once on the mended one. Undefined: there are not that many reads. */
  async function twoLaunches(point: number, lasting: boolean, thorough: boolean) {
    rmSync(dataDir, { recursive: true });
    cpSync(template, dataDir, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
    const { fs, arm, hit } = failingAt(point, lasting);
    const store = openStore(dataDir, { fs: QUICK, create: false });
    const failing = openStore(dataDir, { fs, create: false });
    arm();
    const first = await planOf(failing, thorough).catch((error: unknown) => error);
    const path = hit();
    if (path === undefined) return undefined;
    const told = `read ${point}, ${path.slice(dataDir.length)}, ${JSON.stringify(first)}`;
    assert.deepEqual(store.records.failures(), [], told);
    return { first, second: await planOf(store, true), told, path, store };
  }

  for (const thorough of [false, true]) {
    const when = thorough ? "after an unclean stop" : "after a clean stop";
    it(`${when}: a read that fails once costs at most the trial of this launch`, async (t) => {
      for (let point = 1; ; point += 1) {
        const seen = await twoLaunches(point, false, thorough);
        if (seen === undefined) return t.diagnostic(`${point - 1} reads`);
        const { first, second, told } = seen;
        assert.ok(first !== null && typeof first === "object" && "digest" in first, told);
        assert.ok(second.kind === "trial" && second.digest === NEW, `${told}; then ${JSON.stringify(second)}`);
      }
    });

    it(`${when}: what can be read no more is left out, or named for repair`, async (t) => {
      for (let point = 1; ; point += 1) {
        const seen = await twoLaunches(point, true, thorough);
        if (seen === undefined) return t.diagnostic(`${point - 1} reads`);
        const { first, second, told, path, store } = seen;
        // Nothing can be decided without the links and records; a version that cannot be read is another matter.
        if (first instanceof Error) {
          assert.ok(first instanceof DockerloaderError && first.code === "STORE_IO", told);
          assert.doesNotMatch(path, /\/extracted\/sha|\/receipts\//, told);
        }
        if (second.kind === "empty") assert.equal(store.links.digest("entrypoint"), OLD, told);
        assert.deepEqual(store.records.failures(), [], told);
      }
    });
  }
});
