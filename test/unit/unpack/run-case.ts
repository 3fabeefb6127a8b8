import assert from "node:assert/strict";
import { it } from "node:test";
import { DockerloaderError } from "../../../src/errors.ts";
import type { LayerCase } from "./cases.ts";
import { apply, layerOf, Site, treeOf } from "./harness.ts";

async function run({ layers, expected, warnings, check }: LayerCase, chunkSize: number): Promise<void> {
  using site = new Site();
  const stack = (typeof layers === "function" ? layers(site) : layers).map((layer) => layerOf(layer));
  if (typeof expected === "string") {
    const error: unknown = await apply(site.root, stack, chunkSize).then(
      () => assert.fail("the layers were accepted"),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof DockerloaderError, String(error));
    assert.equal(error.code, expected, error.message);
    assert.match(error.message, /^layer sha256:[0-9a-f]{12}[,:].* \(rule A\d+\)$/);
  } else {
    const report = await apply(site.root, stack, chunkSize);
    assert.deepEqual(treeOf(site.root), typeof expected === "function" ? expected(site) : expected);
    const patterns = warnings ?? [];
    assert.equal(report.warnings.length, patterns.length, report.warnings.join("; "));
    for (const [index, pattern] of patterns.entries()) assert.match(report.warnings[index] ?? "", pattern);
  }
  check?.(site.root);
  assert.ok(site.victimUntouched, "something outside of the root was touched");
}

/** Registers a test for each case: every stack in chunks of one byte, of one more than a record, and whole. */
export function testCases(cases: readonly LayerCase[]): void {
  for (const layerCase of cases) {
    it(layerCase.title, async () => {
      for (const chunkSize of [1, 513, 65_536]) await run(layerCase, chunkSize);
    });
  }
}
