import { parentPort, workerData } from "node:worker_threads";
import { help, helperFrom, type HelpRequest } from "./file-helper.ts";
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

/** One request in, one answer out. */
async function unpack(request: UnpackRequest): Promise<void> {
  try {
    const report = await runRequest(request, remoteGate(), (owners) => helperFrom(new URL(import.meta.url), owners));
    parentPort?.postMessage({ ok: true, report }, []);
  } catch (error) {
    parentPort?.postMessage(toAnswer(error), []);
  } finally {
    parentPort?.close();
  }
}

// The whole worker: it unpacks an image, or it helps another one that does.
const task = workerData as UnpackRequest | HelpRequest;
if ("memory" in task) help(task);
else await unpack(task);
