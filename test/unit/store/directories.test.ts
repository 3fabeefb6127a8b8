import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, describe, it } from "node:test";
import { nodeFileSystem } from "../../../src/store/node-fs.ts";
import { openStore } from "../../../src/store/index.ts";

const KILLED = new Error("killed");

/** A file system that notes which directories were made and which are durable, and dies before its n-th sync. */
function noting(deadAt: number, loose: Set<string>) {
  const opened = new Map<number, string>();
  let syncs = 0;
  const fs: typeof nodeFileSystem = {
    ...nodeFileSystem,
    mkdirSync: ((path: string, options?: { mode?: number }) => {
      nodeFileSystem.mkdirSync(path, options);
      loose.add(path);
    }) as typeof nodeFileSystem.mkdirSync,
    openSync: (path, flags, mode) => {
      const fd = nodeFileSystem.openSync(path, flags, mode);
      opened.set(fd, String(path));
      return fd;
    },
    fsyncSync: (fd) => {
      if (syncs === deadAt) throw KILLED;
      syncs += 1;
      nodeFileSystem.fsyncSync(fd);
      for (const path of loose) if (dirname(path) === opened.get(fd)) loose.delete(path);
    },
  };
  return { fs, syncs: () => syncs };
}

describe("the directories of a new volume", () => {
  const folder = mkdtempSync(join(tmpdir(), "dockerloader-directories-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const place = (name: string): string => mkdtempSync(join(folder, name));

  it("are all durable once it is open, with one sync for each parent and one for the last of them", () => {
    const loose = new Set<string>();
    const { fs, syncs } = noting(Infinity, loose);
    openStore(place("new-"), { fs });
    assert.deepEqual([...loose], []);
    assert.equal(syncs(), 5);
  });

  it("are durable also where whoever began to make them was killed before any of the syncs", () => {
    for (let deadAt = 0; deadAt < 5; deadAt += 1) {
      const loose = new Set<string>();
      const dataDir = place(`killed-${deadAt}-`);
      assert.throws(() => openStore(dataDir, { fs: noting(deadAt, loose).fs }), /killed|unknown error/);
      openStore(dataDir, { fs: noting(Infinity, loose).fs });
      const unsafe = [...loose].filter((path) => !path.endsWith("/partial"));
      assert.deepEqual(unsafe, [], `killed before sync ${deadAt}`);
    }
  });

  it("cost nothing when they are there", () => {
    const dataDir = place("known-");
    openStore(dataDir);
    const { fs, syncs } = noting(Infinity, new Set());
    openStore(dataDir, { fs });
    assert.equal(syncs(), 0);
  });
});
