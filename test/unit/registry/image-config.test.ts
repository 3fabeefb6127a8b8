import assert from "node:assert/strict";
import { test } from "node:test";
import { digestOf } from "../../../src/digest.ts";
import { parseImageConfig, parseImageManifest } from "../../../src/registry/manifest.ts";
import { hostPlatform } from "../../../src/registry/platform.ts";

const layer = (text: string) => ({
  mediaType: "application/vnd.oci.image.layer.v1.tar",
  digest: digestOf(Buffer.from(text)),
  size: text.length,
});

test("a config that states another number of layers than the manifest is refused before any is downloaded", () => {
  const platform = { architecture: hostPlatform().architecture, os: "linux" };
  const diffIds = [layer("a").digest];
  const configBytes = Buffer.from(
    JSON.stringify({ ...platform, config: {}, rootfs: { type: "layers", diff_ids: diffIds } }),
  );
  const config = {
    mediaType: "application/vnd.oci.image.config.v1+json",
    digest: digestOf(configBytes),
    size: configBytes.length,
  };
  const manifestOf = (layers: readonly object[]) => {
    const bytes = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: "application/vnd.oci.image.manifest.v1+json",
        config,
        layers,
      }),
    );
    return parseImageManifest(bytes, "test");
  };
  assert.deepEqual(parseImageConfig(configBytes, manifestOf([layer("a")]), "test").diffIds, diffIds);
  for (const layers of [[], [layer("a"), layer("b")]]) {
    assert.throws(() => parseImageConfig(configBytes, manifestOf(layers), "test"), {
      code: "MANIFEST_INVALID",
      message: /layers/,
    });
  }
});
