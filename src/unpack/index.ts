import { setImmediate } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { DockerloaderError, toDockerloaderError } from "../errors.ts";
import type { UnpackReport } from "./image.ts";
import { LayerFeed, listen } from "./feed.ts";
import { type LayerGate, OPEN_GATE } from "./gate.ts";
import type { WorkerAnswer, WorkerNeeds } from "./messages.ts";
import { fromAnswer } from "./messages.ts";
import type { UnpackRequest } from "./request.ts";
import { runRequest } from "./request.ts";
import { ownWorkerFile } from "./worker-file.ts";

export type { Arrival } from "./feed.ts";
export type { LayerGate } from "./gate.ts";
export type { Sharing } from "./donor.ts";
export type { ReuseRequest } from "./reuse.ts";
export type { UnpackReport } from "./image.ts";
export type { LayerSource, UnpackRequest } from "./request.ts";

const aborted = (): DockerloaderError => new DockerloaderError("ABORTED", "unpacking the image was aborted");

export interface UnpackOptions {
  readonly signal?: AbortSignal;
  /** Where layers come from that are not there yet; what it rejects with ends the unpacking. Default: all are there. */
  readonly gate?: LayerGate;
}

/**
 * Applies all layers in order in a worker thread, by image-spec layer.md; constant memory but for one record per directory, and
 * one per entry while an inventory is asked for.
 * Aborts by ending the worker: once the promise is settled nothing writes to `root` any more.
 * Rejects with a DockerloaderError: LAYER_* or DIFF_ID_MISMATCH naming layer, entry and rule, STORE_* for the volume, ABORTED.
 * The caller owns `root` and removes it on failure. It belongs into a directory that others cannot enter until it is complete.
 */
export function unpackImage(request: UnpackRequest, options: UnpackOptions = {}): Promise<UnpackReport> {
  const { signal, gate = OPEN_GATE } = options;
  if (signal?.aborted === true) return Promise.reject(aborted());
  const file = ownWorkerFile();
  return file === undefined ? unpackHere(request, signal, gate) : unpackIn(file, request, signal, gate);
}

/** The same on this thread, for bundles without a worker file: other work runs between two pieces. */
export function unpackHere(
  request: UnpackRequest,
  signal: AbortSignal | undefined,
  gate = OPEN_GATE,
): Promise<UnpackReport> {
  const feed = new LayerFeed();
  listen(
    gate,
    request.layers.length,
    (news) => feed.tell(news),
    (error) => feed.fail(error),
  );
  const pause = async (): Promise<void> => {
    await setImmediate();
    if (signal?.aborted === true) throw aborted();
  };
  return runRequest(request, { feed, needs: gate.needs, pause });
}

function unpackIn(
  file: URL,
  request: UnpackRequest,
  signal: AbortSignal | undefined,
  gate: LayerGate,
): Promise<UnpackReport> {
  return new Promise<WorkerAnswer>((resolve, reject) => {
    const worker = new Worker(file, { workerData: request, execArgv: [], name: "unpack" });
    let answer: WorkerAnswer | undefined;
    let failure: unknown;
    const stop = (): void => void worker.terminate();
    const fail = (error: unknown): void => {
      failure ??= error;
      stop();
    };
    listen(gate, request.layers.length, (news) => worker.postMessage(news, []), fail);
    signal?.addEventListener("abort", stop, { once: true });
    worker.on("message", (message: WorkerAnswer | WorkerNeeds) => {
      if ("needs" in message) gate.needs(message.needs);
      else answer = message;
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
