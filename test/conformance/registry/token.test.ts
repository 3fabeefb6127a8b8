/** Debian's registry with a Bearer token service. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Registry, startRegistry } from "../../support/docker-registry.ts";
import { openAuthority } from "./support/authority.ts";
import { type Builder, type Made, openBuilder } from "./support/builder.ts";
import { login, writeLogin } from "./support/login.ts";
import { needsRegistries } from "./support/preconditions.ts";
import { makeVersions, pullBootUpdate, type Versions } from "./support/scenario.ts";
import { openSite } from "./support/site.ts";
import { startTokenService, type TokenService } from "./support/token-service.ts";

const [USER, PASSWORD, IDENTITY] = ["robot", "correct horse", "identity-of-robot"];
const RSA = ["-newkey", "rsa:2048", "-nodes", "-days", "2"];

describe("a registry with a token service", needsRegistries(), () => {
  let folder: string;
  let service: TokenService;
  let registry: Registry;
  let builder: Builder;
  let versions: Versions;
  const push = (image: Made, target: string): Promise<void> =>
    builder.push(image, target, "--creds", `${USER}:${PASSWORD}`);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "dockerloader-token-"));
    const pair = await openAuthority(folder, "tokens");
    const users = { [USER]: PASSWORD };
    service = await startTokenService({ pair, algorithm: "ES256", users, open: ["open/app"], identityToken: IDENTITY });
    registry = await startRegistry({ config: { auth: service.auth } });
    builder = await openBuilder();
    versions = await makeVersions(builder);
  });
  after(async () => {
    await builder?.close();
    await registry?.stop();
    await service?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test("pulls, boots and updates with a password; a pull asks for one token, with the scope the registry named", async (t) => {
    const target = `${registry.host}/team/app:stable`;
    const file = await login(folder, registry.host, USER, PASSWORD);
    const site = await openSite({ env: { DOCKERLOADER_AUTH_FILE: file } });
    t.after(site.close);
    await push(versions.first, target);
    service.questions.length = 0;
    await site.pull(target);
    const basic = `Basic ${Buffer.from(`${USER}:${PASSWORD}`).toString("base64")}`;
    assert.deepEqual(service.questions, [
      { method: "GET", authorization: basic, scopes: ["repository:team/app:pull"], status: 200 },
    ]);
    const loader = await pullBootUpdate(site, target, versions, (image) => push(image, target));
    const { out, err } = await loader.stop();
    assert.doesNotMatch(out + err, /correct horse|Basic |Bearer |eyJ/);
  });

  test("without credentials, pulls what is open to everybody by a token for nobody, and nothing else", async (t) => {
    const site = await openSite();
    t.after(site.close);
    const target = `${registry.host}/open/app:1`;
    await push(versions.first, target);
    await push(versions.first, `${registry.host}/team/closed:1`);
    service.questions.length = 0;
    const pulled = await site.pull(target);
    assert.equal(pulled.code, 0, pulled.err);
    assert.deepEqual(pulled.tree, versions.first.tree);
    assert.deepEqual(
      service.questions.map(({ authorization }) => authorization),
      [undefined],
    );
    const closed = await site.pull(`${registry.host}/team/closed:1`);
    assert.equal(closed.code, 77);
    assert.match(closed.err, /asked with no credentials.*REGISTRY_UNAUTHORIZED/);
  });

  test("an identity token goes to the token service by POST, never to the registry", async (t) => {
    const target = `${registry.host}/team/identity:1`;
    await push(versions.first, target);
    const entry = { auth: Buffer.from("00000000:").toString("base64"), identitytoken: IDENTITY };
    const site = await openSite();
    t.after(site.close);
    const file = await writeLogin(site.folder, registry.host, entry);
    service.questions.length = 0;
    const pulled = await site.pull(target, { DOCKERLOADER_AUTH_FILE: file });
    assert.equal(pulled.code, 0, pulled.err);
    assert.deepEqual(pulled.tree, versions.first.tree);
    assert.deepEqual(
      service.questions.map(({ method, status }) => `${method} ${status}`),
      ["POST 200"],
    );
  });

  test("a wrong password: one line that names its file, one question to the token service, one to the registry", async (t) => {
    const target = `${registry.host}/team/wrong:1`;
    await push(versions.first, target);
    const site = await openSite();
    t.after(site.close);
    const entry = { auth: Buffer.from(`${USER}:wrong`).toString("base64") };
    const file = await writeLogin(site.folder, registry.host, entry);
    service.questions.length = 0;
    await registry.asked();
    const env = { DOCKERLOADER_AUTH_FILE: file, DOCKERLOADER_LOG_LEVEL: "info", DOCKERLOADER_LOG_FORMAT: "pretty" };
    const { code, err } = await site.pull(target, env);
    assert.equal(code, 77, err);
    assert.match(
      err,
      /^Error: \S+ answered 401 for a token \(UNAUTHORIZED: who are you\), asked with \S+auth-by-hand.json; .*\[REGISTRY_UNAUTHORIZED\]$/m,
    );
    assert.equal(err.match(/^Error/gm)?.length, 1);
    assert.equal(service.questions.length, 1);
    assert.equal((await registry.asked()).length, 1);
  });

  test("tokens signed by RSA do as well", async (t) => {
    const pair = await openAuthority(folder, "rsa", RSA);
    const rsa = await startTokenService({ pair, algorithm: "RS256", users: { [USER]: PASSWORD }, open: [] });
    t.after(rsa.stop);
    const second = await startRegistry({ storage: registry.storage, config: { auth: rsa.auth } });
    t.after(second.stop);
    const target = `${second.host}/team/rsa:1`;
    await push(versions.first, target);
    const file = await login(folder, second.host, USER, PASSWORD);
    const site = await openSite({ env: { DOCKERLOADER_AUTH_FILE: file } });
    t.after(site.close);
    const pulled = await site.pull(target);
    assert.equal(pulled.code, 0, pulled.err);
    assert.deepEqual(pulled.tree, versions.first.tree);
  });
});
