import { parentPort, workerData } from "node:worker_threads";
import { help, helperFrom, type HelpRequest } from "./file-helper.ts";
import { LayerFeed, type LayerNews } from "./feed.ts";
import { toAnswer } from "./messages.ts";
import type { UnpackRequest } from "./request.ts";
import { runRequest } from "./request.ts";

/** What the thread that started us tells of the layers. */
function remoteFeed(): LayerFeed {
  const feed = new LayerFeed();
  parentPort?.on("message", (news: LayerNews) => feed.tell(news));
  return feed;
}

/** One request in, one answer out. */
async function unpack(request: UnpackRequest): Promise<void> {
  try {
    const needs = (layers: readonly number[]): void => parentPort?.postMessage({ needs: layers }, []);
    const helperOf = (owners: boolean) => helperFrom(new URL(import.meta.url), owners);
    const report = await runRequest(request, { feed: remoteFeed(), needs, helperOf });
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
