/** A question is asked as often as the limit says, however many steps of a check it belongs to. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { buildImage, startRegistry } from "../../../src/testing/index.ts";
import { failureOf, open } from "./service.ts";

const TRIES = 3;
const LIMITS = { requestTries: TRIES, retryBaseMs: 1 };
const BROKEN = { kind: "status", status: 503 } as const;

describe("a registry that is down is asked as often as the limit says", () => {
  test("by the first check", async () => {
    await using registry = await startRegistry();
    registry.fault(() => BROKEN);
    using opened = open(registry.reference("app", "1"), {}, LIMITS);
    assert.equal((await failureOf(opened.source.resolve())).code, "REGISTRY_UNAVAILABLE");
    assert.deepEqual(
      registry.requests.map(({ method }) => method),
      ["GET", "GET", "GET"],
    );
  });

  test("by a later check", async () => {
    await using registry = await startRegistry();
    await registry.push("app", "1", await buildImage({ layers: [{ files: { entrypoint: "1" } }] }));
    using opened = open(registry.reference("app", "1"), {}, LIMITS);
    await opened.source.resolve();
    registry.fault(() => BROKEN);
    const before = registry.requests.length;
    assert.equal((await failureOf(opened.source.resolve())).code, "REGISTRY_UNAVAILABLE");
    assert.deepEqual(
      registry.requests.slice(before).map(({ method }) => method),
      ["HEAD", "HEAD", "HEAD"],
    );
  });
});
