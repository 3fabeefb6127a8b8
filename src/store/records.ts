import type { Digest, FailureReason } from "../../machines/ports.ts";
import { isDigest } from "../digest.ts";
import type { Layout } from "../layout.ts";
import { LIMITS } from "../limits.ts";
import type { RateLimit } from "../registry/source.ts";
import type { Durable } from "./durable.ts";
import type { FileSystem } from "./fs.ts";
import { listNames, readIfPresent } from "./reads.ts";

/**
 * Reasons that no trial of ours observed. `interrupted`: its trials were cut short from outside too often;
 * `imported`: the original's marker says so; `unusable`: its entrypoint cannot be executed here;
 * `unrecorded`: the loader was killed, or could not write, between the claim and the record; `corrupt`: its layers, though they have the digests that
 * the manifest states, do not make up the image that the config states, or break a rule that no layer may break; `rolled-back`: an operator went back to the version before it.
 */
export type OtherReason =
  | { readonly kind: "interrupted"; readonly tries: number }
  | { readonly kind: "unusable" | "corrupt"; readonly message: string }
  | { readonly kind: "imported" | "unrecorded" | "rolled-back" };

/** Why a version may not be tried again. */
export interface FailureRecord {
  readonly digest: Digest;
  readonly reason: FailureReason | OtherReason;
  /** Wall-clock time for people, ISO 8601; nothing is decided from it. */
  readonly at: string;
}

/** The version on trial, how many starts it has used (written before each start), and what was stable before. */
export interface TrialRecord {
  readonly digest: Digest;
  readonly starts: number;
  readonly previous: Digest | null;
}

/** The newest version that was committed, the one to return to, and whether the newest has proven itself. */
export interface SuccessionRecord {
  readonly digest: Digest;
  readonly previous: Digest | null;
  readonly settled: boolean;
}

export interface LastCheck {
  readonly at: string;
  readonly result: "current" | "refused" | "staged" | "failed";
  readonly digest?: Digest;
  /** The error's code, of a check that failed. */
  readonly code?: string;
  readonly message?: string;
  /** When the loop will look again, ISO 8601; absent after a single check. */
  readonly nextAt?: string;
  /** What the registry last said of its limit; absent when it said nothing. */
  readonly rateLimit?: RateLimit;
}

/** What a target stood for when it was last looked up, and by which marks of the registry it is recognised. */
export interface Sighting {
  readonly reference: string;
  readonly platform: string;
  readonly digest: Digest;
  readonly etag?: string;
  /** The digest that the registry stated of the document; of an index, when the target is one. */
  readonly claimed?: string;
}

/** What is known of a target that may go back and forth between versions. */
export interface SteadinessRecord {
  readonly reference: string;
  /** Versions that ran here, newest last. */
  readonly ran: readonly Digest[];
  /** The version that is held back, how many checks in a row have found it, and how many it takes. */
  readonly digest: Digest | null;
  readonly seen: number;
  readonly needed: number;
}

/** What we know beyond the links. Every write is atomic and, but for the sighting, durable; a record that cannot be read counts as absent. */
export interface Records {
  /** The digest in the original's `update-attempt`, or undefined. */
  readonly marker: () => Digest | undefined;
  readonly setMarker: (digest: Digest) => void;
  readonly dropMarker: () => void;
  readonly failure: (digest: Digest) => FailureRecord | undefined;
  readonly failures: () => readonly FailureRecord[];
  readonly addFailure: (record: FailureRecord) => void;
  readonly dropFailure: (digest: Digest) => void;
  readonly trial: () => TrialRecord | undefined;
  readonly setTrial: (record: TrialRecord) => void;
  readonly dropTrial: () => void;
  readonly succession: () => SuccessionRecord | undefined;
  readonly setSuccession: (record: SuccessionRecord) => void;
  readonly lastCheck: () => LastCheck | undefined;
  readonly setLastCheck: (record: LastCheck) => void;
  readonly sighting: () => Sighting | undefined;
  readonly setSighting: (record: Sighting) => void;
  readonly steadiness: () => SteadinessRecord | undefined;
  readonly setSteadiness: (record: SteadinessRecord) => void;
  readonly dropSteadiness: () => void;
  /** What the loader last said of itself, unchecked. */
  readonly status: () => object | undefined;
  readonly setStatus: (status: object) => void;
  /** The address of the live view that the loader's observer serves, with its token: readable by this user alone. */
  readonly inspector: () => { readonly url: string } | undefined;
  readonly setInspector: (inspector: { readonly url: string }) => void;
  readonly dropInspector: () => void;
  /** True when the last loader ended in order. */
  readonly cleanStop: () => boolean;
  readonly setCleanStop: () => void;
  readonly dropCleanStop: () => void;
  /** The run id of an app that knows the claim protocol. */
  readonly handshake: () => string | undefined;
  readonly setHandshake: (runId: string) => void;
  readonly dropHandshake: () => void;
}

export function createRecords(layout: Layout, fs: FileSystem, durable: Durable): Records {
  const readText = (path: string): string | undefined => readIfPresent(path, () => fs.readFileSync(path, "utf8"));

  /** Parses a record; one without a well-formed digest is none. */
  const readRecord = (path: string): object | undefined => {
    const text = readText(path);
    if (text === undefined) return undefined;
    try {
      const value: unknown = JSON.parse(text);
      const usable =
        typeof value === "object" &&
        value !== null &&
        (!("digest" in value) || value.digest === null || isDigest(value.digest));
      return usable ? value : undefined;
    } catch {
      return undefined;
    }
  };

  const write = (path: string, record: object): void => durable.publishFile(path, `${JSON.stringify(record)}\n`);

  const failures = (): FailureRecord[] =>
    listNames(fs, layout.failed)
      .map((name) => name.replace(/\.json$/, ""))
      .filter(isDigest)
      .map((digest) => readRecord(layout.failure(digest)) as FailureRecord | undefined)
      .filter((record) => record !== undefined)
      .sort((a, b) => a.at.localeCompare(b.at));

  return {
    marker: () => {
      const text = readText(layout.marker)?.trim();
      return isDigest(text) ? text : undefined;
    },
    setMarker: (digest) => durable.publishFile(layout.marker, digest),
    dropMarker: () => durable.drop(layout.marker),
    failure: (digest) => readRecord(layout.failure(digest)) as FailureRecord | undefined,
    failures,
    addFailure: (record) => {
      write(layout.failure(record.digest), record);
      const all = failures();
      for (const old of all.slice(0, Math.max(0, all.length - LIMITS.failedRecords))) {
        durable.drop(layout.failure(old.digest));
      }
    },
    dropFailure: (digest) => durable.drop(layout.failure(digest)),
    trial: () => readRecord(layout.trial) as TrialRecord | undefined,
    setTrial: (record) => write(layout.trial, record),
    dropTrial: () => durable.drop(layout.trial),
    succession: () => readRecord(layout.succession) as SuccessionRecord | undefined,
    setSuccession: (record) => write(layout.succession, record),
    lastCheck: () => readRecord(layout.lastCheck) as LastCheck | undefined,
    setLastCheck: (record) => write(layout.lastCheck, record),
    sighting: () => readRecord(layout.sighting) as Sighting | undefined,
    setSighting: (record) => durable.noteFile(layout.sighting, `${JSON.stringify(record)}\n`),
    steadiness: () => readRecord(layout.steadiness) as SteadinessRecord | undefined,
    setSteadiness: (record) => write(layout.steadiness, record),
    dropSteadiness: () => durable.drop(layout.steadiness),
    status: () => readRecord(layout.status),
    setStatus: (status) => write(layout.status, status),
    inspector: () => readRecord(layout.inspector) as { url: string } | undefined,
    setInspector: (inspector) => durable.publishFile(layout.inspector, `${JSON.stringify(inspector)}\n`, 0o600),
    dropInspector: () => durable.drop(layout.inspector),
    cleanStop: () => readText(layout.cleanStop) !== undefined,
    setCleanStop: () => durable.publishFile(layout.cleanStop, ""),
    dropCleanStop: () => durable.drop(layout.cleanStop),
    handshake: () => readText(layout.handshake)?.trim(),
    setHandshake: (runId) => durable.publishFile(layout.handshake, runId),
    dropHandshake: () => durable.drop(layout.handshake),
  };
}
