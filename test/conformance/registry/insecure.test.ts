/** Debian's registry without TLS, by a name: http is for this machine and for hosts that are listed. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Registry, startRegistry } from "../../support/docker-registry.ts";
import { type Builder, openBuilder } from "./support/builder.ts";
import { withNames } from "./support/names.ts";
import { needsRegistries } from "./support/preconditions.ts";
import { makeVersions, pullBootUpdate, type Versions } from "./support/scenario.ts";
import { openSite } from "./support/site.ts";

const NAME = "registry.test";

describe("a registry without TLS", needsRegistries(), () => {
  let folder: string;
  let registry: Registry;
  let builder: Builder;
  let versions: Versions;
  const named = (): string => `${NAME}:${registry.host.split(":")[1]}`;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "dockerloader-insecure-"));
    registry = await startRegistry();
    builder = await openBuilder();
    versions = await makeVersions(builder);
  });
  after(async () => {
    await builder?.close();
    await registry?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test("pulls, boots and updates when the host is listed", async (t) => {
    const env = { DOCKERLOADER_INSECURE_REGISTRIES: named() };
    const site = await openSite({ under: await withNames(folder, [NAME]), env });
    t.after(site.close);
    await pullBootUpdate(site, `${named()}/team/app:stable`, versions, (image) =>
      builder.push(image, `${registry.host}/team/app:stable`),
    );
  });

  test("is not spoken to when it is not listed", async (t) => {
    const site = await openSite({ under: await withNames(folder, [NAME]) });
    t.after(site.close);
    await builder.push(versions.first, `${registry.host}/team/app:stable`);
    await registry.asked();
    const { code, err } = await site.pull(`${named()}/team/app:stable`);
    assert.equal(code, 69, err);
    assert.match(err, new RegExp(`${NAME}:\\d+.*\\[REGISTRY_`));
    assert.deepEqual(await registry.asked(), []);
  });
});
