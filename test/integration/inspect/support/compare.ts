/** The two sides of the comparison: what the disk says, and what the stream says. */
import { closeSync, lstatSync, openSync, readSync } from "node:fs";
import { describeVersion, readVersions } from "../../../../src/cli/status-report.ts";
import type { Digest } from "../../../../src/digest.ts";
import { EMPTY_VIEW, type View } from "../../../../src/inspect/view.ts";
import { reduce } from "../../../../src/inspect/reduce.ts";
import { parseLines } from "../../../../src/log/parse.ts";
import type { Store } from "../../../../src/store/index.ts";
import type { LoaderStatus } from "../../../../src/supervisor/index.ts";

/** A small generator (mulberry32), so that a failing run can be run again: SEED=n. */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** What the disk says now, in the words of the view. Undefined before the loader has said anything of itself. */
export function fromDisk(store: Store): object | undefined {
  const status = store.records.status() as LoaderStatus | undefined;
  if (status === undefined) return undefined;
  const { failed, ...links } = readVersions(store);
  const check = store.records.lastCheck();
  return {
    ...links,
    failed: failed.map(({ digest, why }) => `${digest} ${why}`).sort(),
    state: status.state,
    onProbation: status.onProbation,
    childPid: status.childPid,
    running: status.childPid === null ? null : describeVersion(store, status.digest as Digest),
    lastCheck: check === undefined ? null : { result: check.result, digest: check.digest ?? null },
  };
}

/** Changes with whatever `fromDisk` reads or the stream holds: an instant like the one before is not compared again. */
export function fingerprint({ layout, links }: Store): string {
  const stamp = (path: string): string => {
    const stat = lstatSync(path, { throwIfNoEntry: false, bigint: true });
    return stat === undefined ? "-" : `${stat.ino} ${stat.size} ${stat.mtimeNs}`;
  };
  const files = [layout.events, layout.status, layout.lastCheck, layout.succession, layout.failed, layout.receipts].map(
    stamp,
  );
  return [...files, ...(["entrypoint", "attempt", "attempting"] as const).map((slot) => links.digest(slot))].join(" ");
}

export function fromStream({ links, failed, supervisor, child, lastCheck }: View): object {
  return {
    ...links,
    failed: failed.map(({ digest, why }) => `${digest} ${why}`).sort(),
    state: supervisor.state,
    onProbation: supervisor.onProbation,
    childPid: child?.pid ?? null,
    running: child === null ? null : { digest: child.digest, reference: child.reference, label: child.label },
    lastCheck: lastCheck === null ? null : { result: lastCheck.result, digest: lastCheck.digest },
  };
}

/** Follows the stream's file synchronously: what is appended by now has been read when it returns. */
export function createReader(path: string): { readonly view: () => View; readonly close: () => void } {
  let fd: number | undefined;
  let rest = "";
  let view = EMPTY_VIEW;
  const chunk = Buffer.alloc(1 << 16);
  return {
    view: () => {
      fd ??= openSync(path, "r");
      for (
        let read = readSync(fd, chunk, 0, chunk.length, null);
        read > 0;
        read = readSync(fd, chunk, 0, chunk.length, null)
      ) {
        const lines = (rest + chunk.toString("utf8", 0, read)).split("\n");
        rest = lines.pop() ?? "";
        view = parseLines(lines).reduce(reduce, view);
      }
      return view;
    },
    close: () => {
      if (fd !== undefined) closeSync(fd);
    },
  };
}
