import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { help, helperFrom, type HelpRequest } from "./file-helper.ts";
import { LayerFeed, type LayerNews } from "./feed.ts";
import { toAnswer } from "./messages.ts";
import type { UnpackRequest } from "./request.ts";
import { runRequest } from "./request.ts";

/** One request in, one answer out. News of its layers come from the thread that asks. */
async function unpack(port: MessagePort): Promise<void> {
  const feed = new LayerFeed();
  const request = await new Promise<UnpackRequest>((resolve) => {
    port.on("message", (message: UnpackRequest | LayerNews) => {
      if ("root" in message) resolve(message);
      else feed.tell(message);
    });
  });
  try {
    const needs = (layers: readonly number[]): void => port.postMessage({ needs: layers }, []);
    const helperOf = (owners: boolean) => helperFrom(new URL(import.meta.url), owners);
    const report = await runRequest(request, { feed, needs, helperOf });
    port.postMessage({ ok: true, report }, []);
  } catch (error) {
    port.postMessage(toAnswer(error), []);
  } finally {
    port.close();
  }
}

// The whole worker: it helps another one, or it unpacks an image.
const task = workerData as HelpRequest | undefined;
if (task !== undefined) help(task);
else if (parentPort !== null) await unpack(parentPort);
