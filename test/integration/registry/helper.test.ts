/** Credential helpers: real programs, good and bad ones. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { LIMITS } from "../../../src/limits.ts";
import { createHelper } from "../../../src/registry/credential-helper.ts";
import { startRegistry, type TestRegistry } from "../../../src/testing/index.ts";
import { type Env, failureOf, open, printed } from "./service.ts";

const SECRET = "hunter2-hunter2";
const NO_HELPER = "no-such-thing";

describe("a credential helper", () => {
  const folder = mkdtempSync(join(tmpdir(), "dockerloader-helper-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const env: Env = { PATH: `${folder}:/usr/bin:/bin`, LAB: folder };
  let helpers = 0;
  /** Writes a helper; its name. */
  const helper = (script: string): string => {
    helpers += 1;
    writeFileSync(join(folder, `docker-credential-h${helpers}`), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return `h${helpers}`;
  };
  const answers = (username: string, secret = SECRET): string =>
    `printf '%s' '${JSON.stringify({ ServerURL: "x", Username: username, Secret: secret })}'`;
  const ask = (script: string, registry = "r.example:5000", limits = {}) =>
    createHelper(env, { ...LIMITS, ...limits })(helper(script), registry);

  test("is asked with the registry on its input and `get` as its only argument", async () => {
    const script = `cat > "$LAB/input"; echo "$#$1" > "$LAB/arguments"; ${answers("robot")}`;
    for (const [registry, input] of [
      ["r.example:5000", "r.example:5000"],
      ["docker.io", "https://index.docker.io/v1/"],
    ] as const) {
      const answer = await ask(script, registry);
      assert.ok(typeof answer === "object");
      assert.match(answer.source, /^credential helper docker-credential-h\d+$/);
      assert.deepEqual([answer.username, answer.password], ["robot", SECRET]);
      assert.equal(readFileSync(join(folder, "input"), "utf8"), input);
      assert.equal(readFileSync(join(folder, "arguments"), "utf8"), "1get\n");
    }
  });

  test("gives an identity token under the name <token>", async () => {
    const answer = await ask(answers("<token>"));
    assert.ok(typeof answer === "object");
    assert.deepEqual([answer.identityToken, answer.password], [SECRET, undefined]);
  });

  test("that knows nothing of a registry is no failure", async () => {
    assert.equal(await ask("echo credentials not found in native keychain; exit 1"), "none");
  });

  test("is asked once for some minutes, by requests side by side too, and again after a failure", async () => {
    const counting = `echo x >> "$LAB/count"; cat > /dev/null; ${answers("robot")}`;
    const once = createHelper(env, LIMITS);
    const name = helper(counting);
    await Promise.all([once(name, "a"), once(name, "a")]);
    await once(name, "a");
    assert.equal(readFileSync(join(folder, "count"), "utf8"), "x\n");
    await once(name, "b");
    assert.equal(readFileSync(join(folder, "count"), "utf8"), "x\nx\n");
    const failing = helper(`[ -e "$LAB/mended" ] && { ${answers("robot")}; exit 0; }; exit 3`);
    await assert.rejects(once(failing, "a"), { code: "CREDENTIALS_INVALID" });
    writeFileSync(join(folder, "mended"), "");
    assert.equal(typeof (await once(failing, "a")), "object");
  });

  for (const [what, script, fault] of [
    ["fails", `echo ${SECRET}; exit 3`, /ended with 3 when it was asked for r\.example:5000$/],
    ["is killed", `echo ${SECRET}; kill -9 $$`, /ended with a signal/],
    ["prints no JSON", `echo ${SECRET}`, /gave no user name and secret/],
    ["gives an empty secret", answers("robot", ""), /gave no user name and secret/],
    ["prints for ever", `while :; do echo ${SECRET}; done`, /answered more than 65536 bytes$/],
    ["does not answer", "exec sleep 600", /did not answer within 0\.2 s$/],
  ] as const) {
    test(`that ${what} is an error that names it and shows nothing it printed`, async () => {
      const limits = what === "does not answer" ? { helperMs: 200 } : {};
      const error = await failureOf(ask(script, "r.example:5000", limits));
      assert.equal(error.code, "CREDENTIALS_INVALID");
      assert.match(error.message, /^credential helper docker-credential-h\d+ /);
      assert.match(error.message, fault);
      assert.match(error.hint ?? "", /get` as the user of the loader/);
      assert.ok(!printed(error).includes(SECRET));
    });
  }

  test("with a name that is a path is not started", async () => {
    const named = createHelper(env, LIMITS)("x/../../evil; touch y", "r.example");
    assert.match((await failureOf(named)).message, /has a name that no program has/);
  });

  /** A registry that wants these credentials, and a file that names helpers for it. */
  async function withFile<T>(content: (host: string) => object, use: (registry: TestRegistry, env: Env) => Promise<T>) {
    await using registry = await startRegistry({ auth: { kind: "basic", username: "robot", password: SECRET } });
    const path = join(folder, "config.json");
    writeFileSync(path, JSON.stringify(content(registry.host)));
    return await use(registry, { ...env, DOCKERLOADER_AUTH_FILE: path });
  }
  const auth = (password: string): object => ({ auth: Buffer.from(`robot:${password}`).toString("base64") });

  for (const [what, content] of [
    [
      "for the registry beats the store of all and the entries",
      (good: string, bad: string) => (host: string) => ({
        credHelpers: { [host]: good },
        credsStore: bad,
        auths: { [host]: auth("bad") },
      }),
    ],
    [
      "of all beats the entries",
      (good: string) => (host: string) => ({ credsStore: good, auths: { [host]: auth("bad") } }),
    ],
  ] as const) {
    test(`the helper ${what}`, async () => {
      const [good, bad] = [helper(answers("robot")), helper(`: > "$LAB/asked"; ${answers("robot", "bad")}`)];
      await withFile(content(good, bad), async (registry, variables) => {
        using opened = open(registry.reference("app", "1"), variables);
        assert.equal((await failureOf(opened.source.resolve())).code, "MANIFEST_UNKNOWN", "it was let in");
        assert.ok(!existsSync(join(folder, "asked")));
      });
    });
  }

  test("that is not installed is said, and the entries count; so they do for one that knows nothing", async () => {
    const unknowing = helper("echo credentials not found in native keychain; exit 1");
    for (const name of [NO_HELPER, unknowing]) {
      const content = (host: string) => ({ credsStore: name, auths: { [host]: auth(SECRET) } });
      await withFile(content, async (registry, variables) => {
        using opened = open(registry.reference("app", "1"), variables);
        assert.equal((await failureOf(opened.source.resolve())).code, "MANIFEST_UNKNOWN", "it was let in");
        const warned = JSON.stringify(opened.events).includes("which is not installed");
        assert.equal(warned, name === NO_HELPER);
      });
    }
  });
});
