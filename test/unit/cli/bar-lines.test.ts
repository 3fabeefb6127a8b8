import assert from "node:assert/strict";
import { test } from "node:test";
import { barLines, type LayerProgress } from "../../../src/cli/bar-lines.ts";
import type { ContentDigest } from "../../../src/digest.ts";

const KIB = 1024;
const digest = (n: number): ContentDigest => `sha256:${String(n).padStart(64, "0").replaceAll("0", "a")}`;
const layer = (n: number, bytes: number, state: LayerProgress["state"] = "loading"): LayerProgress => ({
  digest: digest(n),
  bytes,
  total: 100 * KIB,
  state,
});
const WIDE = { columns: 100, rows: 40 };

test("a layer has a bar as long as its part, and the whole has its sum", () => {
  const lines = barLines([layer(1, 0), layer(2, 50 * KIB), layer(3, 100 * KIB, "done")], WIDE);
  assert.deepEqual(lines, [
    `sha256:aaaaaaaaaaaa [>${" ".repeat(39)}] 0 B of 100 KiB`,
    `sha256:aaaaaaaaaaaa [${"=".repeat(20)}>${" ".repeat(19)}] 50 KiB of 100 KiB`,
    "sha256:aaaaaaaaaaaa done, 100 KiB",
    "150 KiB of 300 KiB (50 %), 1 of 3 layers complete",
  ]);
});

test("no line is longer than the terminal is wide, nor are there more than it is high", () => {
  const layers = Array.from({ length: 60 }, (_, n) => layer(n, n * KIB, n % 2 === 0 ? "loading" : "here already"));
  for (const columns of [1, 20, 40, 60, 80, 200])
    for (const rows of [1, 5, 24]) {
      const lines = barLines(layers, { columns, rows });
      assert.ok(lines.length <= Math.max(2, rows - 2), `${lines.length} lines on ${rows} rows`);
      for (const line of lines) assert.ok(line.length < Math.max(2, columns), line);
    }
});

test("what is still loading is shown first when not all layers fit, and what is left out is counted", () => {
  const lines = barLines([layer(1, 1, "done"), layer(2, 2, "done"), layer(3, 3), layer(4, 4)], {
    columns: 90,
    rows: 6,
  });
  assert.equal(lines.length, 3);
  assert.match(lines[0] ?? "", /\[>/);
  assert.match(lines[2] ?? "", /2 of 4 layers complete \(2 not shown\)$/);
});

test("a layer without a byte is complete, and more bytes than there should be are no longer bar", () => {
  const [empty, over] = barLines(
    [
      { ...layer(1, 0), total: 0 },
      { ...layer(2, 200 * KIB), total: 100 * KIB },
    ],
    WIDE,
  );
  assert.match(empty ?? "", /\[={40}\] 0 B of 0 B/);
  assert.match(over ?? "", /\[={40}\] 200 KiB of 100 KiB/);
});
