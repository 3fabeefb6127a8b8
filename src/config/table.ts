import * as v from "valibot";
import { DEFAULT_DATA_DIR } from "../layout.ts";
import { type Address, integer, oneOf, text, absolutePath, list, address } from "./schemas.ts";

/** Who reads a setting: the loader, the app library and commands, or both. */
export type Reader = "loader" | "app" | "both";

/** One setting: the only place that knows its name, type, default and meaning. */
export interface Setting<T> {
  readonly env: `DOCKERLOADER_${string}`;
  /** The value that holds when the variable is not set. `undefined`: no default. */
  readonly fallback: T;
  /** Checks and converts the text of the variable; the issue message completes "NAME=value ...". */
  readonly schema: v.GenericSchema<string, T>;
  /** How the default is written in the README, with its unit. */
  readonly shown: string;
  readonly reader: Reader;
  readonly doc: string;
}

const DAY_MS = 86_400_000;
const setting = <T>(facts: Setting<T>): Setting<T> => facts;

/** The one table of settings: it makes the loader's configuration, the help text and the table in the README. */
export const SETTINGS = {
  target: setting<string | undefined>({
    env: "DOCKERLOADER_TARGET",
    fallback: undefined,
    schema: text,
    shown: "none",
    reader: "both",
    doc: "the image to run and follow, e.g. `registry.example.com/team/app:stable`, or `oci:DIR`, `oci-archive:FILE`, `docker-archive:FILE`; needed for the first download and for updates",
  }),
  dataDir: setting<string>({
    env: "DOCKERLOADER_DATA_DIR",
    fallback: DEFAULT_DATA_DIR,
    schema: absolutePath,
    shown: `\`${DEFAULT_DATA_DIR}\``,
    reader: "both",
    doc: "where versions and links live; put it on a volume",
  }),
  trialTimeoutMs: setting<number>({
    env: "DOCKERLOADER_TRIAL_TIMEOUT_MS",
    fallback: 10_000,
    schema: integer(1, DAY_MS, "milliseconds"),
    shown: "`10000` ms",
    reader: "loader",
    doc: "how long a new version may take to become ready",
  }),
  onTrialFailure: setting<"rollback" | "exit">({
    env: "DOCKERLOADER_ON_TRIAL_FAILURE",
    fallback: "rollback",
    schema: oneOf("rollback", "exit"),
    shown: "`rollback`",
    reader: "loader",
    doc: "after a failed trial: start the previous version in place, or `exit` as the original did",
  }),
  probationMs: setting<number>({
    env: "DOCKERLOADER_PROBATION_MS",
    fallback: 60_000,
    schema: integer(0, DAY_MS, "milliseconds"),
    shown: "`60000` ms",
    reader: "loader",
    doc: "how long after its commit a crash still takes a version back; `0` turns this off",
  }),
  stopGraceMs: setting<number>({
    env: "DOCKERLOADER_STOP_GRACE_MS",
    fallback: 8_000,
    schema: integer(0, DAY_MS, "milliseconds"),
    shown: "`8000` ms",
    reader: "loader",
    doc: "time between the forwarded SIGTERM and SIGKILL; keep it below the runtime's own (docker: 10 s)",
  }),
  trialTries: setting<number>({
    env: "DOCKERLOADER_TRIAL_TRIES",
    fallback: 3,
    schema: integer(1, 100, "starts"),
    shown: "`3`",
    reader: "loader",
    doc: "how many starts a version gets when its trials are interrupted from outside; a trial that fails by itself gets one",
  }),
  updateIntervalSecs: setting<number>({
    env: "DOCKERLOADER_UPDATE_INTERVAL_SECS",
    fallback: 300,
    schema: integer(1, DAY_MS / 1000, "seconds"),
    shown: "`300` s",
    reader: "app",
    doc: "time between two checks for an update, 10 % more or less; the first comes after half to one and a half of it",
  }),
  updateBackoffMaxSecs: setting<number>({
    env: "DOCKERLOADER_UPDATE_BACKOFF_MAX_SECS",
    fallback: 3_600,
    schema: integer(1, DAY_MS / 1000, "seconds"),
    shown: "`3600` s",
    reader: "app",
    doc: "the longest pause between checks while they fail; each is a random one below a bound that doubles up to this",
  }),
  platform: setting<string | undefined>({
    env: "DOCKERLOADER_PLATFORM",
    fallback: undefined,
    schema: v.pipe(
      v.string(),
      v.trim(),
      v.regex(/^linux\/[a-z0-9]+(\/[a-z0-9.]+)?$/, "is not a platform such as linux/arm64/v8"),
    ),
    shown: "this machine",
    reader: "both",
    doc: "the platform to choose from a multi-platform image",
  }),
  authFile: setting<string | undefined>({
    env: "DOCKERLOADER_AUTH_FILE",
    fallback: undefined,
    schema: absolutePath,
    shown: "docker's and podman's places",
    reader: "both",
    doc: "a docker `config.json` (or podman `auth.json`) with the registry credentials",
  }),
  insecureRegistries: setting<readonly string[]>({
    env: "DOCKERLOADER_INSECURE_REGISTRIES",
    fallback: [],
    schema: list,
    shown: "none",
    reader: "both",
    doc: "hosts (with port) or networks (`10.1.0.0/16`) that may be spoken to over http and whose certificates are not checked, separated by commas; loopback may speak http too",
  }),
  caFile: setting<string | undefined>({
    env: "DOCKERLOADER_CA_FILE",
    fallback: undefined,
    schema: absolutePath,
    shown: "the system's authorities",
    reader: "both",
    doc: "a PEM file of further certificate authorities for registries",
  }),
  certsDir: setting<string | undefined>({
    env: "DOCKERLOADER_CERTS_DIR",
    fallback: undefined,
    schema: absolutePath,
    shown: "docker's and podman's `certs.d`",
    reader: "both",
    doc: "a directory of directories `HOST[:PORT]/` with `*.crt` (authorities) and `*.cert` with `*.key` (client certificate)",
  }),
  mirrors: setting<readonly string[]>({
    env: "DOCKERLOADER_MIRRORS",
    fallback: [],
    schema: list,
    shown: "none",
    reader: "both",
    doc: "mirrors in their order, `docker.io=mirror.internal:5000/hub`, separated by commas; asked by digest only, with `?resolve` behind it for tags too",
  }),
  trustedRealms: setting<readonly string[]>({
    env: "DOCKERLOADER_TRUSTED_REALMS",
    fallback: [],
    schema: list,
    shown: "any public host",
    reader: "both",
    doc: "the only token services besides a registry's own host that may get credentials, separated by commas",
  }),
  username: setting<string | undefined>({
    env: "DOCKERLOADER_USERNAME",
    fallback: undefined,
    schema: text,
    shown: "none",
    reader: "both",
    doc: "a user name for the target's registry; the password stands in `DOCKERLOADER_PASSWORD_FILE`",
  }),
  passwordFile: setting<string | undefined>({
    env: "DOCKERLOADER_PASSWORD_FILE",
    fallback: undefined,
    schema: absolutePath,
    shown: "none",
    reader: "both",
    doc: "a file with the password or token of `DOCKERLOADER_USERNAME`; read at every use, so it may rotate",
  }),
  shareFiles: setting<"links" | "clones" | "off">({
    env: "DOCKERLOADER_SHARE_FILES",
    fallback: "links",
    schema: oneOf("links", "clones", "off"),
    shown: "`links`",
    reader: "both",
    doc: "how a new version takes the files of layers it has in common with one on disk: `clones` where the volume can (XFS, btrfs), else unpacked anew; `links`: else by hard links to files that are proven unchanged; `off`: always unpacked anew",
  }),
  cliWaitSecs: setting<number>({
    env: "DOCKERLOADER_CLI_WAIT_SECS",
    fallback: 60,
    schema: integer(0, DAY_MS / 1000, "seconds"),
    shown: "`60` s",
    reader: "app",
    doc: "how long `cli` waits for the first download",
  }),
  inspect: setting<Address | undefined>({
    env: "DOCKERLOADER_INSPECT",
    fallback: undefined,
    schema: address,
    shown: "off",
    reader: "loader",
    doc: "`host:port` of the live view, e.g. `127.0.0.1:8420`; `dockerloader inspect` prints its address with the token",
  }),
  metrics: setting<Address | undefined>({
    env: "DOCKERLOADER_METRICS",
    fallback: undefined,
    schema: address,
    shown: "off",
    reader: "loader",
    doc: "`host:port` of `/metrics` (Prometheus), `/healthz` and `/readyz`, e.g. `127.0.0.1:9420`",
  }),
  eventsFd: setting<number | undefined>({
    env: "DOCKERLOADER_EVENTS_FD",
    fallback: undefined,
    schema: integer(3, 1023, "file descriptors"),
    shown: "off",
    reader: "loader",
    doc: "an open file descriptor that gets every event as a line of JSON; a slow reader misses lines and holds up nothing",
  }),
  logLevel: setting<"error" | "warn" | "info" | "debug">({
    env: "DOCKERLOADER_LOG_LEVEL",
    fallback: "info",
    schema: oneOf("error", "warn", "info", "debug"),
    shown: "`info`",
    reader: "both",
    doc: "`error`, `warn`, `info` or `debug`",
  }),
  logFormat: setting<"auto" | "json" | "pretty">({
    env: "DOCKERLOADER_LOG_FORMAT",
    fallback: "auto",
    schema: oneOf("auto", "json", "pretty"),
    shown: "`auto`",
    reader: "both",
    doc: "`json`, `pretty`, or `auto`: pretty on a terminal, JSON lines otherwise",
  }),
} as const;

export type SettingKey = keyof typeof SETTINGS;
/** The checked configuration, each value with the type its setting states. */
export type Config = {
  readonly [K in SettingKey]: (typeof SETTINGS)[K] extends Setting<infer T> ? T : never;
};

/** Variables that the loader gives its child; an operator's value of them is ignored. */
export const CHILD_VARIABLES = {
  DOCKERLOADER_TRIAL: "`1` while the version is on trial, absent otherwise",
  DOCKERLOADER_DIGEST: "the digest of the running version",
  DOCKERLOADER_RUN_ID: "a random id of this start; every process the app starts inherits it",
} as const;
