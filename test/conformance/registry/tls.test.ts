/** Debian's registry with TLS, an authority of its own, and clients that have to show a certificate. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Registry, startRegistry } from "../../support/docker-registry.ts";
import { type Authority, openAuthority } from "./support/authority.ts";
import { type Builder, openBuilder } from "./support/builder.ts";
import { withNames } from "./support/names.ts";
import { needsRegistries } from "./support/preconditions.ts";
import { makeVersions, pullBootUpdate, type Versions } from "./support/scenario.ts";
import { openSite, type Site } from "./support/site.ts";

const NAME = "registry.test";

describe("a registry with TLS and an authority of its own", needsRegistries(), () => {
  let folder: string;
  let authority: Authority;
  let registry: Registry;
  let builder: Builder;
  let versions: Versions;
  let site: Site;
  const target = (): string => `${NAME}:${registry.host.split(":")[1]}/team/app:stable`;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "dockerloader-tls-"));
    authority = await openAuthority(folder, "authority");
    registry = await startRegistry({ config: { http: { tls: await authority.issue(NAME) } } });
    builder = await openBuilder();
    versions = await makeVersions(builder);
    site = await openSite({ under: await withNames(folder, [NAME]) });
  });
  after(async () => {
    await site?.close();
    await builder?.close();
    await registry?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  for (const variable of ["NODE_EXTRA_CA_CERTS"]) {
    test(`pulls, boots and updates when ${variable} names the authority`, async (t) => {
      const own = await openSite({
        under: await withNames(folder, [NAME]),
        env: { [variable]: authority.certificate },
      });
      t.after(own.close);
      await pullBootUpdate(own, target(), versions, (image) => builder.push(image, `${registry.host}/team/app:stable`));
    });
  }

  test("refuses an authority it does not know in one line that says how to make it known", async () => {
    const quiet = { DOCKERLOADER_LOG_LEVEL: "info", DOCKERLOADER_LOG_FORMAT: "pretty" };
    const { code, err } = await site.pull(target(), quiet);
    assert.notEqual(code, 0);
    assert.match(err, /^Error: .*registry\.test:\d+.*SSL_CERT_FILE.*\[REGISTRY_TLS\]\n$/);
  });
});
