import type { CheckPort, DownloadPort, ExtractPort, Release, StageAttemptPort, Verdict } from "../../machines/ports.ts";
import type { Digest } from "../digest.ts";
import { DockerloaderError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import { type StagedImage, stageImage } from "../pull/extract.ts";
import type { ImageSource } from "../registry/source.ts";
import { linkFacts, type Lock, lockOrThrow, requireRoom, type Store } from "../store/index.ts";
import { openUnpacker } from "../unpack/index.ts";
import { fromPromise } from "../xstate.ts";
import type { Session } from "./session.ts";
import { type Look, lookAgain } from "./steady.ts";

export interface UpdateAdapters {
  readonly actors: {
    readonly check: CheckPort;
    readonly download: DownloadPort;
    readonly extract: ExtractPort;
    readonly stageAttempt: StageAttemptPort;
  };
  /** Stops what is still being staged, and lets go of connections and of the store lock. */
  readonly close: () => void;
}

/**
 * The real adapters of the update machine's ports. The store lock is held from the first downloaded byte to the
 * staged attempt: nobody collects as garbage what is about to be needed.
 */
export function createUpdateAdapters(
  session: Session,
  running: { digest: Digest; store: Store },
  source: ImageSource,
): UpdateAdapters {
  const { log } = session;
  const { digest: current, store } = running;
  let lock: Lock | undefined;
  let staging: { readonly stop: AbortController; readonly image: StagedImage } | undefined;
  const unlock = (): void => {
    lock?.release();
    lock = undefined;
  };
  /** A step of staging: under the lock, which a failure gives back. */
  const locked = async (step: () => Promise<void>): Promise<void> => {
    lock ??= lockOrThrow(store.fs, store.layout.storeLock, "update or clean-up");
    try {
      await step();
    } catch (error) {
      unlock();
      throw error;
    }
  };

  return {
    actors: {
      check: fromPromise(async ({ signal }) => {
        unlock();
        log.emit({ type: "update.checking", reference: source.name });
        const latest = await source.resolve({ signal });
        log.emit({ type: "update.compared", current, latest });
        const verdict = judge(store, current, { digest: latest, reference: source.name });
        const held = steadied(store, { reference: source.name, current, latest });
        return verdict.kind === "available" && held !== undefined ? held : verdict;
      }),
      // Both steps are at work from the start: layers are unpacked while others are downloaded.
      download: fromPromise(({ input: { release }, signal }) =>
        locked(async () => {
          log.emit({ type: "update.available", ...release });
          const stop = new AbortController();
          const { reference } = release;
          const sharing = session.config.shareFiles;
          const unpacker = openUnpacker();
          const stage = async (): Promise<StagedImage> => {
            const image = await source.image({ digest: release.digest, signal });
            return stageImage(store, image, { source, log, signal: stop.signal, reference, sharing, unpacker });
          };
          const image = stage();
          void Promise.allSettled([image.then(({ published }) => published)]).then(() => unpacker[Symbol.dispose]());
          staging = { stop, image: await image };
          await abortable(signal, stop, staging.image.downloaded);
        }),
      ),
      extract: fromPromise(({ signal }) =>
        locked(async () => {
          if (staging === undefined) throw new DockerloaderError("INTERNAL", "nothing was downloaded to be extracted");
          await abortable(signal, staging.stop, staging.image.published);
        }),
      ),
      stageAttempt: fromPromise(({ input: { release } }) =>
        locked(async () => {
          requireRoom(store, LIMITS.stagedRoomBytes);
          await store.trees.retain(current);
          store.records.setMarker(release.digest);
          store.links.point("attempt", release.digest);
          log.emit({ type: "store.links", ...linkFacts(store) });
          unlock();
        }),
      ),
    },
    close: () => {
      staging?.stop.abort();
      // The lock covers all that is written: it is given back when the last of it has ended.
      void Promise.allSettled([staging?.image.published]).then(unlock);
      source.close();
    },
  };
}

/** Decides what a resolved digest means: nothing new, a version that failed before, or an update. */
function judge({ records, links }: Store, current: Digest, release: Release): Verdict {
  const { digest } = release;
  if (digest === current) return { kind: "current", digest };
  const staged = links.digest("attempt") === digest;
  const failedBefore = records.failure(digest) !== undefined || (records.marker() === digest && !staged);
  if (failedBefore) return { kind: "refused", digest, why: "previous attempt failed" };
  return { kind: "available", release };
}

/** Keeps what this check tells of the tag's steadiness; a verdict when the version has to be found more often. */
function steadied({ records }: Store, look: Look): Verdict | undefined {
  const before = records.steadiness();
  const { record, held } = lookAgain(before, look);
  try {
    if (JSON.stringify(record) !== JSON.stringify(before)) records.setSteadiness(record);
  } catch {
    // A volume that takes no writes is reported by the step that needs it.
  }
  if (held === undefined) return undefined;
  const why = `it was replaced here before, and is taken when ${held.needed} checks in a row have found it (this was ${held.seen})`;
  return { kind: "refused", digest: look.latest, why };
}

/** The work's result; an abort of the step that waits for it stops the work, which then rejects. */
async function abortable(signal: AbortSignal, stop: AbortController, work: Promise<void>): Promise<void> {
  const abort = (): void => stop.abort(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  try {
    await work;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
