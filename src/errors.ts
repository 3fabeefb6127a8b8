/** Exit codes of the loader and its commands: sysexits.h, and the shell's 126 and 127 for a program that cannot start. */
export const EXIT = {
  ok: 0,
  failure: 1,
  notRunning: 3,
  restart: 42,
  usage: 64,
  badData: 65,
  unavailable: 69,
  internal: 70,
  cannotCreate: 73,
  ioError: 74,
  temporary: 75,
  noPermission: 77,
  config: 78,
  notExecutable: 126,
  notFound: 127,
} as const;

/** The exit code by which an app asks its loader to be started again (the original's contract). */
export const RESTART_EXIT_CODE = EXIT.restart;

interface CodeFacts {
  /** What a command exits with when it fails for this reason. */
  readonly exitCode: number;
  /** True when the same call may succeed later without anybody mending anything. */
  readonly retryable: boolean;
  /** One line for the table in the README. */
  readonly doc: string;
}

const facts = (exitCode: number, retryable: boolean, doc: string): CodeFacts => ({
  exitCode,
  retryable,
  doc,
});

/** Every reason for which dockerloader fails: one code per cause. */
export const ERROR_CODES = {
  CONFIG_INVALID: facts(EXIT.config, false, "a setting is missing or malformed; the message lists every fault"),
  USAGE: facts(EXIT.usage, false, "unknown command, option or argument"),
  REFERENCE_INVALID: facts(EXIT.usage, false, "an image reference does not follow the distribution grammar"),
  REGISTRY_UNREACHABLE: facts(EXIT.unavailable, true, "no connection to the registry"),
  REGISTRY_TIMEOUT: facts(EXIT.unavailable, true, "the registry stopped answering"),
  REGISTRY_UNAVAILABLE: facts(EXIT.unavailable, true, "the registry answered with a server error"),
  REGISTRY_RATE_LIMITED: facts(EXIT.unavailable, true, "the registry asked to wait"),
  REGISTRY_PROTOCOL: facts(EXIT.badData, false, "the registry broke the distribution protocol"),
  REGISTRY_UNAUTHORIZED: facts(EXIT.noPermission, false, "credentials are missing or wrong"),
  REGISTRY_DENIED: facts(EXIT.noPermission, false, "the credentials may not pull this repository"),
  REGISTRY_TLS: facts(EXIT.unavailable, false, "the registry's certificate is not trusted"),
  CREDENTIALS_INVALID: facts(EXIT.config, false, "a credential file exists and cannot be read"),
  SOURCE_MISSING: facts(EXIT.badData, false, "the file or directory of an offline target is not there"),
  MANIFEST_UNKNOWN: facts(EXIT.badData, false, "the registry has no such repository, tag or digest"),
  MANIFEST_INVALID: facts(EXIT.badData, false, "a manifest breaks the image specification"),
  NOT_AN_IMAGE: facts(EXIT.badData, false, "the target is an artifact, not a runnable image"),
  PLATFORM_MISSING: facts(EXIT.badData, false, "the index has no image for this machine"),
  DIGEST_MISMATCH: facts(EXIT.badData, true, "content does not have the digest it was asked by"),
  SIZE_MISMATCH: facts(EXIT.badData, true, "content does not have the size its descriptor states"),
  DIFF_ID_MISMATCH: facts(EXIT.badData, false, "an unpacked layer is not what the image config states"),
  LAYER_UNSUPPORTED: facts(EXIT.badData, false, "a layer has a media type or compression that is not supported"),
  LAYER_CORRUPT: facts(EXIT.badData, false, "a layer is damaged or cut short"),
  LAYER_HOSTILE: facts(EXIT.badData, false, "a layer tries what no layer may do"),
  LAYER_LIMIT: facts(EXIT.badData, false, "a layer is larger, deeper or denser than the limits allow"),
  ENTRYPOINT_MISSING: facts(EXIT.badData, false, "the image has no file /entrypoint"),
  ENTRYPOINT_UNUSABLE: facts(EXIT.badData, false, "/entrypoint cannot be executed on this machine"),
  STORE_LOCKED: facts(EXIT.temporary, true, "another process holds the data directory"),
  STORE_FULL: facts(EXIT.ioError, true, "the volume is full"),
  STORE_IO: facts(EXIT.ioError, true, "the volume cannot be read or written"),
  STORE_UNSUPPORTED: facts(
    EXIT.ioError,
    false,
    "the volume or the image cannot lock files, or the volume cannot hold the names of an image",
  ),
  STORE_CORRUPT: facts(EXIT.ioError, false, "a file on the volume is not what its name states"),
  TRIAL_REVOKED: facts(EXIT.failure, false, "the loader ended this trial before the app became ready"),
  NOTHING_TO_RUN: facts(EXIT.unavailable, false, "there is no version on disk"),
  NOT_RUNNING: facts(EXIT.notRunning, false, "no loader runs on this data directory"),
  ADDRESS_UNUSABLE: facts(EXIT.unavailable, true, "the live view or the metrics cannot listen on their address"),
  ABORTED: facts(EXIT.failure, false, "the caller gave up"),
  INTERNAL: facts(EXIT.internal, false, "a defect of dockerloader itself"),
} as const satisfies Record<string, CodeFacts>;

export type ErrorCode = keyof typeof ERROR_CODES;

export interface ErrorOptions {
  /** How to mend it, as an imperative sentence. */
  readonly hint?: string;
  /** Safe, small facts for machines: never headers, bodies or credentials. */
  readonly details?: Readonly<Record<string, string | number | boolean>>;
  readonly cause?: unknown;
  /** Milliseconds that the other side asked to wait. */
  readonly retryAfterMs?: number;
  /** Overrides the code's default, e.g. a size mismatch that was already retried. */
  readonly retryable?: boolean;
}

/**
 * The one error class. `message` names the thing, the value and what was expected; `hint` says how to mend it.
 * `cause` is kept for debuggers and is not enumerable, so that a logger never prints a request or a secret.
 */
export class DockerloaderError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly retryable: boolean;
  readonly exitCode: number;
  readonly retryAfterMs: number | undefined;
  readonly details: Readonly<Record<string, string | number | boolean>>;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "DockerloaderError";
    this.code = code;
    this.hint = options.hint;
    this.retryable = options.retryable ?? ERROR_CODES[code].retryable;
    this.exitCode = ERROR_CODES[code].exitCode;
    this.retryAfterMs = options.retryAfterMs;
    this.details = options.details ?? {};
  }
}

/** One line for people: the message, then the hint when there is one. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (!(error instanceof DockerloaderError) || error.hint === undefined) return error.message;
  return `${error.message}; ${error.hint}`;
}

/** Turns anything thrown into a DockerloaderError; what is none already is a defect of ours. */
export function toDockerloaderError(error: unknown): DockerloaderError {
  if (error instanceof DockerloaderError) return error;
  if (error instanceof Error && error.name === "AbortError") {
    return new DockerloaderError("ABORTED", "the operation was aborted", { cause: error });
  }
  return new DockerloaderError("INTERNAL", `unexpected error: ${describeError(error)}`, { cause: error });
}
