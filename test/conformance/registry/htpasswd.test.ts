/** Debian's registry behind names and passwords (htpasswd). */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test, type TestContext } from "node:test";
import { must } from "../../container/support/command.ts";
import { type Registry, startRegistry } from "../../support/docker-registry.ts";
import { type Builder, type Made, openBuilder } from "./support/builder.ts";
import { login, writeLogin } from "./support/login.ts";
import { needsRegistries } from "./support/preconditions.ts";
import { makeVersions, pullBootUpdate, type Versions } from "./support/scenario.ts";
import { openSite, type Site, type Env } from "./support/site.ts";

const [USER, PASSWORD] = ["robot", "correct:horse battery"];

describe("a registry behind htpasswd", needsRegistries(), () => {
  let folder: string;
  let registry: Registry;
  let builder: Builder;
  let versions: Versions;
  const target = (): string => `${registry.host}/team/app:stable`;
  const push = (image: Made): Promise<void> => builder.push(image, target(), "--creds", `${USER}:${PASSWORD}`);
  const open = async (t: TestContext, env: Env = {}): Promise<Site> => {
    const site = await openSite({ env });
    t.after(site.close);
    return site;
  };
  const setPassword = async (password: string): Promise<void> => {
    const line = await must("htpasswd", ["-nbB", USER, password]);
    await writeFile(join(folder, "htpasswd"), `${line}\n`);
  };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "dockerloader-htpasswd-"));
    await setPassword(PASSWORD);
    const htpasswd = { realm: "the tests", path: join(folder, "htpasswd") };
    registry = await startRegistry({ config: { auth: { htpasswd } } });
    builder = await openBuilder();
    versions = await makeVersions(builder);
  });
  after(async () => {
    await builder?.close();
    await registry?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test("pulls, boots and updates with what skopeo login wrote", async (t) => {
    const site = await open(t, { DOCKERLOADER_AUTH_FILE: await login(folder, registry.host, USER, PASSWORD) });
    const loader = await pullBootUpdate(site, target(), versions, push);
    const { out, err } = await loader.stop();
    assert.doesNotMatch(out + err, /battery|Basic /);
  });

  for (const where of ["/team", "/team/app"]) {
    test(`pulls with a login for HOST${where} only, and with none for a neighbour`, async (t) => {
      await push(versions.first);
      const site = await open(t, {
        DOCKERLOADER_AUTH_FILE: await login(folder, registry.host + where, USER, PASSWORD),
      });
      const pulled = await site.pull(target());
      assert.equal(pulled.code, 0, pulled.err);
      assert.deepEqual(pulled.tree, versions.first.tree);
      const { code, err } = await site.pull(`${registry.host}/teams/app:stable`);
      assert.equal(code, 77);
      assert.match(err, /asked with no credentials/);
    });
  }

  test("pulls with a name from the environment and a password from a file", async (t) => {
    await push(versions.first);
    const file = join(folder, "password");
    await writeFile(file, `${PASSWORD}\n`, { mode: 0o600 });
    const site = await open(t, { DOCKERLOADER_USERNAME: USER, DOCKERLOADER_PASSWORD_FILE: file });
    const pulled = await site.pull(target());
    assert.equal(pulled.code, 0, pulled.err);
    assert.deepEqual(pulled.tree, versions.first.tree);
    assert.doesNotMatch(pulled.out + pulled.err, /battery/);
  });

  const quiet = { DOCKERLOADER_LOG_LEVEL: "info", DOCKERLOADER_LOG_FORMAT: "pretty" };
  const REFUSED =
    /^Error: 127\.0\.0\.1:\d+ answered 401 for \S+ \(UNAUTHORIZED: authentication required\), asked with (.*); .*\[REGISTRY_UNAUTHORIZED\]\n$/;

  test("without credentials, and with wrong ones: one line that says which were used, and at most one try with them", async (t) => {
    const site = await open(t);
    await push(versions.first);
    await registry.asked();
    const anonymous = await site.pull(target(), quiet);
    assert.equal(anonymous.code, 77);
    assert.equal(REFUSED.exec(anonymous.err)?.[1], "no credentials");
    assert.equal((await registry.asked()).length, 1);

    const file = await writeLogin(folder, registry.host, { auth: Buffer.from("robot:wrong").toString("base64") });
    const wrong = await site.pull(target(), { ...quiet, DOCKERLOADER_AUTH_FILE: file });
    assert.equal(wrong.code, 77);
    assert.equal(REFUSED.exec(wrong.err)?.[1], file);
    assert.deepEqual(
      (await registry.asked()).map(({ method, status }) => `${method} ${status}`),
      ["GET 401", "GET 401"],
    );
  });

  test("a password that changes under a running app: the check fails once, the app stays, the new password heals it", async (t) => {
    await push(versions.first);
    const file = await login(folder, registry.host, USER, PASSWORD);
    const loader = (await open(t, { DOCKERLOADER_AUTH_FILE: file })).start(target());
    await loader.until("serving 1");

    await setPassword("another");
    t.after(() => setPassword(PASSWORD));
    await registry.asked();
    loader.poke();
    await loader.until("update check failed");
    await loader.until("REGISTRY_UNAUTHORIZED");
    assert.deepEqual(
      (await registry.asked()).map(({ status }) => status),
      [401, 401],
    );

    await login(folder, registry.host, USER, "another");
    loader.poke();
    await loader.until("already running the latest version");
    assert.equal(loader.text().match(/serving 1/g)?.length, 1);
  });
});
