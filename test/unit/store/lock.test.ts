import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import type { FileSystem } from "../../../src/store/fs.ts";
import { lockForLoader, openStore } from "../../../src/store/index.ts";
import { nodeFileSystem } from "../../../src/store/node-fs.ts";

describe("the loader's lock", () => {
  const folder = mkdtempSync(join(tmpdir(), "dockerloader-lock-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "lock");
  const answering = (answer: ReturnType<FileSystem["flock"]>): FileSystem => ({
    ...nodeFileSystem,
    flock: () => answer,
  });

  it("is refused to a second one, and free again when the first has let go", () => {
    const first = lockForLoader(nodeFileSystem, path, 0);
    assert.throws(() => lockForLoader(nodeFileSystem, path, 0), { code: "STORE_LOCKED", exitCode: 75 });
    first.release();
    lockForLoader(nodeFileSystem, path, 0).release();
  });

  it("is refused on a volume that says yes to everybody", () => {
    assert.throws(() => lockForLoader(answering("held"), path, 0), {
      code: "STORE_UNSUPPORTED",
      exitCode: 74,
      message: /both granted/,
    });
  });

  it("is refused with the reason where nothing can be locked", () => {
    assert.throws(() => lockForLoader(answering({ unsupported: "no locks on this volume" }), path, 0), {
      code: "STORE_UNSUPPORTED",
      message: /cannot be locked: no locks on this volume/,
    });
  });

  it("says that the volume fails when it does so at the second look, and holds nothing then", () => {
    let opened = 0;
    const openSync = ((file: string, flags: string, mode?: number) => {
      opened += 1;
      if (opened === 2) throw Object.assign(new Error("EIO: i/o error"), { code: "EIO" });
      return nodeFileSystem.openSync(file, flags, mode);
    }) as FileSystem["openSync"];
    assert.throws(() => lockForLoader({ ...nodeFileSystem, openSync }, path, 0), {
      code: "STORE_IO",
      message: `cannot open ${path}: EIO`,
    });
    lockForLoader(nodeFileSystem, path, 0).release();
  });
});

describe("a volume that cannot sync directories", () => {
  const folder = mkdtempSync(join(tmpdir(), "dockerloader-sync-"));
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** As some FUSE drivers answer: files can be synced, directories cannot. */
  const refusing = (errno: string): FileSystem => ({
    ...nodeFileSystem,
    fsyncSync: (fd) => {
      if (nodeFileSystem.fstatSync(fd).isDirectory()) throw Object.assign(new Error(errno), { code: errno });
      nodeFileSystem.fsyncSync(fd);
    },
  });

  it("is used, with one warning that names the consequence", () => {
    const warnings: string[] = [];
    const store = openStore(join(folder, "a"), {
      fs: refusing("EINVAL"),
      onWarning: (message) => void warnings.push(message),
    });
    store.records.setCleanStop();
    assert.ok(existsSync(store.layout.cleanStop));
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? "", /does not promise to survive a power cut/);
  });

  it("is another matter than one that fails at it", () => {
    assert.throws(() => openStore(join(folder, "b"), { fs: refusing("EIO") }), { code: "STORE_IO" });
  });
});
