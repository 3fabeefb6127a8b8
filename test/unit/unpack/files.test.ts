import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { LIMITS } from "../../../src/limits.ts";
import { sealOf } from "../../../src/store/seal.ts";
import { helperFrom } from "../../../src/unpack/file-helper.ts";
import type { FileRecord } from "../../../src/unpack/file-record.ts";
import type { Helper } from "../../../src/unpack/files.ts";
import { applyImage } from "../../../src/unpack/image.ts";
import { type ImageState, newImageState } from "../../../src/unpack/image-state.ts";
import { parseInventory, readInventory } from "../../../src/unpack/inventory.ts";
import type { Lines } from "../../../src/unpack/write-behind.ts";
import type { TarEntry } from "../../../src/unpack/tar-parser.ts";
import { randomFrom, randomStack } from "../../fixtures/random-layers.ts";
import { file, tar } from "../../fixtures/tar.ts";
import { described } from "../../support/described.ts";
import { inputsOf, layerOf, Site } from "./harness.ts";
import { promptHelper } from "./prompt-helper.ts";

const OWNERS = process.geteuid?.() === 0;
/** So many that a helper is there for all that follow. */
const MANY = 300;
const IMAGES = 3;
/** Random stacks on top of one another in an image. */
const STACKS = 10;
const DIFF_ID = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

const entryOf = (name: string, { mode = 0o644, size = 0 } = {}): TarEntry => ({
  name,
  mode,
  linkname: "",
  type: "0",
  uid: process.geteuid?.() ?? 0,
  gid: process.getegid?.() ?? 0,
  size,
  mtime: 1000.5,
  xattrs: [],
});

function told(lines: Lines | undefined): string[] {
  const all: string[] = [];
  lines?.((line) => all.push(line));
  return all;
}

interface Bench {
  readonly image: ImageState;
  readonly root: string;
  readonly place: (name: string) => string;
  readonly begin: (name: string, size: number) => FileRecord;
  /** Makes a file in pieces of so many bytes. */
  readonly make: (name: string, content: Buffer, piece?: number) => FileRecord;
}

/** A maker with or without a helper that is at work. */
function open(test: TestContext, helper: Helper | undefined): Bench {
  const root = mkdtempSync(join(tmpdir(), "dockerloader-files-"));
  const image = newImageState(root, LIMITS, OWNERS, { inventory: true, seal: true }, helper);
  const { files, recorder } = image;
  recorder?.layer(DIFF_ID);
  test.after(() => {
    files.close();
    rmSync(root, { recursive: true });
  });
  const begin: Bench["begin"] = (name, size) => {
    const entry = entryOf(name, { mode: 0o4751, size });
    recorder?.entry(entry);
    return files.begin(name, entry);
  };
  const make: Bench["make"] = (name, content, piece = content.length) => {
    const record = begin(name, content.length);
    for (let at = 0; at < content.length; at += piece) assert.ok(files.data(content.subarray(at, at + piece)));
    files.end();
    return record;
  };
  return { image, root, begin, make, place: (name) => join(root, name) };
}

function helped(test: TestContext): Bench {
  const bench = open(test, promptHelper().helper);
  for (let index = 0; index < MANY; index += 1) bench.make(`before${index}`, Buffer.alloc(0));
  bench.image.files.settle();
  return bench;
}

describe("files made with a helper thread", () => {
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
      assert.deepEqual(readFileSync(seal, "utf8").split("\n").sort(), await sealOf(together.root));
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
    const { image, make, place } = helped(test);
    const content = Buffer.alloc(1_500_000, "0123456789abcdef-");
    const files = [
      [0, 1],
      [5_000, 1],
      [65_536, 700],
      [65_537, 700],
      [1_500_000, 300_000],
    ] as const;
    const records = files.map(([size, piece]) => make(`f${size}`, content.subarray(0, size), piece));
    image.files.settle();
    for (const [index, [size]] of files.entries()) {
      const stat = statSync(place(`f${size}`));
      const expected = content.subarray(0, size);
      const record = records[index];
      assert.deepEqual([stat.mode & 0o7777, stat.mtimeMs, stat.ino], [0o4751, 1_000_500, record?.ino]);
      assert.ok(readFileSync(place(`f${size}`)).equals(expected), `content of f${size}`);
      assert.equal(record?.sha256, createHash("sha256").update(expected).digest("hex"));
    }
  });

  it("are there before anybody looks at their path", (test) => {
    const { image, make, place } = helped(test);
    const { tree } = image;
    make("f", Buffer.from("content"));
    assert.equal(tree.kind("f"), "file");
    make("f", Buffer.from("another"));
    tree.link("f", "g");
    make("f", Buffer.from("the last"));
    tree.remove("nothing");
    assert.deepEqual([readFileSync(place("f"), "utf8"), readFileSync(place("g"), "utf8")], ["the last", "another"]);
  });

  it("take the place of what came to their path meanwhile, and stay on record", async (test) => {
    const { image, begin, make, place, root } = helped(test);
    const { files, recorder, census, tree } = image;
    const record = begin("f", 7);
    files.data(Buffer.from("content"));
    writeFileSync(place("f"), "somebody's");
    files.end();
    const next = make("g", Buffer.from("next"));
    files.settle();
    assert.deepEqual([readFileSync(place("f"), "utf8"), readFileSync(place("g"), "utf8")], ["content", "next"]);
    assert.deepEqual([record.ino, next.ino], [statSync(place("f")).ino, statSync(place("g")).ino]);
    assert.deepEqual(told(census?.seal([], (path) => tree.pathOf(path))).sort(), await sealOf(root));
    const inventory = told(recorder?.lines([], (path) => tree.pathOf(path))).join("\n");
    const noted = parseInventory(inventory, 1)?.layers[0]?.entries.find(({ name }) => name === "f");
    assert.deepEqual([noted?.path, noted?.ino], ["f", record.ino]);
  });

  it("name the file that could not be made, not the one at hand", (test) => {
    const { image, make } = helped(test);
    for (const name of ["first", "nowhere/refused", "third"]) make(name, Buffer.from("content"));
    assert.throws(() => image.files.settle(), { code: "STORE_IO", message: /^entry "nowhere\/refused": ENOENT/ });
  });

  it("are not made any more once the maker is closed", (test) => {
    const { image, make, root } = helped(test);
    for (let index = 0; index < 2 * MANY; index += 1) make(`after${index}`, Buffer.from("content"));
    image.files.close();
    const names = readdirSync(root);
    assert.ok(names.length >= MANY);
    // A helper that went on would be done with this by the time a new one has started and made as many.
    helped(test);
    assert.deepEqual(readdirSync(root), names);
  });

  it("are dropped without a trace of their descriptor", (test) => {
    const { image, begin, place } = open(test, undefined);
    const descriptors = readdirSync("/proc/self/fd").length;
    const record = begin("f", 1);
    assert.equal(readdirSync("/proc/self/fd").length, descriptors + 1);
    image.files.drop();
    assert.equal(image.files.data(Buffer.from("x")), false);
    assert.equal(readdirSync("/proc/self/fd").length, descriptors);
    assert.equal(record.ino, 0, "it is not complete");
    assert.equal(readFileSync(place("f"), "utf8"), "");
  });

  it("get no helper where there is one processor", () => {
    assert.equal(helperFrom(new URL("file:///none"), OWNERS, 1), undefined);
  });
});
