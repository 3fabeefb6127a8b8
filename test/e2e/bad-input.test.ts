/** Whatever is wrong gets a sentence and an exit code, and the running version survives. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { buildImage, type BuiltImage } from "../../src/testing/index.ts";
import { openShellLab, type ShellLab } from "./support/shell-lab.ts";

/** An app that follows its image and lives on. */
const FOLLOWER = (version: string): string => `trap 'exit 0' TERM
echo "Version: ${version}"
dockerloader ready
while :; do
  dockerloader check; [ $? = 42 ] && exit 42
  sleep 0.2
done`;

/** A head of an ELF file for a machine nobody has: e_machine 9999. */
function foreignElf(): Buffer {
  const head = Buffer.alloc(64);
  head.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  head.writeUInt16LE(2, 16);
  head.writeUInt16LE(9999, 18);
  return head;
}

const one = (files: Parameters<typeof buildImage>[0]["layers"][number]): Promise<BuiltImage> =>
  buildImage({ layers: [files] });

const BAD_IMAGES: readonly (readonly [string, RegExp, () => Promise<BuiltImage>])[] = [
  ["without /entrypoint", /entrypoint does not exist.*ENTRYPOINT_MISSING/s, () => one({ files: { other: "x" } })],
  [
    "with an entrypoint that is not executable",
    /is not executable/,
    () => one({ files: { entrypoint: { content: "#!/bin/sh\n", mode: 0o644 } } }),
  ],
  ["with an empty entrypoint", /is empty/, () => one({ files: { entrypoint: { content: "", mode: 0o755 } } })],
  [
    "built for another machine",
    /is built for machine 9999/,
    () => one({ files: { entrypoint: { content: foreignElf(), mode: 0o755 } } }),
  ],
  [
    "whose entrypoint needs an interpreter that is not here",
    /needs \/no\/such\/interpreter/,
    () => one({ files: { entrypoint: "#!/no/such/interpreter\n" } }),
  ],
  [
    "whose entrypoint is neither a program nor a script",
    /is neither an ELF program nor a script/,
    () => one({ files: { entrypoint: "hello\n" } }),
  ],
  ["with a damaged layer", /LAYER_CORRUPT/, () => one({ tar: Buffer.from("this is no tar archive".repeat(50)) })],
];

describe("a wrong configuration", () => {
  let lab: ShellLab;
  beforeEach(async () => {
    lab = await openShellLab();
  });
  afterEach(() => lab.close());

  const refuses = async (env: Record<string, string | undefined>, ...sentences: RegExp[]): Promise<void> => {
    const { code, out, err } = await lab.run({ env });
    assert.equal(code, 78, out + err);
    assert.equal(err.trim().split("\n").length, 1, err);
    for (const sentence of sentences) assert.match(err, sentence);
  };

  test("is answered with one message that lists every fault, and exit code 78", async () => {
    await refuses(
      {
        DOCKERLOADER_DATA_DIR: join(lab.folder, "no/such"),
        DOCKERLOADER_TARGET: "127.0.0.1:5000/App:1",
        DOCKERLOADER_TRIAL_TIMEOUT_MS: "abc",
        DOCKERLOADER_ON_TRIAL_FAILURE: "explode",
      },
      /4 faults/,
      /DOCKERLOADER_TRIAL_TIMEOUT_MS=\\"abc\\" is not a whole number of milliseconds/,
      /DOCKERLOADER_ON_TRIAL_FAILURE=\\"explode\\" is none of rollback, exit/,
      /missing .*\/no directory; make sure it is mounted as a volume/,
      /has upper case in \\"App\\\\*"/,
    );
  });

  test("names a missing target only when there is nothing on disk", async () => {
    await refuses(
      { DOCKERLOADER_TARGET: undefined },
      /DOCKERLOADER_TARGET is not set, and there is no version on disk/,
    );
    await lab.push("echo ran");
    assert.equal((await lab.run()).code, 0);
    const { code, out } = await lab.run({ env: { DOCKERLOADER_TARGET: undefined } });
    assert.equal(code, 0);
    assert.match(out, /ran/);
  });

  test(
    "names a directory that this user may not write",
    { skip: process.getuid?.() !== 0 && "needs root to become somebody else" },
    async () => {
      mkdirSync(lab.dataDir);
      chmodSync(lab.folder, 0o755);
      const script = `process.setuid(65534); const { dataDirFault } = await import(${JSON.stringify(join(import.meta.dirname, "../../src/store/index.ts"))}); console.log(dataDirFault(${JSON.stringify(lab.dataDir)}))`;
      const { spawn } = await import("node:child_process");
      const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      let out = "";
      child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
      await once(child, "close");
      assert.match(out, /is not writable by user 65534 \(EACCES\); change its owner or mount it read-write/);
    },
  );
});

describe("a bad image", () => {
  let lab: ShellLab;
  beforeEach(async () => {
    lab = await openShellLab();
  });
  afterEach(() => lab.close());

  for (const [what, sentence, build] of BAD_IMAGES) {
    test(`${what} ends a first start with code 65 and the reason`, async () => {
      await lab.registry.push("app", "stable", await build());
      const { code, err, out } = await lab.run();
      assert.equal(code, 65, out + err);
      assert.match(err, sentence);
      assert.ok(!existsSync(join(lab.dataDir, "entrypoint")));
      assert.deepEqual(await lab.names("storage/v1/extracted"), []);
      assert.deepEqual(await lab.names("storage/staging"), []);
    });
  }

  test("of every kind is refused before it is staged, with the reason, and the app runs on", async () => {
    const first = await lab.push(FOLLOWER("1"));
    const loader = lab.start();
    await loader.until("already running the latest version");
    for (const [, sentence, build] of BAD_IMAGES) {
      const from = loader.text().length;
      await lab.registry.push("app", "stable", await build());
      await loader.until("update check failed", from);
      assert.match(loader.text().slice(from), sentence);
    }
    lab.registry.putManifest(
      "app",
      "stable",
      Buffer.from(
        JSON.stringify({
          schemaVersion: 2,
          mediaType: "application/vnd.oci.image.manifest.v1+json",
          artifactType: "application/x.notes",
          config: { mediaType: "application/vnd.oci.empty.v1+json", digest: first, size: 2 },
          layers: [],
        }),
      ),
      "application/vnd.oci.image.manifest.v1+json",
    );
    const from = loader.text().length;
    await loader.until("is no runnable image", from);
    assert.equal(await lab.stable(), first);
    assert.ok(!existsSync(join(lab.dataDir, "entrypoint-attempt")));
    assert.deepEqual(await lab.names("storage/v1/extracted"), [first]);
    assert.doesNotMatch(loader.text(), /subprocess exited/);
    assert.equal((await loader.kill("SIGTERM")).code, 0);
  });

  test("that is pinned by digest is run and, as is said, never updated", async () => {
    const digest = await lab.push("echo pinned; dockerloader check; echo code=$?");
    const { code, out } = await lab.run({ env: { DOCKERLOADER_TARGET: lab.target.replace(":stable", `@${digest}`) } });
    assert.equal(code, 0);
    assert.match(out, /updates are off: DOCKERLOADER_TARGET is pinned to sha256:/);
  });
});

describe("a damaged or foreign volume", () => {
  let lab: ShellLab;
  beforeEach(async () => {
    lab = await openShellLab();
  });
  afterEach(() => lab.close());

  test("whose version was removed to free space is filled again", async () => {
    const digest = await lab.push("echo back again");
    assert.equal((await lab.run()).code, 0);
    rmSync(join(lab.dataDir, "storage"), { recursive: true });
    const { code, out } = await lab.run();
    assert.equal(code, 0, out);
    assert.match(out, /back again/);
    assert.equal(await lab.stable(), digest);
  });

  test("of the original is continued: no state, a re-serialised manifest, leftovers, a version that failed", async () => {
    const image = await lab.build('echo "Version: 1"; dockerloader ready; dockerloader check; exit 0');
    const bad = await lab.push("exit 3");
    const storage = join(lab.dataDir, "storage/v1");
    const tree = join(storage, "extracted", image.digest);
    for (const name of ["blobs/tmp-dir", "images", `extracted/${image.digest}`])
      mkdirSync(join(storage, name), { recursive: true });
    writeFileSync(
      join(tree, "entrypoint"),
      '#!/bin/sh\necho "Version: 1"; dockerloader ready; dockerloader check; exit 0\n',
      { mode: 0o755 },
    );
    writeFileSync(
      join(storage, "images", image.digest),
      JSON.stringify(JSON.parse(image.manifest.toString()), undefined, 2),
    );
    writeFileSync(join(storage, "images/tmp-file"), "");
    writeFileSync(join(lab.dataDir, "update-attempt"), bad);
    symlinkSync(join(tree, "entrypoint"), join(lab.dataDir, "entrypoint"));
    symlinkSync("/nowhere", join(lab.dataDir, "entrypoint-attempt.tmp"));
    const { code, out } = await lab.run();
    assert.equal(code, 0, out);
    assert.match(out, /Version: 1/);
    assert.match(out, new RegExp(`skipping update to ${bad} - previous attempt failed`));
    assert.deepEqual(await lab.names("storage/v1/images"), [image.digest]);
    assert.equal(await lab.stable(), image.digest);
  });

  test("of a loader that was killed in a trial goes on with the trial, three times at most", async () => {
    const first = await lab.push(
      '[ -e "$MARK" ] || { touch "$MARK"; dockerloader check; exit 42; }; echo "Version: 1"; exit 0',
    );
    const env = { MARK: join(lab.folder, "mark") };
    const trial = "echo on trial $$; exec sleep 300";
    assert.equal((await lab.run({ env: { ...env, MARK: "/dev/null" } })).code, 0);
    const second = await lab.push(trial);
    for (let start = 1; start <= 3; start += 1) {
      const loader = lab.start({ env });
      await loader.until("on trial");
      loader.process.kill("SIGKILL");
      await once(loader.process, "exit");
      process.kill(Number(/on trial (\d+)/.exec(loader.text())?.[1]), "SIGKILL");
    }
    const { code, out, err } = await lab.run({ env });
    assert.equal(code, 0, out + err);
    assert.match(err, new RegExp(`trial of ${second} was interrupted 3 times`));
    assert.match(out, /Version: 1/);
    assert.equal(await lab.stable(), first);
  });
});
