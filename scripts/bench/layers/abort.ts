import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type * as unpack from "../../../src/unpack/index.ts";
import { Layout } from "../../../test/conformance/layers/support/layout.ts";
import { smallFiles } from "./images.ts";

const BUILT = new URL("../../../dist/lib/src/unpack/index.js", import.meta.url).href;
const ABORTS = 20;

/** Milliseconds from an abort, at moments spread over the whole work, until nothing is written any more. */
export async function abortMs(folder: string, scale: number): Promise<readonly number[]> {
  const { unpackImage } = (await import(BUILT)) as typeof unpack;
  const layout = new Layout(join(folder, "abort"));
  const layers = layout.add("t", [{ tar: smallFiles(Math.round(30_000 * scale), 700, 9), gzip: true }]);
  const apply = async (afterMs: number | undefined): Promise<number> => {
    const root = mkdtempSync(join(folder, "abort-"));
    const stop = new AbortController();
    const began = performance.now();
    let aborted = began;
    const work = unpackImage({ root, layers }, { signal: stop.signal }).catch(() => undefined);
    if (afterMs !== undefined) {
      await Promise.race([delay(afterMs), work]);
      aborted = performance.now();
      stop.abort();
    }
    await work;
    const took = performance.now() - aborted;
    rmSync(root, { recursive: true });
    return took;
  };
  const whole = await apply(undefined);
  const found: number[] = [];
  for (let index = 0; index < ABORTS; index += 1) found.push(await apply((whole * (index + 0.5)) / ABORTS));
  return found;
}
