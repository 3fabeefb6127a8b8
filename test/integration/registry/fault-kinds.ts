import type { ErrorCode } from "../../../src/errors.ts";
import type { Fault } from "../../../src/testing/index.ts";

/** Addresses that a redirect may lead to. */
export interface Elsewhere {
  /** The registry itself, `HOST:PORT`. */
  readonly own: string;
  /** Another server, over http. */
  readonly other: string;
}

/** One way to fail. */
export interface FaultKind {
  readonly name: string;
  readonly fault: (elsewhere: Elsewhere) => Fault;
  /** How a pull may end to which it happens twice. Empty: it gets over it. */
  readonly ends: readonly ErrorCode[];
  /** Somebody has to wait for what does not come. */
  readonly waits?: boolean;
}

const kind = (name: string, fault: Fault, ...ends: readonly ErrorCode[]): FaultKind => ({
  name,
  ends,
  fault: () => fault,
});
const slow = (name: string, fault: Fault): FaultKind => ({ ...kind(name, fault), waits: true });
const status = (code: number, ends: readonly ErrorCode[], headers: Readonly<Record<string, string>> = {}): FaultKind =>
  kind(`${code} ${JSON.stringify(headers)}`, { kind: "status", status: code, headers }, ...ends);
const redirect = (name: string, location: (elsewhere: Elsewhere) => string, ends: readonly ErrorCode[]): FaultKind => ({
  name: `redirect ${name}`,
  ends,
  fault: (elsewhere) => ({ kind: "status", status: 307, headers: { location: location(elsewhere) } }),
});

/** What is asked for it is sent to it. */
export const LOOP = "/v2/loop";
const WRONG_DIGEST = `sha256:${"0".repeat(64)}`;
/** Content that is not what was asked for: by what it is seen depends on whether digest, size, form or meaning are looked at first. */
const WRONG: readonly ErrorCode[] = [
  "DIGEST_MISMATCH",
  "SIZE_MISMATCH",
  "MANIFEST_INVALID",
  "REGISTRY_PROTOCOL",
  "REGISTRY_UNAUTHORIZED",
  "MANIFEST_UNKNOWN",
  "PLATFORM_MISSING",
];

/** Every fault of the study. */
export const FAULT_KINDS: readonly FaultKind[] = [
  kind("cut at byte 0", { kind: "cut", afterBytes: 0 }),
  kind("cut at byte 40", { kind: "cut", afterBytes: 40 }),
  slow("stall at byte 40", { kind: "stall", afterBytes: 40 }),
  slow("dribble", { kind: "dribble", bytes: 1, everyMs: 20 }),
  slow("silence", { kind: "silence" }),
  kind("reset", { kind: "reset" }),
  kind("wrong bytes", { kind: "corrupt" }, ...WRONG),
  kind("announces too much", { kind: "length", by: 10 }, "SIZE_MISMATCH"),
  kind("announces too little", { kind: "length", by: -10 }, ...WRONG, "REGISTRY_UNREACHABLE"),
  kind("wrong digest header", { kind: "headers", headers: { "docker-content-digest": WRONG_DIGEST } }),
  kind("an encoding that is not there", { kind: "headers", headers: { "content-encoding": "gzip" } }),
  kind("endless body", { kind: "endless" }, "REGISTRY_PROTOCOL", "SIZE_MISMATCH"),
  kind("oversized body", { kind: "status", status: 200, body: " ".repeat(4 * 1024 * 1024 + 1) }, ...WRONG),
  kind("bad JSON", { kind: "status", status: 200, body: "{<html>" }, ...WRONG),
  status(401, ["REGISTRY_UNAUTHORIZED"], { "www-authenticate": 'Basic realm="x"' }),
  status(403, ["REGISTRY_DENIED"]),
  status(404, ["MANIFEST_UNKNOWN"]),
  status(408, []),
  status(429, []),
  status(429, [], { "retry-after": "0" }),
  status(429, ["REGISTRY_RATE_LIMITED"], { "retry-after": "100000" }),
  ...[500, 502, 503, 504].map((code) => status(code, [])),
  status(501, ["REGISTRY_PROTOCOL"]),
  redirect("to another host", ({ other }) => `http://${other}/x`, ["MANIFEST_UNKNOWN"]),
  redirect("in a loop", ({ own }) => `http://${own}${LOOP}`, ["REGISTRY_PROTOCOL"]),
  redirect("to a file", () => "file:///etc/passwd", ["REGISTRY_PROTOCOL"]),
];

/** From https to http: for a registry that speaks https. */
export const DOWNGRADES: readonly FaultKind[] = [
  redirect("to another host over http", ({ other }) => `http://${other}/x`, ["REGISTRY_PROTOCOL"]),
  redirect("to itself over http", ({ own }) => `http://${own}/x`, ["REGISTRY_PROTOCOL"]),
];

/** A pull pings nobody (there is a test for that): the first request is the one that is wanted, so nothing can fail in a ping. */
export const PHASES = ["token", "manifest", "index", "config", "blob"] as const;
export type Phase = (typeof PHASES)[number];
