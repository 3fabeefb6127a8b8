import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LayerFeed } from "../../../src/unpack/feed.ts";

describe("the news of layers that are on their way", () => {
  it("end with a failure: whoever waits, or comes to, fails, also after news that were on their way", async () => {
    const feed = new LayerFeed();
    const waiting = assert.rejects(feed.verified(0), /broke off/);
    feed.fail(new Error("broke off"));
    await waiting;
    feed.tell({ layer: 0, path: "/partial", bytes: 1 });
    await assert.rejects(feed.verified(0), /broke off/);
    await assert.rejects(feed.beyond(1, 0), /broke off/);
  });

  it("say that bytes which were asked for early may have been others", async () => {
    const feed = new LayerFeed();
    feed.tell({ layer: 0, path: "/partial", bytes: 9 });
    feed.tell({ layer: 0, path: "/partial", bytes: 0 });
    assert.equal(feed.misled, false);
    feed.tell({ layer: 0, path: "/partial", bytes: 9 });
    assert.equal((await feed.beyond(0, 8))?.bytes, 9);
    feed.tell({ layer: 0, path: "/partial", bytes: 0 });
    assert.equal(feed.misled, true);
  });
});
