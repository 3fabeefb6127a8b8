import assert from "node:assert/strict";
import { lstatSync, readdirSync, readFileSync, rmSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { digestOf } from "../../../src/digest.ts";
import { LIMITS } from "../../../src/limits.ts";
import { buildImage, type LayerInput } from "../../../src/testing/index.ts";
import { file, tar } from "../../fixtures/tar.ts";
import { openPullLab, type PullLab } from "./support.ts";

const ENTRYPOINT = "#!/bin/sh\n";
const base: LayerInput = { files: { "lib/": { type: "directory" }, "lib/a": "a", "lib/b": "b" } };
const app = (version: string): LayerInput => ({ files: { entrypoint: ENTRYPOINT, version } });

/** Resolves when the file is there; it is being made in a directory below `folder`. */
function appears(folder: string, name: string): Promise<void> {
  const isThere = (): boolean => readdirSync(folder, { recursive: true }).some((path) => String(path).endsWith(name));
  return new Promise((resolve) => {
    const watcher = watch(folder, { recursive: true }, () => {
      if (!isThere()) return;
      watcher.close();
      resolve();
    });
    if (!isThere()) return;
    watcher.close();
    resolve();
  });
}

async function layersOf(...layers: readonly LayerInput[]): Promise<string[]> {
  const { manifest } = await buildImage({ layers });
  const { layers: found } = JSON.parse(manifest.toString()) as { layers: { digest: string }[] };
  return found.map(({ digest }) => digest);
}

async function configOf(...layers: readonly LayerInput[]): Promise<string> {
  const { manifest } = await buildImage({ layers });
  return (JSON.parse(manifest.toString()) as { config: { digest: string } }).config.digest;
}

const ino = ({ store }: PullLab, digest: `sha256:${string}`, name: string): number =>
  lstatSync(join(store.layout.tree(digest), name)).ino;

describe("pulling an image", () => {
  it("applies a layer while the next one is downloaded, and leaves nothing when it is aborted then", async () => {
    await using lab = await openPullLab();
    await lab.push(base, app("1"));
    const [, second] = await layersOf(base, app("1"));
    lab.registry.fault(({ path }) => (path.endsWith(second ?? "") ? { kind: "stall", afterBytes: 10 } : undefined));
    const controller = new AbortController();
    const pulled = lab.pull({ signal: controller.signal });
    const failed = assert.rejects(pulled, { code: "ABORTED" });
    await appears(lab.store.layout.staging, "lib/b");
    controller.abort();
    await failed;
    assert.deepEqual(readdirSync(lab.store.layout.staging), []);
    assert.deepEqual(readdirSync(lab.store.layout.extracted), []);
  });

  it("downloads layers into an empty store while the config is on its way", async () => {
    await using lab = await openPullLab();
    await lab.push(base, app("1"));
    const [first = ""] = await layersOf(base, app("1"));
    const config = await configOf(base, app("1"));
    lab.registry.fault(({ path }) => (path.endsWith(config) ? { kind: "silence" } : undefined));
    const controller = new AbortController();
    const failed = assert.rejects(lab.pull({ signal: controller.signal }), { code: "ABORTED" });
    await appears(lab.store.layout.blobs, first);
    controller.abort();
    await failed;
  });

  it("ends such downloads, and is over when they are, when the config cannot be had", async () => {
    await using lab = await openPullLab();
    await lab.push(base, app("1"));
    const [first = ""] = await layersOf(base, app("1"));
    const config = await configOf(base, app("1"));
    lab.registry.fault(({ path }) => (path.endsWith(config) ? { kind: "status", status: 404 } : undefined));
    lab.registry.fault(({ path }) => (path.endsWith(first) ? { kind: "stall", afterBytes: 10 } : undefined));
    await assert.rejects(lab.pull(), { code: "MANIFEST_UNKNOWN" });
    assert.deepEqual(lab.store.trees.list(), []);
    assert.ok(!lab.store.blobs.list().includes(first as `sha256:${string}`));
  });

  it("asks for no layer before the config when a version on disk may have it", async () => {
    await using lab = await openPullLab();
    await lab.push(base, app("1"));
    await lab.pull();
    await lab.push(base, app("2"));
    const config = await configOf(base, app("2"));
    lab.registry.fault(({ path }) => (path.endsWith(config) ? { kind: "status", status: 404 } : undefined));
    lab.blobsAsked();
    await assert.rejects(lab.pull(), { code: "MANIFEST_UNKNOWN" });
    assert.deepEqual([...new Set(lab.blobsAsked())], [config]);
  });

  it("downloads one digest once and applies it as often as the manifest names it", async () => {
    await using lab = await openPullLab();
    const again: LayerInput = { files: { same: "1" } };
    await lab.push(app("1"), again, { files: { ".wh.same": "" } }, again);
    lab.blobsAsked();
    const digest = await lab.pull();
    assert.equal(new Set(lab.blobsAsked()).size, 4);
    assert.equal(readFileSync(join(lab.store.layout.tree(digest), "same"), "utf8"), "1");
  });

  it("takes layers that the version on disk has too from its tree, and downloads only the others", async () => {
    await using lab = await openPullLab();
    await lab.push(base, app("1"));
    const first = await lab.pull();
    // Not needed any more: the files are in the tree.
    for (const digest of await layersOf(base)) rmSync(lab.store.layout.blob(digest as typeof first));
    await lab.push(base, app("2"));
    lab.blobsAsked();
    const second = await lab.pull();
    const [, changed] = await layersOf(base, app("2"));
    assert.deepEqual(lab.blobsAsked().filter((digest) => digest === changed).length, 1);
    const [shared] = await layersOf(base);
    assert.ok(!lab.blobsAsked().includes(shared ?? ""));
    assert.equal(ino(lab, second, "lib/a"), ino(lab, first, "lib/a"));
    assert.equal(readFileSync(join(lab.store.layout.tree(second), "version"), "utf8"), "2");
    const extracted = lab.log.events.filter((event) => event.type === "image.extracted");
    assert.deepEqual(
      extracted.map(({ reusedLayers }) => reusedLayers),
      [0, 1],
    );
  });

  it("downloads a shared layer again when the app has changed one of its files", async () => {
    await using lab = await openPullLab();
    await lab.push(base, app("1"));
    const first = await lab.pull();
    const [shared] = await layersOf(base);
    rmSync(lab.store.layout.blob(shared as typeof first));
    writeFileSync(join(lab.store.layout.tree(first), "lib/a"), "mine");
    await lab.push(base, app("2"));
    lab.blobsAsked();
    const second = await lab.pull();
    assert.ok(lab.blobsAsked().includes(shared ?? ""));
    assert.equal(readFileSync(join(lab.store.layout.tree(second), "lib/a"), "utf8"), "a");
    assert.equal(readFileSync(join(lab.store.layout.tree(first), "lib/a"), "utf8"), "mine");
  });

  it("shares nothing when it is told so, and unpacks anew where clones are asked for and the volume has none", async () => {
    for (const shareFiles of ["off", "clones"] as const) {
      await using lab = await openPullLab();
      await lab.push(base, app("1"));
      const first = await lab.pull();
      await lab.push(base, app("2"));
      const second = await lab.pull({ config: { shareFiles } });
      assert.notEqual(ino(lab, second, "lib/a"), ino(lab, first, "lib/a"));
      assert.equal(readFileSync(join(lab.store.layout.tree(second), "lib/a"), "utf8"), "a");
    }
  });

  it("unpacks everything beside a tree of the original, which has no receipt", async () => {
    await using lab = await openPullLab();
    await lab.push(base, app("1"));
    const first = await lab.pull();
    rmSync(lab.store.layout.receipt(first));
    rmSync(lab.store.layout.inventory(first));
    await lab.push(base, app("2"));
    const second = await lab.pull();
    assert.notEqual(ino(lab, second, "lib/a"), ino(lab, first, "lib/a"));
  });

  it("marks a digest whose layers are what they state and yet broken, and does not download it again", async () => {
    await using lab = await openPullLab();
    const hostile: LayerInput = { tar: tar(file(".wh..")) };
    const digest = await lab.push(app("1"), hostile);
    await assert.rejects(lab.pull(), { code: "LAYER_HOSTILE" });
    assert.equal(lab.store.records.failure(digest)?.reason.kind, "corrupt");
    assert.deepEqual(readdirSync(lab.store.layout.staging), []);
    lab.blobsAsked();
    await assert.rejects(lab.pull(), { code: "LAYER_CORRUPT", message: /was refused before/ });
    assert.equal(lab.blobsAsked().filter((asked) => asked !== "").length, 1, "only the config");
  });

  it("publishes nothing of an image whose config states another layer than there is, and marks its digest", async () => {
    await using lab = await openPullLab();
    const image = await buildImage({ layers: [app("1"), base] });
    const other = await buildImage({ layers: [base, app("1")] });
    const manifest = Buffer.from(image.manifest.toString().replace(digestOf(image.config), digestOf(other.config)));
    const blobs = new Map([...image.blobs, [digestOf(other.config), other.config]]);
    const lying = { ...image, manifest, config: other.config, blobs, digest: digestOf(manifest) };
    const digest = await lab.registry.push("app", "t", lying);
    await assert.rejects(lab.pull(), {
      code: "DIFF_ID_MISMATCH",
      message: /^layer sha256:[0-9a-f]{12}: .*\(rule A47\)$/,
    });
    assert.equal(lab.store.records.failure(digest)?.reason.kind, "corrupt");
    assert.deepEqual([readdirSync(lab.store.layout.staging), readdirSync(lab.store.layout.extracted)], [[], []]);
  });

  it("leaves nothing of a layer that unpacks to too much, and does not hold it against the digest", async () => {
    await using lab = await openPullLab();
    const digest = await lab.push({
      files: { entrypoint: ENTRYPOINT, zeros: Buffer.alloc(LIMITS.ratioFromBytes + 1) },
    });
    await assert.rejects(lab.pull(), { code: "LAYER_LIMIT", message: /entry "zeros": .*\(rule A48\)$/ });
    assert.deepEqual([readdirSync(lab.store.layout.staging), readdirSync(lab.store.layout.extracted)], [[], []]);
    assert.equal(lab.store.records.failure(digest), undefined);
  });

  it("does not mark a digest for what another version of dockerloader may be able to do", async () => {
    await using lab = await openPullLab();
    const digest = await lab.push(app("1"), { tar: tar(file("x", "", { type: "7" })) });
    await assert.rejects(lab.pull(), { code: "LAYER_UNSUPPORTED" });
    assert.equal(lab.store.records.failure(digest), undefined);
  });
});
