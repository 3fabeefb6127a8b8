import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import type { BuiltImage } from "../../../src/testing/index.ts";
import { registryFor, smallImage } from "./support.ts";

const run = promisify(execFile);
const skip = spawnSync("skopeo", ["--version"]).status === 0 ? false : "skopeo is not installed";
const DEADLINE = { timeout: 20_000 };

/** Writes an OCI image layout (image-spec, "Image Layout") with one image tagged `1`. */
async function writeLayout(directory: string, image: BuiltImage): Promise<void> {
  const blobs = join(directory, "blobs/sha256");
  await mkdir(blobs, { recursive: true });
  for (const [digest, bytes] of [...image.blobs, [image.digest, image.manifest] as const])
    await writeFile(join(blobs, digest.slice("sha256:".length)), bytes);
  const entry = {
    mediaType: image.mediaType,
    digest: image.digest,
    size: image.manifest.length,
    annotations: { "org.opencontainers.image.ref.name": "1" },
  };
  await writeFile(join(directory, "index.json"), JSON.stringify({ schemaVersion: 2, manifests: [entry] }));
  await writeFile(join(directory, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
}

for (const kind of ["anonymous", "basic", "bearer"] as const) {
  test(`skopeo pushes an image to the registry and reads it back: ${kind}`, { skip }, async (t) => {
    const directory = await mkdtemp(join(tmpdir(), "dockerloader-skopeo-"));
    t.after(() => rm(directory, { recursive: true, force: true }));
    const pair = { username: "robot", password: "secret" };
    const registry = await registryFor(t, kind === "anonymous" ? {} : { auth: { kind, ...pair } });
    const image = await smallImage();
    await writeLayout(join(directory, "source"), image);
    const target = `docker://${registry.reference("team/app", "1")}`;
    const source = `oci:${join(directory, "source")}:1`;
    const options = (side: "src" | "dest"): string[] => [
      `--${side}-tls-verify=false`,
      ...(kind === "anonymous" ? [] : [`--${side}-creds`, `${pair.username}:${pair.password}`]),
    ];
    const copy = ["--insecure-policy", "copy", "--preserve-digests"];
    await run("skopeo", [...copy, ...options("dest"), source, target], DEADLINE);
    const back = `oci:${join(directory, "back")}:1`;
    await run("skopeo", [...copy, ...options("src"), target, back], DEADLINE);
    const { stdout } = await run("skopeo", ["inspect", "--format", "{{.Digest}}", back], DEADLINE);
    assert.equal(stdout.trim(), image.digest);
    assert.equal(
      registry.requests.some(({ method, status }) => method === "PUT" && status === 201),
      true,
    );
  });
}
