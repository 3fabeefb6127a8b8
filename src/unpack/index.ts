import { setImmediate } from "node:timers/promises";
import { DockerloaderError, toDockerloaderError } from "../errors.ts";
import type { UnpackReport } from "./image.ts";
import { LayerFeed, listen } from "./feed.ts";
import { type LayerGate, OPEN_GATE } from "./gate.ts";
import { fromAnswer } from "./messages.ts";
import type { UnpackRequest } from "./request.ts";
import { runRequest } from "./request.ts";
import { startUnpackThread, type UnpackThread } from "./thread.ts";

export type { Arrival } from "./feed.ts";
export type { LayerGate } from "./gate.ts";
export type { Sharing } from "./donor.ts";
export type { ReuseRequest } from "./reuse.ts";
export type { UnpackReport } from "./image.ts";
export type { LayerSource, UnpackRequest } from "./request.ts";

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
export async function unpackImage(request: UnpackRequest, options: UnpackOptions = {}): Promise<UnpackReport> {
  using unpacker = openUnpacker();
  return await unpacker.unpack(request, options);
}

/** Unpacks one image. To be disposed of, used or not. */
export interface Unpacker extends Disposable {
  /** Does what `unpackImage` does. */
  readonly unpack: (request: UnpackRequest, options?: UnpackOptions) => Promise<UnpackReport>;
}

/**
 * Starts the thread before there is an image for it: to start takes about as long as to ask a registry, and both go at once. `thread`: one that
 * is started already.
 */
export function openUnpacker(thread: UnpackThread | undefined = startUnpackThread()): Unpacker {
  return {
    unpack: async (request, { signal, gate = OPEN_GATE } = {}) => {
      const givenUp = (): boolean => signal?.aborted === true;
      if (givenUp()) throw aborted();
      if (thread === undefined) return unpackHere(request, signal, gate);
      const { answer, failure } = await thread.unpack(request, signal, gate);
      if (answer !== undefined) return fromAnswer(answer);
      throw givenUp() ? aborted() : toDockerloaderError(failure);
    },
    [Symbol.dispose]: () => thread?.end(),
  };
}

const aborted = (): DockerloaderError => new DockerloaderError("ABORTED", "unpacking the image was aborted");

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
