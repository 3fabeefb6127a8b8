import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { lstatSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { digestOf } from "../../../src/digest.ts";
import { directory, file, symlink, tar } from "../../fixtures/tar.ts";
import { apply, layerOf, Site, TAR, treeOf } from "../../unit/unpack/harness.ts";

const STACKS = 12;
const possible = process.geteuid?.() === 0 && spawnSync("umoci", ["--version"]).status === 0;

/** A small generator of numbers below `limit`, the same on every run. */
function randomFrom(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

/** One layer of directories, files, links, whiteouts, in which every directory that is used has an entry. */
function randomLayer(random: (limit: number) => number, upper: boolean): Buffer {
  const facts = (mode: number) => ({ mode, uid: random(3), gid: random(3), mtime: 1000 + random(1000) });
  const entries: Buffer[] = [];
  for (let index = 0; index < 4; index++) {
    const name = `d${index}`;
    if (upper && random(3) === 0) {
      entries.push(random(2) === 0 ? file(`.wh.${name}`) : symlink(name, `d${(index + 1) % 4}`, facts(0o777)));
      continue;
    }
    entries.push(directory(name, facts(0o700 | random(0o100))));
    if (upper && random(3) === 0) entries.push(file(`${name}/.wh..wh..opq`));
    for (let child = 0; child < 4; child++) {
      const path = `${name}/f${child}`;
      const choice = random(6);
      if (choice < 2) entries.push(file(path, `${random(1000)}`, facts(random(0o10000))));
      else if (choice === 2) entries.push(directory(path, facts(0o755)), file(`${path}/x`, "x", facts(0o644)));
      else if (choice === 3) entries.push(symlink(path, `../d${random(4)}/f${random(4)}`, facts(0o777)));
      else if (choice === 4 && upper) entries.push(file(`${name}/.wh.f${child}`));
    }
  }
  return tar(...entries);
}

/** An image layout on disk (image-spec, image-layout.md) with these layers under the tag `t`. */
function writeLayout(folder: string, layers: readonly Buffer[]): void {
  const blobs = join(folder, "blobs/sha256");
  mkdirSync(blobs, { recursive: true });
  const store = (bytes: Buffer, mediaType: string) => {
    const digest = digestOf(bytes);
    writeFileSync(join(blobs, digest.slice("sha256:".length)), bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
  const stored = layers.map((layer) => store(layer, TAR));
  const config = {
    architecture: "amd64",
    os: "linux",
    config: {},
    rootfs: { type: "layers", diff_ids: layers.map((layer) => digestOf(layer)) },
  };
  const manifest = store(
    json({
      schemaVersion: 2,
      config: store(json(config), "application/vnd.oci.image.config.v1+json"),
      layers: stored,
    }),
    "application/vnd.oci.image.manifest.v1+json",
  );
  const tagged = { ...manifest, annotations: { "org.opencontainers.image.ref.name": "t" } };
  writeFileSync(join(folder, "oci-layout"), json({ imageLayoutVersion: "1.0.0" }));
  writeFileSync(join(folder, "index.json"), json({ schemaVersion: 2, manifests: [tagged] }));
}

/** Content, type, mode, owner and time of everything in a tree. */
function described(root: string): string[] {
  return Object.entries(treeOf(root))
    .map(([path, content]) => {
      const { mode, uid, gid, mtimeMs } = lstatSync(join(root, path.replace(/\/$/, "")));
      return [path, content, mode.toString(8), uid, gid, mtimeMs / 1000].join(" ");
    })
    .sort();
}

describe("unpacking next to umoci", () => {
  it(
    `makes the same trees of ${STACKS} random stacks of layers`,
    {
      skip: possible ? false : "needs umoci and root",
    },
    async () => {
      for (let seed = 1; seed <= STACKS; seed++) {
        using site = new Site();
        const random = randomFrom(seed);
        const layers = [randomLayer(random, false), randomLayer(random, true), randomLayer(random, true)];
        await apply(
          site.root,
          layers.map((layer) => layerOf(layer)),
        );
        const layout = join(site.base, "layout");
        const bundle = join(site.base, "bundle");
        writeLayout(layout, layers);
        execFileSync("umoci", ["unpack", "--image", `${layout}:t`, bundle], { stdio: "pipe" });
        assert.deepEqual(described(site.root), described(join(bundle, "rootfs")), `seed ${seed}`);
      }
    },
  );
});
