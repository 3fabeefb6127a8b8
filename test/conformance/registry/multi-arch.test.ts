/** Multi-platform images as buildah makes them, with attestations as BuildKit adds them. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { must } from "../../container/support/command.ts";
import { type Registry, startRegistry } from "../../support/docker-registry.ts";
import { type Builder, type Made, openBuilder } from "./support/builder.ts";
import { changeTo, fillFirst } from "./support/contents.ts";
import { attest } from "./support/attestation.ts";
import { needsRegistries } from "./support/preconditions.ts";
import { pullBootUpdate } from "./support/scenario.ts";
import { openSite, type Site } from "./support/site.ts";

const PLATFORMS = [
  { arch: "arm", variant: "v7" },
  { arch: "s390x" },
  { arch: "arm64", variant: "v8" },
  { arch: "amd64" },
] as const;
const HERE = process.arch === "x64" ? "amd64" : process.arch;

for (const format of ["oci", "v2s2"] as const) {
  describe(`an image for several platforms, ${format}`, needsRegistries(), () => {
    let registry: Registry;
    let builder: Builder;
    let site: Site;
    /** For each version an image a platform: they differ in a file that names the platform. */
    const versions: Made[][] = [];
    const target = (): string => `${registry.host}/team/app:stable`;
    const imageFor = (version: number, arch: string): Made => {
      const image = versions[version - 1]?.[PLATFORMS.findIndex((platform) => platform.arch === arch)];
      assert.ok(image !== undefined);
      return image;
    };
    const push = async (version: number): Promise<void> => {
      const list = `localhost/list${version}`;
      await builder.buildah("manifest", "create", list);
      for (const image of versions[version - 1] ?? []) await builder.buildah("manifest", "add", list, image.id);
      const how = ["--all", "--quiet", "--tls-verify=false", "--format", format];
      await builder.buildah("manifest", "push", ...how, list, `docker://${target()}`);
      if (format === "oci") await attest(registry.host, "team/app", "stable");
    };

    before(async () => {
      registry = await startRegistry();
      builder = await openBuilder();
      for (const version of [1, 2]) {
        const images: Made[] = [];
        for (const platform of PLATFORMS) {
          const image = await builder.layer(async (root) => {
            await writeFile(join(root, "platform"), platform.arch);
            if (platform.arch !== HERE) return;
            await fillFirst(root);
            await changeTo(version)(root);
          }, platform);
          images.push(image);
        }
        versions.push(images);
      }
      site = await openSite();
    });
    after(async () => {
      await site?.close();
      await builder?.close();
      await registry?.stop();
    });

    test("pulls, boots and updates to the image of this machine", async () => {
      const [first, second] = [imageFor(1, HERE), imageFor(2, HERE)];
      await pullBootUpdate(site, target(), { first, second }, (image) => push(image === first ? 1 : 2));
      const raw = await must("skopeo", ["inspect", "--raw", "--tls-verify=false", `docker://${target()}`]);
      assert.match(
        raw,
        format === "oci" ? /oci\.image\.index.*attestation-manifest/ : /docker\.distribution\.manifest\.list/,
      );
    });

    test("pulls the image of any platform it is asked for", async () => {
      for (const [platform, arch] of [
        ["linux/arm64", "arm64"],
        ["linux/arm64/v8", "arm64"],
        ["linux/arm/v7", "arm"],
        ["linux/amd64", "amd64"],
      ] as const) {
        const pulled = await site.pull(target(), { DOCKERLOADER_PLATFORM: platform });
        assert.equal(pulled.code, 0, pulled.err);
        assert.deepEqual(pulled.tree, imageFor(2, arch).tree, platform);
      }
    });

    test("says which platforms there are when there is none that fits, and counts no attestation among them", async () => {
      const { code, err } = await site.pull(target(), { DOCKERLOADER_PLATFORM: "linux/riscv64" });
      assert.notEqual(code, 0);
      assert.match(
        err,
        /has no image for linux\/riscv64; available are linux\/arm\/v7, linux\/s390x, linux\/arm64(\/v8)?, linux\/amd64;/,
      );
      assert.match(err, /PLATFORM_MISSING/);
    });
  });
}
