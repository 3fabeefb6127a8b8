/** Targets that are files: a layout, and archives of both kinds. */
import assert from "node:assert/strict";
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import type { BuiltImage } from "../../../src/testing/index.ts";
import { entry, file, symlink, tar } from "../../fixtures/tar.ts";
import { archiveOf, first, layerBytes, layoutOf, place, readAll, savedOf, second, writeFolder } from "./offline.ts";
import { failureOf, open } from "./service.ts";

describe("an image without a registry", () => {
  test("is the same in a layout and in its archive, and stays itself in a docker archive", async () => {
    const [layout, archive, saved] = [place(), place(), place()];
    writeFolder(layout, layoutOf({ image: first, name: "registry.example/app:1" }));
    writeFileSync(archive, archiveOf(layoutOf({ image: first })));
    writeFileSync(saved, archiveOf(savedOf(first, "app:1")));
    const digests: string[] = [];
    for (const target of [`oci:${layout}`, `oci:${layout}:1`, `oci-archive:${archive}`, `docker-archive:${saved}:1`]) {
      using opened = open(target);
      const { digest, bytes } = await readAll(opened.source);
      assert.equal(bytes, layerBytes(first), target);
      assert.equal(await opened.source.resolve(), digest);
      digests.push(digest);
    }
    assert.deepEqual(
      digests.slice(0, 3),
      Array.from({ length: 3 }, () => first.digest),
    );
    using again = open(`docker-archive:${saved}`);
    assert.equal(await again.source.resolve(), digests[3]);
  });

  for (const kind of ["oci", "oci-archive", "docker-archive"] as const) {
    test(`${kind}: is another one when its place is, and what was there before cannot be had any more`, async () => {
      const path = place();
      const put = (image: BuiltImage): void => {
        const fresh = place();
        if (kind === "oci") writeFolder(fresh, layoutOf({ image }));
        else writeFileSync(fresh, archiveOf(kind === "oci-archive" ? layoutOf({ image }) : savedOf(image, "a:1")));
        rmSync(path, { recursive: true, force: true });
        renameSync(fresh, path);
      };
      put(first);
      using opened = open(`${kind}:${path}`);
      const before = await opened.source.resolve();
      put(second);
      assert.equal((await failureOf(opened.source.image({ digest: before }))).code, "MANIFEST_UNKNOWN");
      const now = await opened.source.resolve();
      assert.notEqual(now, before);
      assert.equal((await opened.source.image({ digest: now })).digest, now);
    });
  }

  test("in an archive of old docker, whose equal layers are links, is read", async () => {
    const files = savedOf(first);
    const manifest = [{ Config: "./config.json", Layers: ["b/layer.tar"] }];
    const path = place();
    const entries = [
      file("./config.json", files["config.json"]),
      symlink("b/layer.tar", "../layer0/layer.tar"),
      file("layer0/layer.tar", files["layer0/layer.tar"]),
      file("manifest.json", JSON.stringify([{ ...manifest[0], Config: "config.json" }])),
    ];
    writeFileSync(path, tar(...entries));
    using opened = open(`docker-archive:${path}`);
    assert.equal((await readAll(opened.source)).bytes, layerBytes(first));
  });

  test("behind long names and sizes that only extended headers tell is read", async () => {
    const deep = `${"d".repeat(120)}/layer.tar`;
    const files = savedOf(first);
    const path = place();
    const layer = files["layer0/layer.tar"] ?? "";
    const entries = [
      file("config.json", files["config.json"]),
      entry("short", { pax: { path: deep }, data: layer }),
      entry("././@LongLink", { type: "L", data: `${deep}2\0` }),
      file("short2", layer),
      file("manifest.json", JSON.stringify([{ Config: "config.json", Layers: [deep] }])),
    ];
    writeFileSync(path, tar(...entries));
    using opened = open(`docker-archive:${path}`);
    assert.equal((await readAll(opened.source)).bytes, layerBytes(first));
  });

  test("is given up when its reader is", async () => {
    const path = place();
    writeFolder(path, layoutOf({ image: first }));
    using opened = open(`oci:${path}`);
    const [layer] = (await opened.source.image()).manifest.layers;
    assert.ok(layer !== undefined);
    const sink = { write: () => {}, reset: () => {} };
    const reading = opened.source.blob(layer, sink, { signal: AbortSignal.abort() });
    assert.equal((await failureOf(reading)).code, "ABORTED");
  });
});
