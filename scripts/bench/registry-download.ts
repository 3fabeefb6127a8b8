import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { must } from "../../test/container/support/command.ts";

/** Milliseconds. The CPU time is the client's alone. */
export interface Cost {
  readonly wallMs: number;
  /** Until the disk has it, after `wallMs`. Only ours does that. */
  readonly syncMs?: number;
  readonly cpuMs: number;
}

/** What is to be downloaded: one blob, and the image that has it as its only layer. */
export interface Download {
  readonly url: string;
  readonly reference: string;
  /** An empty folder on the disk to write to. */
  readonly folder: string;
  /** The certificate of the authority behind the registry's own. */
  readonly authority: string;
}

export type Party = "dockerloader" | "skopeo" | "curl" | "bare";

interface Contender {
  readonly title: string;
  readonly run: (download: Download) => Promise<Cost>;
}

/** Runs a Node program of this folder that measures itself: what a running app pays, which has its modules loaded. */
async function measured(program: string, args: readonly string[], authority: string): Promise<Cost> {
  const env = { NODE_EXTRA_CA_CERTS: authority };
  return JSON.parse(await must(process.execPath, [join(import.meta.dirname, program), ...args], { env })) as Cost;
}

/** Runs a program under bash, whose `times` knows the CPU time of its children; their start is part of it. */
export async function timed(program: string, args: readonly string[]): Promise<Cost> {
  const started = performance.now();
  const text = await must("bash", ["-c", '"$@" >/dev/null && times', "bash", program, ...args]);
  const wallMs = performance.now() - started;
  const last = text.split("\n").at(-1) ?? "";
  const parts = [...last.matchAll(/(\d+)m([\d.]+)s/g)];
  const cpuMs = parts.reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60_000 + Number(seconds) * 1000, 0);
  return { wallMs, cpuMs };
}

export const PARTIES: Readonly<Record<Party, Contender>> = {
  dockerloader: {
    title: "dockerloader: hashed, to disk",
    run: ({ reference, folder, authority }) =>
      measured("registry-pull.ts", [reference, join(folder, "ours")], authority),
  },
  skopeo: {
    title: "skopeo copy: hashed, to disk",
    run: async ({ reference, folder, authority, url }) => {
      const target = join(folder, "skopeo");
      const tls = url.startsWith("https:") ? ["--src-cert-dir", dirname(authority)] : ["--src-tls-verify=false"];
      try {
        return await timed("skopeo", [
          "--insecure-policy",
          "copy",
          "--quiet",
          ...tls,
          `docker://${reference}`,
          `dir:${target}`,
        ]);
      } finally {
        await rm(target, { recursive: true, force: true });
      }
    },
  },
  curl: {
    title: "curl: to disk",
    run: async ({ url, folder, authority }) => {
      const target = join(folder, "curl");
      try {
        return await timed("curl", [
          "--silent",
          "--show-error",
          "--fail",
          "--cacert",
          authority,
          "--output",
          target,
          url,
        ]);
      } finally {
        await rm(target, { force: true });
      }
    },
  },
  bare: {
    title: "node:http(s): read only",
    run: ({ url, authority }) => measured("registry-read.ts", [url], authority),
  },
};
