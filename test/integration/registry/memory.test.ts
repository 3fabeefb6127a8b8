/** What was damaged on its way is not what a tag stands for: the next check asks again. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { digestOf } from "../../../src/digest.ts";
import { buildImage, startRegistry } from "../../../src/testing/index.ts";
import type { Sighting } from "../../../src/store/records.ts";
import { failureOf, open, type Sightings, startService } from "./service.ts";

const image = await buildImage({ layers: [{ files: { entrypoint: "1" } }] });

describe("a document that was damaged on its way", () => {
  test("is not remembered when the registry has said another digest", async () => {
    await using registry = await startRegistry();
    const right = await registry.push("app", "1", image);
    const heal = registry.fault(({ path }) => (path.endsWith("/manifests/1") ? { kind: "corrupt" } : undefined));
    using opened = open(registry.reference("app", "1"));
    assert.notEqual(await opened.source.resolve(), right);
    heal();
    assert.equal(await opened.source.resolve(), right);
  });

  test("is forgotten when nothing has its digest, also by the next process", async () => {
    const damaged = Buffer.from(image.manifest.toString("utf8").replace(/"size":\d+/, '"size":1'));
    let served: Uint8Array = damaged;
    await using service = await startService(({ url, headers, method }, response) => {
      const reference = url.pathname.split("/").at(-1) ?? "";
      const isKnown = reference === "1" || reference === digestOf(image.manifest);
      const isSeen = reference === "1" && headers["if-none-match"] !== undefined;
      const unlessSeen = isSeen ? 304 : 200;
      const status = isKnown ? unlessSeen : 404;
      response.writeHead(status, { "content-type": image.mediaType, etag: '"one"' });
      response.end(status === 200 && method === "GET" ? served : undefined);
    });
    let kept: Sighting | undefined;
    const records: Sightings = { sighting: () => kept, setSighting: (sighting) => void (kept = sighting) };
    /** One process that looks, and then reads what it has found, as an update does. */
    const look = async (andRead: boolean): Promise<string> => {
      using opened = open(`${service.host}/app:1`, {}, {}, records);
      const digest = await opened.source.resolve();
      if (andRead) assert.equal((await failureOf(opened.source.image({ digest }))).code, "MANIFEST_UNKNOWN");
      return digest;
    };
    const wrong = digestOf(damaged);
    assert.equal(await look(false), wrong);
    served = image.manifest;
    assert.equal(await look(true), wrong, "the registry says that nothing has changed");
    assert.equal(await look(false), digestOf(image.manifest));
  });
});
