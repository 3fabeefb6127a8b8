/** What a person reads when a registry says no: one code a cause, the registry's own words, and the mend. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import type { DockerloaderError, ErrorCode } from "../../../src/errors.ts";
import { LIMITS } from "../../../src/limits.ts";
import { buildImage, type Fault, startRegistry } from "../../../src/testing/index.ts";
import { type Env, failureOf, open, printed, startService } from "./service.ts";

const SECRET = "hunter2-hunter2";

const errorBody = (code: string, message: string): string => JSON.stringify({ errors: [{ code, message }] });

/** How a resolve fails at a registry that answers every question so. */
async function failing(fault: Fault, env: Env = {}): Promise<DockerloaderError> {
  await using registry = await startRegistry();
  registry.fault(() => fault);
  using opened = open(registry.reference("app", "1"), env);
  return await failureOf(opened.source.resolve());
}

interface Case {
  readonly fault: Fault;
  readonly code: ErrorCode;
  readonly says: RegExp;
  readonly mend: RegExp;
  readonly retryable: boolean;
}

const CASES: Readonly<Record<string, Case>> = {
  "403 with a reason": {
    fault: { kind: "status", status: 403, body: errorBody("DENIED", "requested access to the resource is denied") },
    code: "REGISTRY_DENIED",
    says: /answered 403 for \S+\/app:1 \(DENIED: requested access to the resource is denied\), asked with no credentials$/,
    mend: /allow this account to pull the repository/,
    retryable: false,
  },
  "404 for a tag": {
    fault: { kind: "status", status: 404, body: errorBody("MANIFEST_UNKNOWN", "manifest unknown") },
    code: "MANIFEST_UNKNOWN",
    says: /answered 404 for \S+\/app:1 \(MANIFEST_UNKNOWN: manifest unknown\)$/,
    mend: /check the repository and the tag/,
    retryable: false,
  },
  "429 without a time": {
    fault: { kind: "status", status: 429, body: errorBody("TOOMANYREQUESTS", "you have reached your pull rate limit") },
    code: "REGISTRY_RATE_LIMITED",
    says: /answered 429 for \S+\/app:1 \(TOOMANYREQUESTS: you have reached your pull rate limit\)$/,
    mend: /log in, ask less often, or use a mirror/,
    retryable: true,
  },
  "429 with an absurd time": {
    fault: { kind: "status", status: 429, headers: { "retry-after": "99999999999999999" } },
    code: "REGISTRY_RATE_LIMITED",
    says: /rate limited until \+275760-09-13T00:00:00\.000Z$/,
    mend: /ask less often/,
    retryable: true,
  },
  "400 that says in words only that there were too many": {
    fault: { kind: "status", status: 400, body: errorBody("TOOMANYREQUESTS", "slow down") },
    code: "REGISTRY_RATE_LIMITED",
    says: /\(TOOMANYREQUESTS: slow down\)$/,
    mend: /ask less often/,
    retryable: true,
  },
  "500 with a page of a proxy": {
    fault: { kind: "status", status: 502, body: "<html><body>Bad <script>gateway</script></body></html>" },
    code: "REGISTRY_UNAVAILABLE",
    says: /answered 502 for \S+\/app:1$/,
    mend: /tried again later/,
    retryable: true,
  },
  "501, which no registry gets over": {
    fault: { kind: "status", status: 501 },
    code: "REGISTRY_PROTOCOL",
    says: /answered 501/,
    mend: /check that the target is a registry/,
    retryable: false,
  },
  "a page where a manifest should be": {
    fault: { kind: "status", status: 200, body: "<html>welcome</html>" },
    code: "MANIFEST_INVALID",
    says: /manifest \S+\/app:1 is no JSON$/,
    mend: /check that the target is a registry/,
    retryable: false,
  },
  "a connection that is cut before an answer": {
    fault: { kind: "reset" },
    code: "REGISTRY_UNREACHABLE",
    says: /^cannot reach 127\.0\.0\.1:\d+: ECONNRESET$/,
    mend: /check the name, the network and the proxy settings/,
    retryable: true,
  },
};

describe("an error says what happened, in the registry's words, and the mend", () => {
  for (const [what, { fault, code, says, mend, retryable }] of Object.entries(CASES)) {
    test(what, async () => {
      const error = await failing(fault);
      assert.equal(error.code, code, error.message);
      assert.match(error.message, says);
      assert.match(error.hint ?? "", mend);
      assert.equal(error.retryable, retryable);
    });
  }

  for (const [form, header] of [
    ["seconds", "7200"],
    ["a date", new Date(Date.now() + 7_200_000).toUTCString()],
  ] as const) {
    test(`429 with ${form}: until when`, async () => {
      const error = await failing({ kind: "status", status: 429, headers: { "retry-after": header } });
      const until = Date.parse(/rate limited until (\S+Z)$/.exec(error.message)?.[1] ?? "");
      assert.ok(Math.abs(until - Date.now() - 7_200_000) < 600_000, error.message);
      assert.ok(Math.abs((error.retryAfterMs ?? 0) - 7_200_000) < 600_000, String(error.retryAfterMs));
    });
  }

  test("nobody listens", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    using opened = open(`127.0.0.1:${port}/app:1`);
    const error = await failureOf(opened.source.resolve());
    assert.equal(error.code, "REGISTRY_UNREACHABLE");
    assert.equal(error.message, `cannot reach 127.0.0.1:${port}: ECONNREFUSED`);
  });

  test("redirects in a circle, and documents without an end", async () => {
    await using circle = await startService(
      ({ url }, response) => void response.writeHead(307, { location: url.pathname }).end(),
    );
    using round = open(`${circle.host}/app:1`);
    const lost = await failureOf(round.source.resolve());
    assert.match(lost.message, /^127\.0\.0\.1:\d+ redirected more than 10 times$/);
    await using endless = await startService(
      (_, response) => void response.end(Buffer.alloc(LIMITS.manifestBytes + 1, " ")),
    );
    using large = open(`${endless.host}/app:1`);
    const full = await failureOf(large.source.resolve());
    assert.match(full.message, /sent more than 4194304 bytes where a small document was expected$/);
    for (const { code, hint } of [lost, full]) assert.ok(code === "REGISTRY_PROTOCOL" && hint !== undefined);
  });

  test("the registry's words are cut, and no control character of theirs reaches a terminal", async () => {
    const nasty = `\u001b[31mred\u001b[0m\r\nError: forged\u202e ${"long ".repeat(1_000)}`;
    const error = await failing({ kind: "status", status: 404, body: errorBody("NAME_UNKNOWN", nasty) });
    const words = /\((NAME_UNKNOWN: .*)\)$/.exec(error.message)?.[1] ?? "";
    assert.equal(words.length, LIMITS.errorMessageChars);
    assert.doesNotMatch(error.message, /[\p{Cc}\p{Bidi_Control}]/u);
  });

  test("what a platform is missing from, and which there are", async () => {
    await using registry = await startRegistry();
    const image = await buildImage({ layers: [] });
    const platforms = [
      { os: "linux", architecture: "arm64", variant: "v8" },
      { os: "linux", architecture: "s390x" },
      { os: "windows", architecture: "amd64" },
    ];
    await registry.pushIndex(
      "app",
      "1",
      platforms.map((platform) => ({ image, platform })),
    );
    using opened = open(registry.reference("app", "1"), { DOCKERLOADER_PLATFORM: "linux/riscv64" });
    const error = await failureOf(opened.source.resolve());
    assert.equal(error.code, "PLATFORM_MISSING");
    assert.match(
      error.message,
      /app:1 has no image for linux\/riscv64; available are linux\/arm64\/v8, linux\/s390x, windows\/amd64$/,
    );
    assert.match(error.hint ?? "", /set DOCKERLOADER_PLATFORM/);
  });
});

describe("an unauthorized error says which credentials were used, and never what they are", () => {
  const folder = mkdtempSync(join(tmpdir(), "dockerloader-errors-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const write = (name: string, content: string, mode = 0o600): string => {
    writeFileSync(join(folder, name), content, { mode });
    return join(folder, name);
  };
  const auth = Buffer.from(`robot:${SECRET}`).toString("base64");

  const places: readonly (readonly [what: string, env: (host: string) => Env, source: () => RegExp])[] = [
    ["none at all", () => ({}), () => /no credentials$/],
    [
      "a named file",
      (host) => ({ DOCKERLOADER_AUTH_FILE: write("auth.json", JSON.stringify({ auths: { [host]: { auth } } })) }),
      () => new RegExp(`${folder}/auth\\.json$`),
    ],
    [
      "docker's file",
      (host) => ({ DOCKER_CONFIG: (write("config.json", JSON.stringify({ auths: { [host]: { auth } } })), folder) }),
      () => new RegExp(`${folder}/config\\.json$`),
    ],
    [
      "the variable that holds such a file",
      (host) => ({ DOCKER_AUTH_CONFIG: JSON.stringify({ auths: { [host]: { auth } } }) }),
      () => /DOCKER_AUTH_CONFIG$/,
    ],
    [
      "a name and a password file",
      () => ({ DOCKERLOADER_USERNAME: "robot", DOCKERLOADER_PASSWORD_FILE: write("password", `${SECRET}\n`) }),
      () => new RegExp(`DOCKERLOADER_USERNAME and ${folder}/password$`),
    ],
    [
      "a helper",
      (host) => {
        const answer = JSON.stringify({ Username: "robot", Secret: SECRET });
        write("docker-credential-test", `#!/bin/sh\nprintf '%s' '${answer}'\n`, 0o755);
        const helpers = write("helpers.json", JSON.stringify({ credHelpers: { [host]: "test" } }));
        return { DOCKERLOADER_AUTH_FILE: helpers, PATH: `${folder}:/usr/bin:/bin` };
      },
      () => /credential helper docker-credential-test$/,
    ],
  ];
  for (const kind of ["basic", "bearer"] as const)
    for (const [what, env, source] of places) {
      test(`${kind}: ${what}`, async () => {
        await using registry = await startRegistry({ auth: { kind, username: "robot", password: "another" } });
        using opened = open(registry.reference("app", "1"), env(registry.host));
        const error = await failureOf(opened.source.resolve());
        assert.equal(error.code, "REGISTRY_UNAUTHORIZED", error.message);
        assert.match(error.message, /answered 401 .* asked with /);
        assert.match(error.message, source());
        assert.match(error.hint ?? "", /docker login|DOCKERLOADER_AUTH_FILE/);
        for (const secret of [SECRET, auth]) {
          assert.ok(!printed(error).includes(secret));
          assert.ok(!JSON.stringify(opened.events).includes(secret));
        }
      });
    }
});
