import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { describe, test } from "node:test";
import { listenTo } from "../../../scripts/bench/hear.ts";

describe("the ear of the bench", () => {
  test("loses no line of a chunk that holds several: what is asked for next may have come already", async () => {
    const stream = new PassThrough();
    const { until } = listenTo(stream);
    stream.write("noise\nbye\nnoise\nup\n");
    const bye = await until("bye");
    assert.ok((await until("up")) >= bye);
  });

  test("hears what comes later, in pieces", async () => {
    const stream = new PassThrough();
    const { until } = listenTo(stream);
    const heard = until("up");
    stream.write("u");
    stream.write("p\n");
    await heard;
  });

  test("gives up when the program has ended or says nothing, and names what it waited for", async () => {
    const ended = new PassThrough();
    const { until } = listenTo(ended);
    ended.end("up\n");
    await until("up");
    await assert.rejects(until("up"), /ended before it said up/);
    await assert.rejects(listenTo(new PassThrough(), 1).until("bye"), /was silent before it said bye/);
  });
});
