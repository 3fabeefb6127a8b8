import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { readConfig } from "../../../src/config/load.ts";
import { runCommand } from "../../../src/cli/commands.ts";
import { LIMITS } from "../../../src/limits.ts";
import { blobPath, packImage, type PackedImage } from "../../../src/pack/image.ts";
import { missingLibraries } from "../../../src/pack/missing.ts";
import { pushImage } from "../../../src/pack/push.ts";
import { parseImageConfig, parseImageManifest } from "../../../src/registry/manifest.ts";
import { hostPlatform } from "../../../src/registry/platform.ts";
import { parseReference } from "../../../src/registry/reference.ts";
import { startRegistry } from "../../../src/testing/index.ts";
import { unpackImage } from "../../../src/unpack/index.ts";
import { described } from "../../support/described.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "dockerloader-pack-test-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** An app's files in a new directory, whose files were made in some order under some umask. */
function makeApp(name: string, umask = 0o022): string {
  const before = process.umask(umask);
  try {
    const directory = join(folder, name);
    mkdirSync(join(directory, "bin"), { recursive: true });
    const files = [
      ["z.txt", "z"],
      ["bin/server", "#!/bin/sh\n"],
      ["a.txt", "a"],
    ] as const;
    for (const [path, content] of umask === 0o022 ? files : files.toReversed())
      writeFileSync(join(directory, path), content);
    chmodSync(join(directory, "bin/server"), umask === 0o022 ? 0o755 : 0o700);
    symlinkSync("a.txt", join(directory, "link"));
    return directory;
  } finally {
    process.umask(before);
  }
}

const pack = (directory: string, layout: string, envFile?: string): Promise<PackedImage> =>
  packImage(
    { directory, entrypoint: "bin/server", platform: hostPlatform(), ...(envFile === undefined ? {} : { envFile }) },
    layout,
    "latest",
  );

/** What an image of a layout unpacks to. */
async function unpacked(layout: string, image: PackedImage): Promise<string[]> {
  const manifest = parseImageManifest(image.manifest, "the image");
  const config = parseImageConfig(readFileSync(blobPath(layout, manifest.config.digest)), manifest, "the image");
  const root = mkdtempSync(join(folder, "root-"));
  const layers = manifest.layers.map((layer, index) => ({
    ...layer,
    path: blobPath(layout, layer.digest),
    diffId: config.diffIds[index] ?? layer.digest,
  }));
  const { warnings } = await unpackImage({ root, layers });
  assert.deepEqual(warnings, []);
  return described(root, { owners: false }).map((line) => line.split(" ").slice(0, 2).join(" "));
}

describe("packing a directory", () => {
  it("makes an image with the directory as its root and a link to the entrypoint", async () => {
    const layout = join(folder, "layout");
    const image = await pack(makeApp("app"), layout);
    assert.deepEqual(await unpacked(layout, image), [
      '"" 40755',
      '"/a.txt" 100644',
      '"/bin" 40755',
      '"/bin/server" 100755',
      '"/entrypoint" 120777',
      '"/link" 120777',
      '"/z.txt" 100644',
    ]);
  });

  it("makes the same digest of the same files, wherever they lie and whatever a umask made of their modes", async () => {
    const one = await pack(makeApp("one"), join(folder, "first"));
    const other = await pack(makeApp("other", 0o077), join(folder, "second"));
    assert.equal(one.digest, other.digest);
    writeFileSync(join(folder, "other/a.txt"), "b");
    assert.notEqual((await pack(join(folder, "other"), join(folder, "third"))).digest, one.digest);
  });

  it("keeps the env file in a layer of its own, so that only that changes with it", async () => {
    const app = makeApp("app");
    const envFile = join(folder, "env");
    const layout = join(folder, "layout");
    const images: PackedImage[] = [];
    for (const version of ["1", "2"]) {
      writeFileSync(envFile, `VERSION=${version}\n`);
      images.push(await pack(app, layout, envFile));
    }
    const [first, second] = images.map((image) => parseImageManifest(image.manifest, "the image").layers);
    assert.equal(first?.[0]?.digest, second?.[0]?.digest);
    assert.notEqual(first?.[1]?.digest, second?.[1]?.digest);
    assert.deepEqual(
      readdirSync(join(layout, "blobs/sha256")).filter((name) => name.startsWith("tmp")),
      [],
    );
  });

  it("pushes what the registry does not have, and nothing a second time", async () => {
    const layout = join(folder, "layout");
    const image = await pack(makeApp("app"), layout);
    await using registry = await startRegistry({ auth: { kind: "bearer", username: "u", password: "p" } });
    const auth = Buffer.from("u:p").toString("base64");
    writeFileSync(join(folder, "config.json"), JSON.stringify({ auths: { [registry.host]: { auth } } }));
    const options = {
      env: { DOCKER_CONFIG: folder },
      settings: readConfig({}).config,
      onWarning: () => {},
      signal: new AbortController().signal,
    };
    const reference = parseReference(registry.reference("team/app", "1"));
    await pushImage(layout, image, reference, options);
    const count = (method: string): number =>
      registry.requests.filter((request) => request.method === method && request.status === 201).length;
    assert.equal(count("PUT"), 3);
    await pushImage(layout, image, reference, options);
    assert.equal(count("PUT"), 4, "the manifest only");
  });

  it("warns of libraries and of a dynamic linker that the directory does not have", () => {
    const app = makeApp("app");
    copyFileSync(process.execPath, join(app, "bin/program"));
    const [warning, ...others] = missingLibraries(app);
    assert.match(warning ?? "", /^bin\/program needs .*ld-.*libc\./);
    assert.deepEqual(others, []);
    rmSync(join(app, "bin/program"));
    assert.deepEqual(missingLibraries(app), []);
  });

  for (const [what, args, message] of [
    ["an entrypoint that is missing", ["--entrypoint", "nope", "-o", "oci:x"], /nope is no file/],
    ["an entrypoint outside", ["--entrypoint", "../env", "-o", "oci:x"], /is not below/],
    ["an entrypoint that is not executable", ["--entrypoint", "a.txt", "-o", "oci:x"], /is not executable/],
    ["no destination", ["--entrypoint", "bin/server"], /either --output or --push/],
    ["two destinations", ["--entrypoint", "bin/server", "-o", "oci:x", "--push", "a/b"], /either --output or --push/],
    ["an output that is no layout", ["--entrypoint", "bin/server", "-o", "x.tar"], /is not oci:PATH/],
  ] as const) {
    it(`refuses ${what}`, async (t) => {
      let said = "";
      t.mock.method(process.stderr, "write", (text: string) => {
        said += text;
        return true;
      });
      assert.equal(await runCommand(["pack", makeApp("app"), ...args], { PATH: process.env["PATH"] }), 64);
      assert.match(said, message);
    });
  }

  for (const [what, make, message] of [
    [
      "a name that would be a whiteout",
      (at) => writeFileSync(at(".wh.a.txt"), ""),
      /\.wh\.a\.txt has a name that removes/,
    ],
    [
      "a name that is no UTF-8",
      (at) => writeFileSync(Buffer.concat([Buffer.from(at("bad")), Buffer.from([0xff])]), ""),
      /bad.* has a name that is no UTF-8/,
    ],
    [
      "a link to a name that is no UTF-8",
      (at) => symlinkSync(Buffer.from([0x62, 0xff]), at("bad-link")),
      /bad-link is a link to a name that is no UTF-8/,
    ],
    ["a fifo", (at) => void execFileSync("mkfifo", [at("fifo")]), /fifo is neither a file, a directory nor a link/],
  ] as const satisfies readonly (readonly [string, (at: (name: string) => string) => void, RegExp])[]) {
    it(`refuses ${what}, and names it`, async () => {
      const app = makeApp("app");
      make((name) => join(app, name));
      await assert.rejects(pack(app, join(folder, "layout")), { code: "USAGE", message });
    });
  }

  it("refuses to write into what it packs", async () => {
    const app = makeApp("app");
    const layout = join(app, "image");
    await assert.rejects(pack(app, layout), { code: "USAGE", message: /lies in the directory that is to be packed/ });
    await assert.rejects(pack(app, app), { code: "USAGE" });
    assert.equal((await pack(app, join(folder, "app-image"))).blobs.length, 2);
  });

  it("refuses an env file that no app would read", async () => {
    const envFile = join(folder, "env");
    writeFileSync(envFile, Buffer.alloc(LIMITS.dotenvBytes + 1));
    await assert.rejects(pack(makeApp("app"), join(folder, "layout"), envFile), { code: "USAGE" });
  });
});
