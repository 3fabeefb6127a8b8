import type { ContentDigest } from "../digest.ts";
import { LIMITS } from "../limits.ts";
import type { Logger } from "../log/logger.ts";
import type { Descriptor } from "../registry/manifest.ts";
import type { BlobSink } from "../registry/source.ts";

/** Follows a download: an event for each layer when it is asked for and a few times a second, and a line for people at most every 5 s. */
export interface Progress {
  /** These will be fetched, as far as anybody knows. */
  readonly expect: (layers: readonly Descriptor[]) => void;
  /** This one is here already. */
  readonly skip: (layer: Descriptor) => void;
  /** The sink with counting around it. */
  readonly follow: (layer: Descriptor, sink: BlobSink) => BlobSink;
}

/** Speaks only when bytes arrive: a stalled transfer says nothing new. */
export function createProgress(log: Logger, clock: () => number = () => performance.now()): Progress {
  const sizes = new Map<ContentDigest, number>();
  const received = new Map<ContentDigest, number>();
  const sum = (numbers: Iterable<number>): number => [...numbers].reduce((all, part) => all + part, 0);
  let lineAt = clock() + LIMITS.progressLineMs;

  const line = (now: number): void => {
    if (now < lineAt) return;
    lineAt = now + LIMITS.progressLineMs;
    const finished = [...sizes].filter(([digest, size]) => received.get(digest) === size).length;
    const [bytes, total] = [sum(received.values()), sum(sizes.values())];
    log.emit({ type: "download.progress", received: bytes, total, layers: sizes.size, finished });
  };

  return {
    expect: (layers) => {
      for (const { digest, size } of layers) {
        sizes.set(digest, size);
        log.emit({ type: "layer.progress", digest, bytes: 0, total: size });
      }
    },
    skip: ({ digest }) => void sizes.delete(digest),
    follow: ({ digest, size }, sink) => {
      let count = 0;
      let reportAt = clock() + LIMITS.progressMs;
      const note = (bytes: number): void => {
        count = bytes;
        received.set(digest, count);
        const now = clock();
        line(now);
        if (now < reportAt) return;
        reportAt = now + LIMITS.progressMs;
        log.emit({ type: "layer.progress", digest, bytes: count, total: size });
      };
      return {
        ...sink,
        kept: async (take) => {
          const bytes = (await sink.kept?.(take)) ?? 0;
          note(bytes);
          return bytes;
        },
        write: async (chunk) => {
          const { length } = chunk;
          await sink.write(chunk);
          note(count + length);
        },
        reset: async () => {
          await sink.reset();
          note(0);
        },
      };
    },
  };
}
