import { parentPort, workerData } from "node:worker_threads";
import { toAnswer } from "./messages.ts";
import type { UnpackRequest } from "./request.ts";
import { runRequest } from "./request.ts";

// The whole worker: one request in, one answer out.
try {
  const report = await runRequest(workerData as UnpackRequest);
  parentPort?.postMessage({ ok: true, report }, []);
} catch (error) {
  parentPort?.postMessage(toAnswer(error), []);
}
