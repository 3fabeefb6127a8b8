import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { LIMITS } from "../../../src/limits.ts";
import { sealOf } from "../../../src/store/seal.ts";
import { helperFrom } from "../../../src/unpack/file-helper.ts";
import { FileWriter, type Helper } from "../../../src/unpack/files.ts";
import { applyImage } from "../../../src/unpack/image.ts";
import { readInventory } from "../../../src/unpack/inventory.ts";
import { Ownership } from "../../../src/unpack/ownership.ts";
import { RingGiver, type RingMemory } from "../../../src/unpack/ring.ts";
import type { TarEntry } from "../../../src/unpack/tar-parser.ts";
import { Warnings } from "../../../src/unpack/warnings.ts";
import { ownWorkerFile } from "../../../src/unpack/worker-file.ts";
import { randomFrom, randomStack } from "../../fixtures/random-layers.ts";
import { file, tar } from "../../fixtures/tar.ts";
import { described } from "../../support/described.ts";
import { inputsOf, layerOf, Site } from "./harness.ts";

const OWNERS = process.geteuid?.() === 0;
/** So many that a helper is there for all that follow. */
const MANY = 300;
const IMAGES = 3;
/** Random stacks on top of one another in an image. */
const STACKS = 10;

const isServed = (memory: RingMemory): boolean => new RingGiver(memory, () => undefined).served;

/** A helper that is at work before the next file is begun. Counts its starts. */
function promptHelper(): { readonly helper: Helper; readonly starts: () => number } {
  const url = ownWorkerFile();
  assert.ok(url !== undefined);
  const start = helperFrom(url, OWNERS, 2);
  assert.ok(start !== undefined);
  let starts = 0;
  const nobody = new Int32Array(new SharedArrayBuffer(4));
  return {
    helper: (memory, hashes) => {
      starts += 1;
      start(memory, hashes);
      while (!isServed(memory)) Atomics.wait(nobody, 0, 0, 5);
    },
    starts: () => starts,
  };
}

const entryOf = (name: string, mode = 0o644): TarEntry => ({
  name,
  mode,
  linkname: "",
  type: "0",
  uid: process.geteuid?.() ?? 0,
  gid: process.getegid?.() ?? 0,
  size: 0,
  mtime: 1000.5,
  xattrs: [],
});

/** A writer whose helper is at work, and where to put files. */
function helped(test: TestContext): { readonly writer: FileWriter; readonly place: (name: string) => string } {
  const folder = mkdtempSync(join(tmpdir(), "dockerloader-files-"));
  const warnings = new Warnings();
  const writer = new FileWriter(new Ownership(OWNERS, warnings), warnings, true, promptHelper().helper);
  test.after(() => {
    writer.close();
    rmSync(folder, { recursive: true });
  });
  const place = (name: string): string => join(folder, name);
  for (let index = 0; index < MANY; index += 1) {
    writer.begin(openSync(place(`before${index}`), "wx"), entryOf(`before${index}`), () => undefined);
    writer.end();
  }
  return { writer, place };
}

describe("files written with a helper thread", () => {
  it(`make the trees that one thread makes (${IMAGES} images of ${STACKS} random stacks each)`, async () => {
    const many = tar(...Array.from({ length: MANY }, (_, index) => file(`many/${index}`, `${index}`)));
    for (let seed = 0; seed < IMAGES; seed += 1) {
      const random = randomFrom(seed);
      const stacks = Array.from({ length: STACKS }, () => randomStack(random)).flat();
      const layers = [many, ...stacks].map((layer) => layerOf(layer));
      using alone = new Site();
      using together = new Site();
      const { helper, starts } = promptHelper();
      const inventories = [join(alone.base, "inventory"), join(together.base, "inventory")] as const;
      const seal = join(together.base, "seal");
      const options = { limits: LIMITS, owners: OWNERS };
      const one = await applyImage(alone.root, inputsOf(layers), { ...options, inventory: inventories[0] });
      const two = await applyImage(together.root, inputsOf(layers), {
        ...options,
        inventory: inventories[1],
        seal,
        helper,
      });
      assert.equal(starts(), 1);
      assert.deepEqual(two, one);
      assert.deepEqual(described(together.root), described(alone.root), `seed ${seed}`);
      assert.ok(readFileSync(seal, "utf8") === (await sealOf(together.root)).join("\n"), "the seal is not the tree's");
      const [ours, theirs] = [inventories[1], inventories[0]].map((path) => readInventory(path, layers.length));
      const entries = ours?.layers.flatMap((layer) => layer.entries) ?? [];
      const paths = entries.map(({ path }) => path);
      assert.deepEqual(
        paths,
        theirs?.layers.flatMap((layer) => layer.entries.map(({ path }) => path)),
      );
      const inodes = paths.map((path) => (path === "" ? 0 : lstatSync(join(together.root, path)).ino));
      const noted = entries.map(({ path, ino }) => (path === "" ? 0 : ino));
      assert.ok(inodes.join() === noted.join(), "an inode in the inventory is not the file's");
    }
  });

  it("have their content, mode, time and inode once they are settled, whatever the size of the pieces", (test) => {
    const { writer, place } = helped(test);
    const content = Buffer.alloc(1_500_000, "0123456789abcdef-");
    const inodes: number[] = [];
    const hashes: string[] = [];
    for (const [index, size] of [1, 700, 262_144, 300_000].entries()) {
      const bytes = size === 1 ? content.subarray(0, 5_000) : content;
      writer.begin(openSync(place(`f${index}`), "wx"), entryOf(`f${index}`, 0o4751), (ino, sha256) => {
        inodes.push(ino);
        hashes.push(sha256);
      });
      for (let at = 0; at < bytes.length; at += size) assert.ok(writer.data(bytes.subarray(at, at + size)));
      writer.end();
    }
    writer.settle();
    for (const [index, ino] of inodes.entries()) {
      const stat = statSync(place(`f${index}`));
      assert.deepEqual([stat.mode & 0o7777, stat.mtimeMs, stat.ino], [0o4751, 1_000_500, ino]);
      const expected = index === 0 ? content.subarray(0, 5_000) : content;
      assert.ok(readFileSync(place(`f${index}`)).equals(expected), `content of f${index}`);
      assert.equal(hashes[index], createHash("sha256").update(expected).digest("hex"));
    }
    assert.equal(inodes.length, 4);
  });

  it("name the file that could not be written, not the one at hand", (test) => {
    const { writer, place } = helped(test);
    writer.settle();
    mkdirSync(place("directory"));
    for (const name of ["first", "refused", "third"]) {
      const flags =
        name === "refused" ? constants.O_RDONLY | constants.O_CREAT : constants.O_WRONLY | constants.O_CREAT;
      writer.begin(openSync(place(name), flags), entryOf(name), () => undefined);
      writer.data(Buffer.from("content"));
      writer.end();
    }
    assert.throws(() => writer.settle(), { code: "STORE_IO", message: /^entry "refused": EBADF/ });
  });

  it("are dropped without a trace of their descriptor", () => {
    const folder = mkdtempSync(join(tmpdir(), "dockerloader-files-"));
    const warnings = new Warnings();
    const writer = new FileWriter(new Ownership(OWNERS, warnings), warnings, false, undefined);
    const fd = openSync(join(folder, "f"), "wx");
    writer.begin(fd, entryOf("f"), () => assert.fail("it is not complete"));
    writer.drop();
    assert.equal(writer.data(Buffer.from("x")), false);
    assert.throws(() => closeSync(fd), { code: "EBADF" });
    rmSync(folder, { recursive: true });
  });

  it("get no helper where there is one processor", () => {
    assert.equal(helperFrom(new URL("file:///none"), OWNERS, 1), undefined);
  });
});
