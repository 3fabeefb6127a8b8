/** Every disk that a power cut may leave: from a start and a log of operations, some of them forced by syncs. */
import { apply, copyDisk, type Disk, type Entry, exactText, type Op } from "./disk.ts";
import { numberDisks } from "./disk-numbers.ts";

/** For each entry, where the first later sync that covers it stands: from there on it is forced. */
export function syncsOf(log: readonly Entry[]): readonly number[] {
  const syncs = log.map(() => Infinity);
  for (const [at, entry] of log.entries()) {
    if (entry.op !== "sync") continue;
    for (let index = 0; index < at; index += 1) {
      const covered = touches(log[index] as Entry, entry.ino);
      if (covered && syncs[index] === Infinity) syncs[index] = at;
    }
  }
  return syncs;
}

export const isSync = (entry: Entry): entry is Exclude<Entry, Op> => entry.op === "sync";

function touches(entry: Entry, ino: number): boolean {
  if (entry.op === "sync") return false;
  if (entry.op === "write" || entry.op === "truncate" || entry.op === "chmod") return entry.ino === ino;
  return entry.dir === ino || (entry.op === "rename" && entry.toDir === ino);
}

/** Below this number of unforced operations every subset is a crash state; above it, the telling ones and a sample. */
const EXHAUSTIVE = 7;
const SAMPLES = 24;

export type Random = () => number;

/** mulberry32: the same states in every run of one seed. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function* subsets(loose: readonly number[], log: readonly Entry[], random: Random): Generator<ReadonlySet<number>> {
  if (loose.length <= EXHAUSTIVE) {
    for (let bits = 0; bits < 2 ** loose.length; bits += 1)
      yield new Set(loose.filter((_, index) => (bits >> index) % 2 === 1));
    return;
  }
  const isData = (index: number): boolean => log[index]?.op === "write";
  yield new Set();
  yield new Set(loose);
  yield new Set(loose.filter((index) => !isData(index)));
  yield new Set(loose.filter(isData));
  for (let kept = 1; kept < loose.length; kept += 1) yield new Set(loose.slice(0, kept));
  for (const index of loose) {
    yield new Set([index]);
    yield new Set(loose.filter((other) => other !== index));
  }
  for (let sample = 0; sample < SAMPLES; sample += 1) yield new Set(loose.filter(() => random() < 0.5));
}

export interface CrashState {
  readonly disk: Disk;
  /** How many entries of the log had happened. */
  readonly at: number;
}

/** The disks that were found so far. */
export interface Seen {
  /** Notes this disk. False when it was noted before, with the same epoch last. */
  readonly isNew: (disk: Disk, epoch: number) => boolean;
  readonly count: () => number;
}

export function seenDisks(): Seen {
  const keyOf = numberDisks({ textOf: exactText });
  const epochs = new Map<number, number>();
  return {
    isNew: (disk, epoch) => {
      const key = keyOf(disk);
      if (epochs.get(key) === epoch) return false;
      epochs.set(key, epoch);
      return true;
    },
    count: () => epochs.size,
  };
}

export function build(start: Disk, log: readonly Entry[], chosen: (index: number) => boolean, torn?: number): Disk {
  const disk = copyDisk(start);
  disk.next += log.length;
  for (const [index, entry] of log.entries()) {
    if (entry.op === "sync" || !chosen(index)) continue;
    apply(disk, index === torn && entry.op === "write" ? tear(entry) : entry);
  }
  return disk;
}

const tear = (entry: Extract<Op, { op: "write" }>): Op => ({
  ...entry,
  bytes: entry.bytes.subarray(0, entry.bytes.length >> 1),
});

/**
 * The crash states at every point of the log from `from` on, each once for every value of `epochOf` at its point: what
 * must hold of a disk may change with what was promised since.
 */
export function* crashStates(
  start: Disk,
  log: readonly Entry[],
  random: Random,
  seen: Seen,
  { from = 0, epochOf = () => 0 }: { from?: number; epochOf?: (at: number) => number } = {},
): Generator<CrashState> {
  const syncs = syncsOf(log);
  for (let at = from; at <= log.length; at += 1) {
    const last = log[at - 1];
    // A sync changes what may be lost, not what may be there: its states are among those of the operation before it.
    if (last?.op === "sync") continue;
    const past = log.slice(0, at);
    const forced = (index: number): boolean => (syncs[index] ?? Infinity) < at;
    const loose = past.flatMap((entry, index) => (isSync(entry) || forced(index) ? [] : [index]));
    const made: Disk[] = [];
    // What is forced before anything is loose is on all of them.
    const common = loose[0] ?? at;
    const base = build(start, past.slice(0, common), () => true);
    const rest = past.slice(common);
    for (const kept of subsets(loose, past, random))
      made.push(build(base, rest, (index) => forced(common + index) || kept.has(common + index)));
    const write = loose.findLast((index) => past[index]?.op === "write");
    if (write !== undefined) made.push(build(base, rest, () => true, write - common));
    for (const disk of made) if (seen.isNew(disk, epochOf(at))) yield { disk, at };
  }
}
