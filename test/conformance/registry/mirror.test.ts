/** Debian's registry as a pull-through mirror of another one. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Registry, startRegistry } from "../../support/docker-registry.ts";
import { type Builder, openBuilder } from "./support/builder.ts";
import { needsRegistries } from "./support/preconditions.ts";
import { makeVersions, pullBootUpdate, type Versions } from "./support/scenario.ts";
import { openSite, type Site } from "./support/site.ts";

describe("a pull-through mirror", needsRegistries(), () => {
  let upstream: Registry;
  let mirror: Registry;
  let builder: Builder;
  let versions: Versions;
  let site: Site;
  before(async () => {
    upstream = await startRegistry();
    mirror = await startRegistry({ config: { proxy: { remoteurl: `http://${upstream.host}` } } });
    builder = await openBuilder();
    versions = await makeVersions(builder);
    site = await openSite();
  });
  after(async () => {
    await site?.close();
    await builder?.close();
    await mirror?.stop();
    await upstream?.stop();
  });

  test("pulls, boots and updates through it; afterwards it has every blob and the other registry is not needed", async () => {
    const target = `${mirror.host}/team/app:stable`;
    await pullBootUpdate(site, target, versions, (image) => builder.push(image, `${upstream.host}/team/app:stable`));
    await upstream.end("SIGKILL");
    const pulled = await site.pull(target);
    assert.equal(pulled.code, 0, pulled.err);
    assert.deepEqual(pulled.tree, versions.second.tree);
  });

  test("as a mirror in front of another registry it brings the blobs; tags are asked of the registry itself", async (t) => {
    await upstream.begin();
    const target = `${upstream.host}/team/mirrored:stable`;
    await builder.push(versions.first, target);
    const mirrored = await openSite({ env: { DOCKERLOADER_MIRRORS: `${upstream.host}=${mirror.host}` } });
    t.after(mirrored.close);
    await Promise.all([upstream.asked(), mirror.asked()]);
    const pulled = await mirrored.pull(target);
    assert.equal(pulled.code, 0, pulled.err);
    assert.deepEqual(pulled.tree, versions.first.tree);
    const blobs = (await mirror.asked()).filter(({ path }) => path.includes("/blobs/sha256:"));
    assert.ok(blobs.length >= 3, JSON.stringify(blobs));

    await mirror.end("SIGKILL");
    const without = await mirrored.pull(target);
    assert.equal(without.code, 0, without.err);
    assert.deepEqual(without.tree, versions.first.tree);
    assert.match(without.err, /mirror \S+ is passed by/);
  });
});
