/** What is fetched again after a break. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Digest } from "../../../src/testing/index.ts";
import { attempt, openWorld } from "./fault-world.ts";
import { imageOf, layerPath, openPlace, QUICK } from "./support.ts";

const BYTES = 4_000_000;

for (const sameProcess of [true, false]) {
  test(`after a cut at 90 % at most 12 % of a blob is fetched again, by ${sameProcess ? "the same" : "another"} process`, async () => {
    await using world = await openWorld();
    using place = openPlace(world.subject);
    const image = await imageOf("large", BYTES);
    await world.registry.push("app", "stable", image);
    const path = layerPath("app", image);
    const size = image.blobs.get(path.slice(path.lastIndexOf("/") + 1) as Digest)?.length ?? 0;
    let cuts = 1;
    world.registry.fault((request) => {
      if (request.path !== path || cuts === 0) return undefined;
      cuts -= 1;
      return { kind: "cut", afterBytes: Math.floor(size * 0.9) };
    });
    if (!sameProcess) {
      const failure = await attempt(world, place, { limits: { ...QUICK, requestTries: 1 } });
      assert.equal(typeof failure === "string" ? failure : failure.code, "REGISTRY_UNREACHABLE");
    }
    // A new client on the same data directory: what another process would do after a restart.
    assert.equal(await attempt(world, place), image.digest);
    const [cut, ...again] = world.registry.requests.filter((request) => request.path === path && request.status < 300);
    assert.equal(cut?.range, undefined);
    assert.match(again[0]?.range ?? "", /^bytes=\d+-$/);
    const fetched = again.reduce((sum, { bodyBytes }) => sum + bodyBytes, 0);
    assert.ok(fetched <= size * 0.12, `${fetched} of ${size} bytes were fetched again`);
  });
}
