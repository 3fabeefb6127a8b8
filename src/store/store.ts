import { type Layout, layoutOf } from "../layout.ts";
import { LIMITS } from "../limits.ts";
import { type Blobs, createBlobs } from "./blobs.ts";
import { createDurable, type Durable } from "./durable.ts";
import type { FileSystem } from "./fs.ts";
import { createImages, type Images } from "./images.ts";
import { createJournal, type Journal } from "./journal.ts";
import { nodeFileSystem } from "./node-fs.ts";
import { createLinks, type Links } from "./links.ts";
import { statIfPresent } from "./reads.ts";
import { createRecords, type Records } from "./records.ts";
import { createTrees, type Trees } from "./trees.ts";

/** One data directory. The only way to touch it. */
export interface Store {
  readonly layout: Layout;
  readonly fs: FileSystem;
  readonly durable: Durable;
  readonly links: Links;
  readonly records: Records;
  readonly blobs: Blobs;
  readonly images: Images;
  readonly trees: Trees;
  /** The event stream. */
  readonly events: Journal;
  readonly history: Journal;
}

export interface StoreOptions {
  readonly fs?: FileSystem;
  /** False: look only, create nothing. Default: true. */
  readonly create?: boolean;
  /** Called once when the volume cannot sync directories. */
  readonly onWarning?: (message: string) => void;
}

/** Opens a data directory and creates what is missing in it. Throws STORE_IO when it cannot be written. */
export function openStore(dataDir: string, options: StoreOptions = {}): Store {
  const fs = options.fs ?? nodeFileSystem;
  const layout = layoutOf(dataDir);
  let warned = false;
  const durable = createDurable(fs, () => {
    if (!warned)
      options.onWarning?.(
        `${dataDir}: this volume cannot sync directories, so it does not promise to survive a power cut`,
      );
    warned = true;
  });
  const isNew = statIfPresent(fs, layout.state) === undefined;
  if (options.create !== false) createDirectories(layout, durable);
  const links = createLinks(layout, fs, durable);
  const records = createRecords(layout, fs, durable);
  if (isNew && options.create !== false) importOriginal(links, records);
  const blobs = createBlobs(layout, fs, durable);
  const images = createImages(layout, fs, durable);
  const trees = createTrees(layout, fs, durable);
  const events = createJournal(fs, layout.events, LIMITS.eventsBytes);
  const history = createJournal(fs, layout.history, LIMITS.historyBytes);
  return { layout, fs, durable, links, records, blobs, images, trees, events, history };
}

/** A volume of the original, seen for the first time: its marker without a link to it names a version that failed. */
function importOriginal(links: Links, records: Records): void {
  const digest = records.marker();
  const slots = ["attempt", "attempting", "entrypoint"] as const;
  if (digest === undefined || slots.some((slot) => links.digest(slot) === digest)) return;
  records.addFailure({ digest, reason: { kind: "imported" }, at: new Date().toISOString() });
}

/** Staging is closed to others, and so are partial blobs: what is in the making may hold anything. */
function createDirectories(layout: Layout, durable: Durable): void {
  const { dataDir, blobs, images, extracted, staging, partial, retained, receipts, inventories, failed } = layout;
  const open = [blobs, images, extracted, retained, receipts, inventories, failed].map(
    (path) => [path, 0o755] as const,
  );
  const closed = [staging, partial].map((path) => [path, 0o700] as const);
  durable.ensureDirectories(dataDir, [...open, ...closed]);
}
