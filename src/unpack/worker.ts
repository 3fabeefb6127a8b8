import { parentPort, workerData } from "node:worker_threads";
import type { LayerGate } from "./gate.ts";
import { type LayerReady, toAnswer } from "./messages.ts";
import type { UnpackRequest } from "./request.ts";
import { runRequest } from "./request.ts";

/** A gate whose other side is the thread that started us. */
function remoteGate(): LayerGate {
  const there = new Set<number>();
  let wake = (): void => undefined;
  parentPort?.on("message", ({ ready }: LayerReady) => {
    there.add(ready);
    wake();
  });
  return {
    needs: (needs) => parentPort?.postMessage({ needs }, []),
    ready: async (layer) => {
      while (!there.has(layer)) await new Promise<void>((resolve) => (wake = resolve));
    },
  };
}

// The whole worker: one request in, one answer out.
try {
  const report = await runRequest(workerData as UnpackRequest, remoteGate());
  parentPort?.postMessage({ ok: true, report }, []);
} catch (error) {
  parentPort?.postMessage(toAnswer(error), []);
} finally {
  parentPort?.close();
}
