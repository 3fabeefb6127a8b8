/** Targets without a registry, as skopeo and buildah write them: a layout, and archives of both kinds. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { must } from "../../container/support/command.ts";
import { type Builder, type Made, openBuilder } from "./support/builder.ts";
import { changeTo, fillFirst } from "./support/contents.ts";
import { needsRegistries } from "./support/preconditions.ts";
import { makeVersions, pullBootUpdate, type Versions } from "./support/scenario.ts";
import { openSite, type Site } from "./support/site.ts";

const HERE = process.arch === "x64" ? "amd64" : process.arch;
const KINDS = ["oci", "oci-archive", "docker-archive"] as const;
type Kind = (typeof KINDS)[number];

/** `skopeo copy` of a layout. */
const copy = (from: string, to: string, ...options: string[]): Promise<string> =>
  must("skopeo", ["--insecure-policy", "copy", "--quiet", ...options, from, to]);

describe("targets without a registry", needsRegistries(), () => {
  let folder: string;
  let builder: Builder;
  let versions: Versions;
  let site: Site;
  let copies = 0;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "dockerloader-offline-"));
    builder = await openBuilder();
    versions = await makeVersions(builder);
    site = await openSite();
  });
  after(async () => {
    await site?.close();
    await builder?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Puts what `write` writes into a place, as an operator should: beside it, then by a rename. */
  const replace = async (path: string, write: (fresh: string) => Promise<unknown>): Promise<void> => {
    copies += 1;
    const fresh = join(folder, `fresh${copies}`);
    await write(fresh);
    if (existsSync(path)) await rename(path, join(folder, `old${copies}`));
    await rename(fresh, path);
  };
  const put = (kind: Kind, path: string, image: Made): Promise<void> =>
    replace(path, async (fresh) => {
      const name = kind === "docker-archive" ? "localhost/team/app:stable" : "stable";
      await copy(`oci:${await builder.layout(image)}`, `${kind}:${fresh}:${name}`);
    });

  for (const kind of KINDS) {
    test(`${kind}: pulls, boots, updates when it is replaced, and survives its loss`, async (t) => {
      const path = join(folder, `target-${kind}`);
      const target = `${kind}:${path}:stable`;
      const own = await openSite();
      t.after(own.close);
      const loader = await pullBootUpdate(own, target, versions, (image) => put(kind, path, image));
      assert.match(loader.text(), new RegExp(`checking for updates for ${kind}:`));

      const away = `${path}-away`;
      await rename(path, away);
      loader.poke();
      await loader.until("[SOURCE_MISSING]");
      assert.match(loader.text(), /update check failed: \S+ cannot be read: ENOENT/);
      await rename(away, path);
      const from = loader.text().length;
      loader.poke();
      await loader.until("already running the latest version", from);
      assert.equal(loader.text().match(/serving 2/g)?.length, 1, "the app ran all the time");
    });
  }

  test("a layout with several tags is asked for one by name, and says which there are", async () => {
    const path = join(folder, "tags");
    await copy(`oci:${await builder.layout(versions.first)}`, `oci:${path}:one`);
    await copy(`oci:${await builder.layout(versions.second)}`, `oci:${path}:two`);
    for (const [tag, image] of [
      ["one", versions.first],
      ["two", versions.second],
    ] as const) {
      const pulled = await site.pull(`oci:${path}:${tag}`);
      assert.equal(pulled.code, 0, pulled.err);
      assert.deepEqual(pulled.tree, image.tree);
    }
    for (const [target, sentence] of [
      [`oci:${path}`, /has several images: one, two; name one with :tag/],
      [`oci:${path}:three`, /has no such image; there are: one, two/],
    ] as const) {
      const { code, err } = await site.pull(target);
      assert.equal(code, 65, err);
      assert.match(err, sentence);
    }
  });

  test("a docker archive says which images it has", async () => {
    const path = join(folder, "named.tar");
    await put("docker-archive", path, versions.first);
    const pulled = await site.pull(`docker-archive:${path}`);
    assert.equal(pulled.code, 0, pulled.err);
    assert.deepEqual(pulled.tree, versions.first.tree);
    const { code, err } = await site.pull(`docker-archive:${path}:other`);
    assert.equal(code, 65);
    assert.match(err, /has no such image; there are: localhost\/team\/app:stable/);
  });

  test("pulls a layout with layers packed by zstd", async () => {
    const path = join(folder, "zstd");
    const how = ["--dest-compress", "--dest-compress-format", "zstd"];
    await copy(`oci:${await builder.layout(versions.second)}`, `oci:${path}:x`, ...how);
    assert.match(await must("skopeo", ["inspect", "--raw", `oci:${path}:x`]), /layer\.v1\.tar\+zstd/);
    const pulled = await site.pull(`oci:${path}`);
    assert.equal(pulled.code, 0, pulled.err);
    assert.deepEqual(pulled.tree, versions.second.tree);
  });

  test("chooses the image of a platform from a multi-platform layout and archive, at a boot and as an update", async (t) => {
    const platforms = [{ arch: "s390x" }, { arch: "arm64", variant: "v8" }, { arch: "amd64" }] as const;
    const images = new Map<string, Made>();
    const write = async (version: number, fresh: string, kind: "oci" | "oci-archive"): Promise<void> => {
      const list = `localhost/offline-${kind}-${version}`;
      await builder.buildah("manifest", "create", list);
      for (const platform of platforms) {
        const image = await builder.layer(async (root) => {
          await writeFile(join(root, "platform"), `${platform.arch} ${version}`);
          if (platform.arch !== HERE) return;
          await fillFirst(root);
          await changeTo(version)(root);
        }, platform);
        images.set(platform.arch, image);
        await builder.buildah("manifest", "add", list, image.id);
      }
      const layout = `${fresh}-layout`;
      await builder.buildah("manifest", "push", "--all", "--quiet", list, `oci:${layout}:stable`);
      await copy(`oci:${layout}:stable`, `${kind}:${fresh}:stable`, "--all");
    };
    for (const kind of ["oci", "oci-archive"] as const) {
      const path = join(folder, `multi-${kind}`);
      const target = `${kind}:${path}:stable`;
      await replace(path, (fresh) => write(1, fresh, kind));
      for (const { arch } of platforms) {
        const pulled = await site.pull(target, { DOCKERLOADER_PLATFORM: `linux/${arch}` });
        assert.equal(pulled.code, 0, pulled.err);
        assert.deepEqual(pulled.tree, images.get(arch)?.tree, arch);
      }
      const none = await site.pull(target, { DOCKERLOADER_PLATFORM: "linux/riscv64" });
      assert.match(
        none.err,
        /has no image for linux\/riscv64; available are linux\/s390x, linux\/arm64(\/v8)?, linux\/amd64/,
      );
      const own = await openSite();
      t.after(own.close);
      const loader = own.start(target);
      await loader.until("serving 1");
      await replace(path, (fresh) => write(2, fresh, kind));
      loader.poke();
      await loader.until("serving 2");
      await loader.until("trial successful");
      assert.deepEqual(await own.tree(), images.get(HERE)?.tree);
    }
  });
});
