/** What a check costs when nothing has changed, read from the access log of Debian's registry. */
import assert from "node:assert/strict";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { compile } from "../../container/support/app-image.ts";
import { type Logged, type Registry, startRegistry } from "../../support/docker-registry.ts";
import { openAuthority } from "./support/authority.ts";
import { type Builder, type Made, openBuilder } from "./support/builder.ts";
import { login } from "./support/login.ts";
import { needsRegistries } from "./support/preconditions.ts";
import { openSite } from "./support/site.ts";
import { startTokenService, type TokenService } from "./support/token-service.ts";

const [USER, PASSWORD] = ["robot", "correct horse"];
const CHECKS = 5;
const CURRENT = "already running the latest version";

describe("an idle check of an app that uses the library", needsRegistries(), () => {
  let folder: string;
  let builder: Builder;
  let service: TokenService;
  let app: Made;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "dockerloader-idle-"));
    builder = await openBuilder();
    const context = await compile("typescript");
    app = await builder.layer(async (root) => {
      await cp(join(context, "root"), root, { recursive: true });
      await writeFile(join(root, ".env"), "VERSION=1\n");
    });
    await rm(context, { recursive: true, force: true });
    const pair = await openAuthority(folder, "tokens");
    service = await startTokenService({ pair, algorithm: "ES256", users: { [USER]: PASSWORD }, open: [] });
  });
  after(async () => {
    await builder?.close();
    await service?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** Boots the app and lets it look for updates a few times. */
  async function watch(registry: Registry, env: Readonly<Record<string, string>>) {
    const site = await openSite({ env: { ...env, DOCKERLOADER_UPDATE_INTERVAL_SECS: "1" } });
    try {
      const loader = site.start(`${registry.host}/team/app:stable`);
      await loader.until("bootstrap.finished");
      await registry.asked();
      service.questions.length = 0;
      for (let check = 0, from = 0; check < CHECKS; check += 1) {
        await loader.until(CURRENT, from);
        from = loader.text().indexOf(CURRENT, from) + CURRENT.length;
      }
      await loader.stop();
      return { asked: await registry.asked(), checks: loader.text().split("checking for updates for").length - 1 };
    } finally {
      await site.close();
    }
  }

  /** One request a check, a HEAD without a body: the first download has left on the volume what the tag stood for. */
  function assertIdle(asked: readonly Logged[], checks: number): void {
    assert.ok(checks >= CHECKS);
    assert.equal(asked.length, checks, JSON.stringify(asked));
    for (const { method, status, bytes } of asked) assert.deepEqual([method, status, bytes], ["HEAD", 304, 0]);
  }

  test("is one HEAD that is answered with 304 and no body", async (t) => {
    const registry = await startRegistry();
    t.after(registry.stop);
    await builder.push(app, `${registry.host}/team/app:stable`);
    const { asked, checks } = await watch(registry, {});
    assertIdle(asked, checks);
  });

  test("is the same with a token service: a token is asked for once, not at every check", async (t) => {
    const registry = await startRegistry({ config: { auth: service.auth } });
    t.after(registry.stop);
    await builder.push(app, `${registry.host}/team/app:stable`, "--creds", `${USER}:${PASSWORD}`);
    const file = await login(folder, registry.host, USER, PASSWORD);
    const { asked, checks } = await watch(registry, { DOCKERLOADER_AUTH_FILE: file });
    const refused = asked.filter(({ status }) => status === 401);
    // `markReady` and the loop each ask for a token once.
    assert.ok(refused.length <= 2, JSON.stringify(asked));
    assert.equal(service.questions.length, refused.length, JSON.stringify(service.questions));
    assertIdle(
      asked.filter(({ status }) => status !== 401),
      checks,
    );
  });
});
