/** Images as buildah and skopeo make them, from Debian's registry: by `dockerloader pull`, at a first boot, and as an update. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { must } from "../../container/support/command.ts";
import { startRegistry } from "../../support/docker-registry.ts";
import { type Builder, type Made, openBuilder } from "./support/builder.ts";
import { needsRegistries } from "./support/preconditions.ts";
import { makeVersions, pullBootUpdate, type Versions } from "./support/scenario.ts";
import { openSite } from "./support/site.ts";

interface Form {
  readonly made: string;
  readonly push: (image: Made, reference: string) => Promise<void>;
  /** What the registry has to show, so that the test is about what its title says. */
  readonly shows: RegExp;
}

describe("images of other tools", needsRegistries(), () => {
  let builder: Builder;
  let versions: Versions;
  before(async () => {
    builder = await openBuilder();
    versions = await makeVersions(builder);
  });
  after(() => builder?.close());

  const viaSkopeo = (...options: string[]): Form["push"] => {
    return async (image, reference) => {
      const layout = `oci:${await builder.layout(image)}`;
      const how = ["--insecure-policy", "copy", "--quiet", "--dest-tls-verify=false"];
      await must("skopeo", [...how, ...options, layout, `docker://${reference}`]);
    };
  };
  const viaBuildah = (...options: string[]): Form["push"] => {
    return (image, reference) => builder.push(image, reference, ...options);
  };
  const FORMS: readonly Form[] = [
    { made: "buildah: OCI, gzip", push: viaBuildah("--format", "oci"), shows: /oci\.image\.layer\.v1\.tar\+gzip/ },
    {
      made: "buildah: Docker schema 2",
      push: viaBuildah("--format", "v2s2"),
      shows: /docker\.image\.rootfs\.diff\.tar\.gzip/,
    },
    {
      made: "buildah: OCI, zstd",
      push: viaBuildah("--format", "oci", "--compression-format", "zstd"),
      shows: /oci\.image\.layer\.v1\.tar\+zstd/,
    },
    {
      made: "skopeo: Docker schema 2",
      push: viaSkopeo("--format", "v2s2"),
      shows: /docker\.image\.rootfs\.diff\.tar\.gzip/,
    },
    {
      made: "skopeo: OCI, zstd",
      push: viaSkopeo("--format", "oci", "--dest-compress-format", "zstd"),
      shows: /oci\.image\.layer\.v1\.tar\+zstd/,
    },
  ];

  for (const { made, push, shows } of FORMS) {
    test(`${made}: pulled, booted and updated, every tree is what was put in`, async (t) => {
      // A registry of its own: the tools take a layer that is there already, however it is compressed.
      const registry = await startRegistry();
      t.after(registry.stop);
      const site = await openSite();
      t.after(site.close);
      const target = `${registry.host}/team/app:stable`;
      await pullBootUpdate(site, target, versions, (image) => push(image, target));
      const manifest = await must("skopeo", ["inspect", "--raw", "--tls-verify=false", `docker://${target}`]);
      assert.match(manifest, shows);
    });
  }
});
