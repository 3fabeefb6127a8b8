import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Registry } from "../../test/support/docker-registry.ts";
import { timed } from "./registry-download.ts";

/** What one look at an unchanged tag costs. */
export interface Idle {
  readonly requests: number;
  /** Bytes of the bodies that the registry sent. */
  readonly bytes: number;
  readonly cpuMs: number;
}

/** Checks that are averaged: the clock of a process's CPU time is coarse. */
const CHECKS = 50;

async function askedSince(registry: Registry, checks: number): Promise<{ requests: number; bytes: number }> {
  const asked = await registry.asked();
  return { requests: asked.length / checks, bytes: asked.reduce((sum, { bytes }) => sum + bytes, 0) / checks };
}

async function told(child: ChildProcess): Promise<unknown> {
  const [message] = (await once(child, "message", { signal: AbortSignal.timeout(60_000) })) as [unknown];
  return message;
}

/** Ours, in a process that has looked before. */
export async function idleOfOurs(registry: Registry): Promise<Idle> {
  const args = [`${registry.host}/bench:1`, String(CHECKS)];
  const child = fork(join(import.meta.dirname, "registry-check.ts"), args);
  try {
    await told(child);
    await registry.asked();
    child.send("go");
    const cpuMs = Number(await told(child));
    return { ...(await askedSince(registry, CHECKS)), cpuMs };
  } finally {
    child.kill();
  }
}

/** `skopeo inspect`, what a script would use to look for an update. */
export async function idleOfInspect(registry: Registry): Promise<Idle> {
  await registry.asked();
  const { cpuMs } = await timed("skopeo", [
    "inspect",
    "--no-tags",
    "--tls-verify=false",
    `docker://${registry.host}/bench:1`,
  ]);
  return { ...(await askedSince(registry, 1)), cpuMs };
}
