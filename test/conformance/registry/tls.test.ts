/** Debian's registry with TLS, an authority of its own, and clients that have to show a certificate. */
import assert from "node:assert/strict";
import { copyFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test, type TestContext } from "node:test";
import { type Registry, startRegistry } from "../../support/docker-registry.ts";
import { type Authority, openAuthority, type Pair } from "./support/authority.ts";
import { type Builder, type Made, openBuilder } from "./support/builder.ts";
import { withNames } from "./support/names.ts";
import { needsRegistries } from "./support/preconditions.ts";
import { makeVersions, pullBootUpdate, type Versions } from "./support/scenario.ts";
import { type Env, openSite, type Site } from "./support/site.ts";

const NAME = "registry.test";

describe("a registry with TLS and an authority of its own", needsRegistries(), () => {
  let folder: string;
  let authority: Authority;
  let registry: Registry;
  let builder: Builder;
  let versions: Versions;
  const named = (host: string): string => `${NAME}:${host.split(":")[1]}`;
  const push = (image: Made): Promise<void> => builder.push(image, `${registry.host}/team/app:stable`);
  const open = async (t: TestContext, env: Env = {}): Promise<Site> => {
    const site = await openSite({ under: await withNames(folder, [NAME]), env });
    t.after(site.close);
    return site;
  };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "dockerloader-tls-"));
    authority = await openAuthority(folder, "authority");
    registry = await startRegistry({ config: { http: { tls: await authority.issue(NAME) } } });
    builder = await openBuilder();
    versions = await makeVersions(builder);
  });
  after(async () => {
    await builder?.close();
    await registry?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test("pulls, boots and updates when SSL_CERT_FILE names the authority", async (t) => {
    const site = await open(t, { SSL_CERT_FILE: authority.certificate });
    await pullBootUpdate(site, `${named(registry.host)}/team/app:stable`, versions, push);
  });

  for (const variable of ["NODE_EXTRA_CA_CERTS", "DOCKERLOADER_CA_FILE"]) {
    test(`pulls when ${variable} names it`, async (t) => {
      await push(versions.first);
      const site = await open(t, { [variable]: authority.certificate });
      const pulled = await site.pull(`${named(registry.host)}/team/app:stable`);
      assert.equal(pulled.code, 0, pulled.err);
      assert.deepEqual(pulled.tree, versions.first.tree);
    });
  }

  /** A directory as docker and podman know them: `HOST:PORT/ca.crt`, and a client's certificate beside it. */
  async function certsDir(host: string, client?: Pair, halves: readonly string[] = ["cert", "key"]): Promise<string> {
    const directory = await mkdtemp(join(folder, "certs-"));
    const own = join(directory, host);
    await mkdir(own);
    await copyFile(authority.certificate, join(own, "ca.crt"));
    if (client !== undefined && halves.includes("cert")) await copyFile(client.certificate, join(own, "client.cert"));
    if (client !== undefined && halves.includes("key")) await copyFile(client.key, join(own, "client.key"));
    return directory;
  }

  test("pulls when the host's own directory has it, and not when only another host's has", async (t) => {
    await push(versions.first);
    const target = `${named(registry.host)}/team/app:stable`;
    const site = await open(t);
    const mine = await certsDir(named(registry.host));
    const pulled = await site.pull(target, { DOCKERLOADER_CERTS_DIR: mine });
    assert.equal(pulled.code, 0, pulled.err);
    assert.deepEqual(pulled.tree, versions.first.tree);
    const other = await certsDir(`${NAME}:1`);
    const { err } = await site.pull(target, { DOCKERLOADER_CERTS_DIR: other });
    assert.match(err, /\[REGISTRY_TLS\]/);
  });

  test("refuses an authority it does not know in one line that says how to make it known", async (t) => {
    await push(versions.first);
    const site = await open(t);
    const quiet = { DOCKERLOADER_LOG_LEVEL: "info", DOCKERLOADER_LOG_FORMAT: "pretty" };
    const { code, err } = await site.pull(`${named(registry.host)}/team/app:stable`, quiet);
    assert.notEqual(code, 0);
    assert.match(
      err,
      /^Error: TLS to registry\.test:\d+ failed: unknown issuer \([A-Z_]+\); set DOCKERLOADER_CA_FILE \(or SSL_CERT_FILE, NODE_EXTRA_CA_CERTS\).*\[REGISTRY_TLS\]$/m,
    );
    assert.equal(err.match(/^Error/gm)?.length, 1);
  });

  test("refuses a certificate for another name", async (t) => {
    const other = await startRegistry({ config: { http: { tls: await authority.issue("other.test") } } });
    t.after(other.stop);
    const site = await open(t, { SSL_CERT_FILE: authority.certificate });
    const { code, err } = await site.pull(`${named(other.host)}/team/app:stable`);
    assert.notEqual(code, 0);
    assert.match(err, /TLS to \S+ failed: made for another name \(ERR_TLS_CERT_ALTNAME_INVALID\).*\[REGISTRY_TLS\]/);
  });

  test("shows a client certificate where the registry wants one, and names the half that is missing", async (t) => {
    await push(versions.first);
    const tls = { ...(await authority.issue(NAME)), clientcas: [authority.certificate] };
    const strict = await startRegistry({ storage: registry.storage, config: { http: { tls } } });
    t.after(strict.stop);
    const [target, client] = [`${named(strict.host)}/team/app:stable`, await authority.issue("client")];
    const site = await open(t);
    const whole = await certsDir(named(strict.host), client);
    const pulled = await site.pull(target, { DOCKERLOADER_CERTS_DIR: whole });
    assert.equal(pulled.code, 0, pulled.err);
    assert.deepEqual(pulled.tree, versions.first.tree);

    const without = await site.pull(target, { DOCKERLOADER_CERTS_DIR: await certsDir(named(strict.host)) });
    assert.notEqual(without.code, 0);
    const half = await certsDir(named(strict.host), client, ["cert"]);
    const { code, err } = await site.pull(target, { DOCKERLOADER_CERTS_DIR: half });
    assert.equal(code, 78, err);
    assert.match(err, /client\.cert has no \S*client\.key/);
  });
});
