import type { Fault, TestRegistry } from "../../../src/testing/index.ts";

/** One way to fail, and whether a pull has to get over it when it happens twice and then no more. */
export interface FaultKind {
  readonly name: string;
  readonly fault: (registry: TestRegistry, elsewhere: string) => Fault;
  readonly passes: boolean;
}

const kind = (name: string, passes: boolean, fault: Fault): FaultKind => ({ name, passes, fault: () => fault });
const status = (code: number, passes: boolean, headers: Readonly<Record<string, string>> = {}): FaultKind =>
  kind(`${code} ${JSON.stringify(headers)}`, passes, { kind: "status", status: code, headers });

const WRONG_DIGEST = `sha256:${"0".repeat(64)}`;

/** Every fault of the study. A status without a retry ends the pull: 401 and 403 twice, 404, a redirect that is refused. */
export const FAULT_KINDS: readonly FaultKind[] = [
  kind("cut at byte 0", true, { kind: "cut", afterBytes: 0 }),
  kind("cut at byte 40", true, { kind: "cut", afterBytes: 40 }),
  kind("stall at byte 40", true, { kind: "stall", afterBytes: 40 }),
  kind("dribble", true, { kind: "dribble", bytes: 1, everyMs: 20 }),
  kind("reset", true, { kind: "reset" }),
  kind("wrong bytes", false, { kind: "corrupt" }),
  kind("announces too much", false, { kind: "length", by: 10 }),
  kind("announces too little", false, { kind: "length", by: -10 }),
  kind("wrong digest header", true, { kind: "headers", headers: { "docker-content-digest": WRONG_DIGEST } }),
  kind("an encoding that is not there", true, { kind: "headers", headers: { "content-encoding": "gzip" } }),
  kind("endless body", false, { kind: "endless" }),
  kind("oversized body", false, { kind: "status", status: 200, body: " ".repeat(4 * 1024 * 1024 + 1) }),
  kind("bad JSON", false, { kind: "status", status: 200, body: "{<html>" }),
  status(401, false, { "www-authenticate": 'Basic realm="x"' }),
  status(403, false),
  status(404, false),
  status(408, true),
  status(429, true),
  status(429, true, { "retry-after": "0" }),
  status(429, false, { "retry-after": "100000" }),
  ...[500, 502, 503, 504].map((code) => status(code, true)),
  status(501, false),
  {
    name: "redirect to another host",
    passes: false,
    fault: (_registry, elsewhere) => ({ kind: "status", status: 307, headers: { location: `http://${elsewhere}/x` } }),
  },
  {
    name: "redirect in a loop",
    passes: false,
    fault: ({ host }) => ({ kind: "status", status: 307, headers: { location: `http://${host}/v2/loop` } }),
  },
  status(307, false, { location: "file:///etc/passwd" }),
];

/** There is no ping: the first request is the one that is wanted, so nothing can fail in it. */
export const PHASES = ["token", "manifest", "index", "config", "blob"] as const;
export type Phase = (typeof PHASES)[number];
