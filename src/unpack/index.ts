import { setImmediate } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { DockerloaderError, toDockerloaderError } from "../errors.ts";
import type { UnpackReport } from "./image.ts";
import type { WorkerAnswer } from "./messages.ts";
import { fromAnswer } from "./messages.ts";
import type { UnpackRequest } from "./request.ts";
import { runRequest } from "./request.ts";
import { ownWorkerFile } from "./worker-file.ts";

export type { UnpackReport } from "./image.ts";
export type { LayerSource, UnpackRequest } from "./request.ts";

const aborted = (): DockerloaderError => new DockerloaderError("ABORTED", "unpacking the image was aborted");

/**
 * Applies all layers in order in a worker thread, by image-spec layer.md; constant memory but for one record per directory.
 * Aborts by ending the worker: once the promise is settled nothing writes to `root` any more.
 * Rejects with a DockerloaderError: LAYER_* or DIFF_ID_MISMATCH naming layer, entry and rule, STORE_* for the volume, ABORTED.
 * The caller owns `root` and removes it on failure. It belongs into a directory that others cannot enter until it is complete.
 */
export function unpackImage(request: UnpackRequest, options: { signal?: AbortSignal } = {}): Promise<UnpackReport> {
  const { signal } = options;
  if (signal?.aborted === true) return Promise.reject(aborted());
  const file = ownWorkerFile();
  return file === undefined ? unpackHere(request, signal) : unpackIn(file, request, signal);
}

/** The same on this thread, for bundles without a worker file: other work runs between two pieces. */
export function unpackHere(request: UnpackRequest, signal: AbortSignal | undefined): Promise<UnpackReport> {
  return runRequest(request, async () => {
    await setImmediate();
    if (signal?.aborted === true) throw aborted();
  });
}

function unpackIn(file: URL, request: UnpackRequest, signal: AbortSignal | undefined): Promise<UnpackReport> {
  return new Promise<WorkerAnswer>((resolve, reject) => {
    const worker = new Worker(file, { workerData: request, execArgv: [], name: "unpack" });
    let answer: WorkerAnswer | undefined;
    let failure: unknown;
    const stop = (): void => void worker.terminate();
    signal?.addEventListener("abort", stop, { once: true });
    worker.once("message", (message: WorkerAnswer) => {
      answer = message;
    });
    worker.once("error", (error) => {
      failure = error;
    });
    worker.once("exit", (code) => {
      signal?.removeEventListener("abort", stop);
      if (answer !== undefined) {
        resolve(answer);
      } else if (signal?.aborted === true) reject(aborted());
      else reject(toDockerloaderError(failure ?? new Error(`the worker ended with code ${code}`)));
    });
  }).then(fromAnswer);
}
