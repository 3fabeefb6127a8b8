import assert from "node:assert/strict";
import { test } from "node:test";
import type { LoaderEvent } from "../../../src/log/events.ts";
import { LIMITS } from "../../../src/limits.ts";
import { createProgress } from "../../../src/pull/progress.ts";
import type { Descriptor } from "../../../src/registry/manifest.ts";

const MIB = 1024 * 1024;
const layer = (letter: string, size: number): Descriptor => ({
  mediaType: "application/vnd.oci.image.layer.v1.tar",
  digest: `sha256:${letter.repeat(64)}`,
  size,
  annotations: {},
  urls: 0,
  data: undefined,
});

/** A progress on a clock that the test turns, and all it said. */
function watch() {
  let now = 0;
  const events: LoaderEvent[] = [];
  const progress = createProgress({ emit: (event) => void events.push(event) }, () => now);
  const of = <T extends LoaderEvent["type"]>(type: T) =>
    events.filter((event): event is Extract<LoaderEvent, { type: T }> => event.type === type);
  return { progress, of, pass: (ms: number) => void (now += ms) };
}

test("says how much there is of every layer when it is asked for", () => {
  const { progress, of } = watch();
  const [a, b] = [layer("a", MIB), layer("b", 0)];
  progress.expect([a, b]);
  assert.deepEqual(of("layer.progress"), [
    { type: "layer.progress", digest: a.digest, bytes: 0, total: MIB },
    { type: "layer.progress", digest: b.digest, bytes: 0, total: 0 },
  ]);
});

test("a line for people comes every 5 s at most, with all layers in it, however often bytes come", async () => {
  const { progress, of, pass } = watch();
  const [a, b] = [layer("a", 100 * MIB), layer("b", MIB)];
  progress.expect([a, b]);
  progress.skip(layer("c", MIB));
  const sinks = [
    progress.follow(a, { write: () => {}, reset: () => {} }),
    progress.follow(b, { write: () => {}, reset: () => {} }),
  ];
  await sinks[1]?.write(Buffer.alloc(MIB));
  for (let tick = 0; tick < 200; tick += 1) {
    pass(100);
    await sinks[0]?.write(Buffer.alloc(1_000));
  }
  const lines = of("download.progress");
  assert.equal(lines.length, (200 * 100) / LIMITS.progressLineMs);
  const { received, total, layers, finished } = lines.at(-1) ?? {};
  assert.deepEqual(
    { received, total, layers, finished },
    { received: MIB + 200_000, total: 101 * MIB, layers: 2, finished: 1 },
  );
});

test("a layer reports a few times a second, what an earlier transfer left counts, and a new start begins at nothing", async () => {
  const { progress, of, pass } = watch();
  const a = layer("a", 10 * MIB);
  const sink = progress.follow(a, { kept: async () => MIB, write: () => {}, reset: () => {} });
  pass(LIMITS.progressMs);
  assert.equal(await sink.kept?.(() => {}), MIB);
  for (let tick = 0; tick < 100; tick += 1) {
    pass(10);
    await sink.write(Buffer.alloc(100));
  }
  assert.deepEqual(
    of("layer.progress").map(({ bytes }) => bytes),
    [MIB, MIB + 2_500, MIB + 5_000, MIB + 7_500, MIB + 10_000],
  );
  pass(LIMITS.progressMs);
  await sink.reset();
  assert.equal(of("layer.progress").at(-1)?.bytes, 0);
});
