/** What `dockerloader pack` makes, as other people's programs read it: skopeo, umoci, podman and Debian's registry. */
import assert from "node:assert/strict";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { must } from "../../container/support/command.ts";
import { commandFolder } from "../../e2e/support/lab.ts";
import { type Registry, startRegistry } from "../../support/docker-registry.ts";
import { needs } from "../../support/preconditions.ts";
import { type Tree, treeOf } from "../layers/support/trees.ts";
import { asPacked, differences, fillApp } from "./support/packed.ts";

const TOOLS = ["skopeo", "umoci", "podman", "docker-registry"];

describe("an image made by pack", needs("packed images", TOOLS), () => {
  let folder: string;
  let app: string;
  let registry: Registry;
  let expected: Tree;
  let env: Record<string, string>;
  const at = (name: string): string => join(folder, name);
  const dockerloader = (...args: string[]): Promise<string> => must("dockerloader", args, { env });
  const pack = (directory: string, ...args: string[]): Promise<string> =>
    dockerloader("pack", directory, "--entrypoint", "server", "--env-file", at("env"), ...args);
  const skopeo = (...args: string[]): Promise<string> => must("skopeo", ["--insecure-policy", ...args], { env });

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "dockerloader-packed-"));
    env = { PATH: `${await commandFolder(folder)}:${process.env["PATH"] ?? ""}`, HOME: folder, DOCKER_CONFIG: folder };
    await writeFile(at("config.json"), "{}");
    app = at("app");
    await mkdir(app);
    await fillApp(app);
    await writeFile(at("env"), "VERSION=1\n");
    await cp(app, at("expected"), { recursive: true, verbatimSymlinks: true });
    await writeFile(at("expected/.env"), "VERSION=1\n", { mode: 0o644 });
    expected = asPacked(at("expected"), "server");
    registry = await startRegistry();
  });
  after(async () => {
    await registry?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test("is read by skopeo and unpacked by umoci to the tree that was packed", async () => {
    const layout = at("layout");
    const digest = await pack(app, "-o", `oci:${layout}:1`);
    const shown = JSON.parse(await skopeo("inspect", `oci:${layout}:1`)) as Record<string, unknown>;
    assert.deepEqual([shown["Digest"], (shown["Layers"] as string[]).length, shown["Os"]], [digest, 2, "linux"]);
    // skopeo hashes what it copies, and refuses what is not its digest.
    await skopeo("copy", "--quiet", "--preserve-digests", `oci:${layout}:1`, `oci:${at("copied")}:1`);
    for (const from of [layout, at("copied")]) {
      const rootfs = `${from}-rootfs`;
      await must("umoci", ["raw", "unpack", "--image", `${from}:1`, rootfs]);
      assert.deepEqual(differences(rootfs, expected), []);
    }
  });

  test("is in a registry what it was here: for skopeo, podman, umoci and pull", async () => {
    const reference = `${registry.host}/team/app:1`;
    const digest = await pack(app, "--push", reference);
    const shown = JSON.parse(await skopeo("inspect", "--tls-verify=false", `docker://${reference}`)) as object;
    assert.equal("Digest" in shown && shown.Digest, digest);

    const back = at("back");
    await skopeo(
      "copy",
      "--quiet",
      "--preserve-digests",
      "--src-tls-verify=false",
      `docker://${reference}`,
      `oci:${back}:1`,
    );
    await must("umoci", ["raw", "unpack", "--image", `${back}:1`, at("back-rootfs")]);
    assert.deepEqual(differences(at("back-rootfs"), expected), []);

    await dockerloader("pull", reference, "--output", at("pulled"), "--quiet");
    assert.deepEqual(differences(at("pulled"), expected), []);

    const storage = ["--root", at("podman"), "--runroot", at("podman-run"), "--storage-driver", "vfs"];
    const podman = (...args: string[]): Promise<string> => must("podman", [...storage, ...args], { env });
    const id = await podman("pull", "--quiet", "--tls-verify=false", reference);
    assert.equal(
      await podman("image", "inspect", "--format", "{{.Digest}} {{.Config.Entrypoint}}", id),
      `${digest} [/entrypoint]`,
    );
    const mounted = await podman("image", "mount", id);
    assert.deepEqual(differences(mounted, expected), []);
    await podman("image", "unmount", id);
  });

  test("is the same, byte for byte, whenever and wherever its files are packed", async () => {
    const elsewhere = at("elsewhere");
    await cp(app, elsewhere, { recursive: true, verbatimSymlinks: true });
    const layouts = [at("first"), at("second")];
    for (const [index, layout] of layouts.entries()) await pack(index === 0 ? app : elsewhere, "-o", `oci:${layout}:1`);
    const contents = layouts.map((layout) => [...treeOf(layout)].map(([path, { content }]) => [path, content]));
    assert.ok((contents[0]?.length ?? 0) > 6);
    assert.deepEqual(contents[0], contents[1]);
    assert.equal(
      await pack(app, "--push", `${registry.host}/team/app:2`),
      await pack(elsewhere, "-o", `oci:${at("third")}`),
    );
  });
});
