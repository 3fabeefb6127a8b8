import type { ServerResponse } from "node:http";

/**
 * What can go wrong on the way. `cut`, `stall` and `corrupt` play on the body of the real answer, whatever it is;
 * an answer without a body (HEAD, 204, 304) is not touched by them.
 */
export type Fault =
  | {
      readonly kind: "status";
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    }
  /** A part of the body, then the connection is destroyed. */
  | { readonly kind: "cut"; readonly afterBytes: number }
  /** A part of the body, then nothing more on an open connection. */
  | { readonly kind: "stall"; readonly afterBytes: number }
  /** The real length, one byte changed. */
  | { readonly kind: "corrupt" }
  /** The body in pieces of this many bytes, each after a pause. */
  | { readonly kind: "dribble"; readonly bytes: number; readonly everyMs: number }
  /** Status 200 and a body that never ends. */
  | { readonly kind: "endless" }
  /** Announces this many bytes more (or fewer) than the body has; the connection ends behind a body that is too short. */
  | { readonly kind: "length"; readonly by: number }
  /** Headers of the real answer replaced or added: a wrong digest, an encoding that is not there. */
  | { readonly kind: "headers"; readonly headers: Readonly<Record<string, string>> }
  /** The connection is destroyed before an answer. */
  | { readonly kind: "reset" }
  /** No answer at all, on an open connection: also for a HEAD. */
  | { readonly kind: "silence" };

export interface FaultRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** How often this method and path were asked for, this time included. */
  readonly attempt: number;
}

/** Decides for each request whether and how it fails. */
export type FaultPlan = (request: FaultRequest) => Fault | undefined;

/** The plans in force and how often each request came. */
export interface Faults {
  readonly next: (method: string, path: string) => Fault | undefined;
  readonly add: (plan: FaultPlan) => () => void;
}

export function createFaults(): Faults {
  const plans = new Set<FaultPlan>();
  const counts = new Map<string, number>();
  return {
    next: (method, path) => {
      const key = `${method} ${path}`;
      const attempt = (counts.get(key) ?? 0) + 1;
      counts.set(key, attempt);
      for (const plan of plans) {
        const fault = plan({ method, path, attempt });
        if (fault !== undefined) return fault;
      }
      return undefined;
    },
    add: (plan) => {
      plans.add(plan);
      return () => void plans.delete(plan);
    },
  };
}

/** Sends a body with the fault in it; answers how many bytes of it were handed to the connection. */
export function sendWithFault(response: ServerResponse, body: Buffer, fault: Fault | undefined): number {
  switch (fault?.kind) {
    case "cut": {
      const part = body.subarray(0, fault.afterBytes);
      response.write(part, () => response.destroy());
      return part.length;
    }
    case "stall": {
      const part = body.subarray(0, fault.afterBytes);
      response.flushHeaders();
      response.write(part);
      return part.length;
    }
    case "dribble":
      dribble(response, body, fault.bytes, fault.everyMs);
      return body.length;
    case "endless":
      return flood(response);
    case "length":
      response.end(body, () => fault.by > 0 && response.destroy());
      return body.length;
    case "corrupt":
      response.end(withOneByteChanged(body));
      return body.length;
    default:
      response.end(body);
      return body.length;
  }
}

function dribble(response: ServerResponse, body: Buffer, bytes: number, everyMs: number): void {
  let at = 0;
  const timer = setInterval(() => {
    response.write(body.subarray(at, at + bytes));
    at += bytes;
    if (at >= body.length) response.end();
  }, everyMs);
  response.once("close", () => clearInterval(timer));
}

/** Sends until the other side has had enough. */
function flood(response: ServerResponse): number {
  const piece = Buffer.alloc(64 * 1024, 0x20);
  const more = (): void => {
    while (!response.destroyed && response.write(piece));
    if (!response.destroyed) response.once("drain", more);
  };
  more();
  return 0;
}

function withOneByteChanged(body: Buffer): Buffer {
  const changed = Buffer.from(body);
  const middle = changed.length >> 1;
  const byte = changed[middle];
  if (byte !== undefined) changed[middle] = byte ^ 1;
  return changed;
}
