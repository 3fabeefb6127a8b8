import type { ChildExit, FailureReason } from "../../machines/ports.ts";
import type { OtherReason } from "../store/records.ts";
import type { EventOf, EventType, Level, LinkFacts, LoaderEvent } from "./events.ts";

/** How an exit reads in a sentence: "exited with code 3", "was ended by SIGKILL", "could not be started: ...". */
export function describeExit(exit: ChildExit): string {
  if (exit.kind === "code") return `exited with code ${exit.code}`;
  if (exit.kind === "signal") return `was ended by ${exit.signal}`;
  return `could not be started: ${exit.message}`;
}

/** Milliseconds as the original prints them: whole seconds as `10s`, the rest as `500ms`. */
export function describeMs(ms: number): string {
  return ms >= 1000 && ms % 1000 === 0 ? `${ms / 1000}s` : `${Math.round(ms)}ms`;
}

/** Bytes for people, in units of 1000 as disks and networks count. */
export function describeBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB"] as const;
  const unit = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1);
  return `${(bytes / 1000 ** unit).toFixed(unit === 0 ? 0 : 1)} ${units[unit]}`;
}

function percent(part: number, whole: number): string {
  return `${whole === 0 ? 100 : Math.floor((part * 100) / whole)} %`;
}

/** Why a version was taken back, in one clause. */
export function describeReason(reason: FailureReason): string {
  if (reason.kind === "timeout") return `it was not ready within ${describeMs(reason.afterMs)}`;
  if (reason.kind === "exited") return `it ${describeExit(reason.exit)} before it was ready`;
  return `it ${describeExit(reason.exit)} on probation`;
}

function describeLinks({ stable, staged, trial, previous }: LinkFacts): string {
  const shown = Object.entries({ stable, staged, trial, previous }).filter(([, digest]) => digest !== null);
  return shown.length === 0 ? "nothing" : shown.map(([name, digest]) => `${name} ${digest}`).join(", ");
}

/** Why a version may not be tried again, in one clause: what a trial of ours has seen, or one of the other reasons. */
export function describeFailure(reason: FailureReason | OtherReason): string {
  switch (reason.kind) {
    case "interrupted":
      return `its trials were interrupted ${reason.tries} times`;
    case "unusable":
    case "corrupt":
      return reason.message;
    case "imported":
      return "it failed under the original loader";
    case "unrecorded":
      return "its trial was ended by the loader, which was then stopped or could not write";
    case "rolled-back":
      return "an operator went back to the version before it";
    default:
      return describeReason(reason);
  }
}

type Sentence<T extends EventType> = readonly [Level, (event: EventOf<T>) => string];

/**
 * The sentence and level of every event. Phrases of the original (its tests read them) stand here word for word;
 * see "What its tests assert" in the contract.
 */
const SENTENCES: { readonly [T in EventType]: Sentence<T> } = {
  "loader.started": ["info", (e) => `started dockerloader, checking for ${e.entrypoint} (version ${e.version})`],
  "loader.found": [
    "info",
    (e) => `found existing entrypoint at ${e.entrypoint}, will use it (remove ${e.dataDir} to force re-download)`,
  ],
  "loader.warning": ["warn", (e) => e.message],
  "loader.failed": ["error", (e) => `Error: ${e.message} [${e.code}]`],
  "loader.signal": ["info", (e) => `received ${e.signal}, passing it on`],
  "loader.exited": ["info", (e) => `exiting with code ${e.exitCode}`],
  "supervisor.state": ["debug", (e) => `state ${e.from ?? "none"} -> ${e.state} (${e.cause})`],
  "supervisor.step": ["debug", (e) => `supervisor: ${e.path.at(-1) ?? "none"} (${e.cause})`],
  "update.state": ["debug", (e) => `update: ${e.from} -> ${e.state} (${e.cause})`],
  "store.found": ["debug", (e) => `on disk: ${describeLinks(e)}; ${e.failed.length} failed`],
  "store.links": ["debug", (e) => `links: ${describeLinks(e)}`],
  "version.blamed": ["debug", (e) => `version ${e.digest} is recorded as failed (${e.reason.kind})`],
  "version.forgotten": ["info", (e) => `what was held against ${e.digest} is forgotten, it may be tried again`],
  "bootstrap.started": ["info", (e) => `entrypoint missing, downloading ${e.reference}`],
  "bootstrap.retrying": [
    "warn",
    (e) => `still waiting for the first download: ${e.reason}; try ${e.attempt + 1} in ${describeMs(e.inMs)}`,
  ],
  "bootstrap.finished": ["info", (e) => `first download finished: ${e.digest}`],
  "trial.found": ["info", () => "found entrypoint-attempt, renaming to entrypoint-attempting for trial"],
  "child.spawning": [
    "info",
    (e) => `spawning entrypoint ${e.link} -> ${e.target} as subprocess (trial mode: ${e.trial})`,
  ],
  "child.spawned": ["debug", (e) => `subprocess ${e.childPid} runs ${e.digest}`],
  "child.exited": [
    "info",
    (e) =>
      e.exit.kind === "code" && e.exit.code === 42
        ? "subprocess exited with code 42, restarting"
        : `subprocess ${describeExit(e.exit)}`,
  ],
  "child.restarting": ["warn", (e) => `nothing is staged, restarting in ${describeMs(e.delayMs)}`],
  "child.stopping": ["info", (e) => `stopping subprocess: ${e.signal}, then SIGKILL after ${describeMs(e.graceMs)}`],
  "child.killed": ["warn", (e) => `killed subprocess group: ${e.reason}`],
  "trial.timeout": ["error", (e) => `Error: DOCKERLOADER_TRIAL timeout hit after ${describeMs(e.afterMs)}, aborting`],
  "trial.claimed": ["debug", (e) => `claim on the trial of ${e.digest}: ${e.claim}`],
  "trial.failed": [
    "error",
    (e) =>
      `trial of ${e.digest} failed: ${describeReason(e.reason)}; ${e.unrecorded === true ? "nothing is recorded against it, it may be tried again" : "it will not be tried again"}`,
  ],
  "trial.kept": ["info", () => "trial committed within timeout, subprocess can continue running"],
  "trial.requeued": ["warn", (e) => `trial of ${e.digest} was interrupted (start ${e.tries}), it will be tried again`],
  "trial.parked": ["error", (e) => `trial of ${e.digest} was interrupted ${e.tries} times, it will not be tried again`],
  "rollback.finished": ["warn", (e) => `rolled back to ${e.digest}`],
  "probation.passed": ["info", (e) => `version ${e.digest} passed its probation`],
  "store.repaired": ["warn", (e) => `repaired the data directory: ${e.what}`],
  "store.degraded": ["error", (e) => `the volume fails: ${e.message}`],
  "store.busy": ["info", (e) => `waiting for another process on this data directory: ${e.what}`],
  "app.started": ["info", (e) => `dockerloaded started (trial mode: ${e.trial})`],
  "app.unsupervised": ["info", () => "not running under a dockerloader, updates are off"],
  "app.marking": ["info", () => "marking ready by renaming entrypoint-attempting to entrypoint"],
  "app.committed": ["info", (e) => `trial successful, committed to version ${e.digest}`],
  "app.variable-ignored": ["warn", (e) => `the image's .env may not set ${e.name}, ignored`],
  "app.dotenv-invalid": ["warn", (e) => `the image's .env is ignored: ${e.message}`],
  "update.loop-started": [
    "info",
    (e) => `starting update loop: checking ${e.reference} every ${e.intervalSecs} seconds`,
  ],
  "update.off": ["info", (e) => `updates are off: ${e.why}`],
  "update.checking": ["info", (e) => `checking for updates for ${e.reference}`],
  "update.compared": ["info", (e) => `current SHA: ${e.current}, latest SHA: ${e.latest}`],
  "update.current": ["info", () => "already running the latest version"],
  "update.skipped": ["warn", (e) => `skipping update to ${e.digest} - ${e.why}`],
  "update.available": ["info", (e) => `update available, downloading version ${e.digest} from ref ${e.reference}`],
  "update.staged": ["info", () => "created entrypoint-attempt, exiting to trigger restart"],
  "update.failed": [
    "warn",
    (e) =>
      `${e.background ? "background update check" : "update check"} failed: ${e.message} [${e.code}]${e.retryInMs === undefined ? "" : `; next check in ${describeMs(e.retryInMs)}`}`,
  ],
  "layer.progress": ["debug", (e) => `layer ${e.digest}: ${e.bytes} of ${e.total} bytes`],
  "download.progress": [
    "info",
    (e) =>
      `downloading: ${describeBytes(e.received)} of ${describeBytes(e.total)} (${percent(e.received, e.total)}), ${e.finished} of ${e.layers} layers complete`,
  ],
  "registry.warning": ["warn", (e) => e.message],
  "registry.note": ["info", (e) => e.message],
  "layer.downloaded": [
    "debug",
    (e) => `layer ${e.digest}: ${e.bytes} bytes ${e.reused ? "already here" : "downloaded"}`,
  ],
  "image.extracted": [
    "info",
    (e) =>
      `extracted ${e.digest}: ${e.entries} entries, ${e.bytes} bytes${e.reusedLayers > 0 ? `, the first ${e.reusedLayers} layers from a version on disk` : ""}`,
  ],
  "image.warning": ["warn", (e) => `image ${e.digest}: ${e.message}`],
  "inspect.listening": [
    "info",
    (e) => `live view on ${e.address}; \`dockerloader inspect\` prints its address with the token`,
  ],
  "inspect.restarting": ["warn", (e) => `the observer is gone: ${e.why}; starting it again in ${describeMs(e.inMs)}`],
  "gc.finished": ["debug", (e) => `cleaned up storage: ${e.removed} entries removed`],
  "gc.failed": ["warn", (e) => `could not clean up storage: ${e.message}`],
  "cli.waiting": ["info", () => "waiting for initial download of entrypoint..."],
};

/** The level and the sentence of an event. The only place where a sentence of the log is built. */
export function describeEvent(event: LoaderEvent): { level: Level; message: string } {
  const [level, sentence] = SENTENCES[event.type] as unknown as readonly [Level, (event: LoaderEvent) => string];
  return { level, message: sentence(event) };
}

/** True for a name of the catalogue. */
export function isEventType(name: string): name is EventType {
  return Object.hasOwn(SENTENCES, name);
}
