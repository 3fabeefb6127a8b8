/** What is in a file is as little trusted as what a registry says. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import type { ErrorCode } from "../../../src/errors.ts";
import { LIMITS } from "../../../src/limits.ts";
import type { BuiltImage } from "../../../src/testing/index.ts";
import { archiveOf, first, layoutOf, place, readAll, writeFolder } from "./offline.ts";
import { failureOf, open } from "./service.ts";

const blobPath = (image: BuiltImage, at: number): string => {
  const { config, layers } = JSON.parse(image.manifest.toString()) as {
    config: { digest: string };
    layers: { digest: string }[];
  };
  return `blobs/${[config, ...layers][at]?.digest.replace(":", "/") ?? ""}`;
};
const changed = (bytes: string | Buffer | undefined): Buffer => {
  const copy = Buffer.from(bytes ?? "");
  copy[0] = (copy[0] ?? 0) ^ 1;
  return copy;
};

const whole = layoutOf({ image: first });
const manifestPath = `blobs/${first.digest.replace(":", "/")}`;
const bad: readonly (readonly [what: string, make: (path: string) => string, ErrorCode, RegExp])[] = [
  ["that is not there", (path) => `oci:${path}`, "SOURCE_MISSING", /cannot be read: ENOENT/],
  ["that is a file", (path) => (writeFileSync(path, ""), `oci:${path}`), "SOURCE_MISSING", /is no directory/],
  ["that is a directory", (path) => (mkdirSync(path), `oci-archive:${path}`), "SOURCE_MISSING", /is a directory/],
  [
    "that is no archive",
    (path) => (writeFileSync(path, "x".repeat(2_000)), `oci-archive:${path}`),
    "MANIFEST_INVALID",
    /is no tar archive/,
  ],
  [
    "that is cut short",
    (path) => (
      writeFileSync(path, archiveOf({ ...whole, zeros: Buffer.alloc(100_000) }).subarray(0, -50_000)),
      `oci-archive:${path}`
    ),
    "MANIFEST_INVALID",
    /ends early/,
  ],
  [
    "that is empty",
    (path) => (writeFileSync(path, ""), `docker-archive:${path}`),
    "MANIFEST_UNKNOWN",
    /has no file "manifest\.json"/,
  ],
  ["without an index", (path) => (mkdirSync(path), `oci:${path}`), "MANIFEST_UNKNOWN", /has no file "index\.json"/],
  [
    "with an index beyond all bounds",
    (path) => (writeFolder(path, { "index.json": Buffer.alloc(LIMITS.manifestBytes + 1) }), `oci:${path}`),
    "MANIFEST_INVALID",
    /has 4194305 bytes, at most 4194304 are allowed/,
  ],
  [
    "without the manifest that it names",
    (path) => (writeFolder(path, { "index.json": whole["index.json"] ?? "" }), `oci:${path}`),
    "MANIFEST_UNKNOWN",
    /has no file "blobs\/sha256/,
  ],
  [
    "with another manifest under its name",
    (path) => (writeFolder(path, { ...whole, [manifestPath]: changed(first.manifest) }), `oci:${path}`),
    "DIGEST_MISMATCH",
    /holds other bytes under sha256:/,
  ],
  [
    "with another config under its name",
    (path) => (
      writeFolder(path, { ...whole, [blobPath(first, 0)]: changed(whole[blobPath(first, 0)]) }),
      `oci:${path}`
    ),
    "DIGEST_MISMATCH",
    /holds other bytes under sha256:/,
  ],
  [
    "with another layer under its name",
    (path) => (
      writeFolder(path, { ...whole, [blobPath(first, 1)]: changed(whole[blobPath(first, 1)]) }),
      `oci:${path}`
    ),
    "DIGEST_MISMATCH",
    /holds other bytes under sha256:/,
  ],
  [
    "with a layer that is too long",
    (path) => (writeFolder(path, { ...whole, [blobPath(first, 1)]: Buffer.alloc(10) }), `oci:${path}`),
    "SIZE_MISMATCH",
    /has 10 bytes, its descriptor states/,
  ],
  [
    "with a digest that is a path",
    (path) => (
      writeFolder(path, {
        "index.json": String(whole["index.json"]).replace(first.digest, "sha256:../../../etc/passwd"),
      }),
      `oci:${path}`
    ),
    "MANIFEST_INVALID",
    /bad or unsupported digest/,
  ],
  [
    "with nothing but an artifact",
    (path) => (writeFolder(path, layoutOf({ image: first, more: { artifactType: "application/x" } })), `oci:${path}`),
    "MANIFEST_UNKNOWN",
    /has no such image; there are: none/,
  ],
  [
    "with a config that is a path out of it",
    (path) => (
      writeFileSync(
        path,
        archiveOf({ "manifest.json": JSON.stringify([{ Config: "../../../../etc/passwd", Layers: [] }]) }),
      ),
      `docker-archive:${path}`
    ),
    "MANIFEST_UNKNOWN",
    /has no file "\.\.\/\.\.\/\.\.\/\.\.\/etc\/passwd"/,
  ],
  [
    "whose manifest makes no sense",
    (path) => (writeFileSync(path, archiveOf({ "manifest.json": '[{"Config":1}]' })), `docker-archive:${path}`),
    "MANIFEST_INVALID",
    /without Config and Layers/,
  ],
  [
    "whose manifest is no JSON",
    (path) => (writeFileSync(path, archiveOf({ "manifest.json": "[" })), `docker-archive:${path}`),
    "MANIFEST_INVALID",
    /is no JSON/,
  ],
];

describe("a target without a registry", () => {
  for (const [what, make, code, says] of bad) {
    test(`${what} is ${code}`, async () => {
      using opened = open(make(place()));
      const error = await failureOf(readAll(opened.source));
      assert.equal(error.code, code, error.message);
      assert.match(error.message, says);
      assert.equal(error.retryable, false);
    });
  }
});
