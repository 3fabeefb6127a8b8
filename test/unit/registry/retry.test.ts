import assert from "node:assert/strict";
import { test } from "node:test";
import { DockerloaderError } from "../../../src/errors.ts";
import { LIMITS } from "../../../src/limits.ts";
import { transportFailure } from "../../../src/registry/failures.ts";
import { pauseBefore, withRetry } from "../../../src/registry/retry.ts";
import { randomFrom } from "../../support/random.ts";

const transport = (code: string): DockerloaderError =>
  transportFailure(Object.assign(new Error(code), { code }), "r.example", undefined);

const cases: readonly (readonly [what: string, error: DockerloaderError, tries: number])[] = [
  ["a refused connection", transport("ECONNREFUSED"), LIMITS.requestTries],
  ["a resolver that is busy", transport("EAI_AGAIN"), LIMITS.requestTries],
  ["a name that nobody knows", transport("ENOTFOUND"), 2],
  ["a certificate that nobody vouches for", transport("DEPTH_ZERO_SELF_SIGNED_CERT"), 1],
  ["a server error", new DockerloaderError("REGISTRY_UNAVAILABLE", "503"), LIMITS.requestTries],
  ["missing credentials", new DockerloaderError("REGISTRY_UNAUTHORIZED", "401"), 1],
  ["a tag that is not there", new DockerloaderError("MANIFEST_UNKNOWN", "404"), 1],
  [
    "a Retry-After that is too long to wait for",
    new DockerloaderError("REGISTRY_RATE_LIMITED", "429", { retryAfterMs: LIMITS.retryAfterMs + 1 }),
    1,
  ],
];

for (const [what, error, tries] of cases) {
  test(`${what} is worth ${tries} in all`, async () => {
    let calls = 0;
    const limits = { ...LIMITS, retryBaseMs: 0 };
    const failing = withRetry({ limits, random: Math.random }, async () => {
      calls += 1;
      throw error;
    });
    await assert.rejects(failing, error);
    assert.equal(calls, tries);
  });
}

test("the pause is anything between nothing and a cap that doubles up to a limit", () => {
  for (const [attempt, cap] of [
    [0, LIMITS.retryBaseMs],
    [3, LIMITS.retryBaseMs * 8],
    [60, LIMITS.retryCapMs],
  ] as const) {
    assert.equal(pauseBefore(attempt, { limits: LIMITS, random: () => 0 }), 0);
    assert.equal(pauseBefore(attempt, { limits: LIMITS, random: () => 1 }), cap);
  }
  const { below } = randomFrom(7);
  const random = (): number => below(1_000_000) / 1_000_000;
  const pauses = Array.from({ length: 1_000 }, () => pauseBefore(2, { limits: LIMITS, random }));
  const mean = pauses.reduce((sum, ms) => sum + ms, 0) / pauses.length;
  assert.ok(Math.abs(mean - LIMITS.retryBaseMs * 2) < LIMITS.retryBaseMs * 0.1, String(mean));
});
