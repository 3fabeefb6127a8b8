import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { must } from "../../../test/container/support/command.ts";
import type { Contestant } from "./contest.ts";
import type { Made } from "./made.ts";

/** A containerd of its own, without Kubernetes' part, that keeps everything in one directory. */
async function start(directory: string): Promise<{ readonly address: string; readonly daemon: ChildProcess }> {
  const at = (name: string): string => join(directory, name);
  const [config, address] = [at("config.toml"), at("socket")];
  mkdirSync(directory, { recursive: true });
  const text = [
    `version = 2`,
    `root = "${at("root")}"`,
    `state = "${at("state")}"`,
    `disabled_plugins = ["io.containerd.grpc.v1.cri"]`,
    `[grpc]`,
    `  address = "${address}"`,
  ];
  writeFileSync(config, text.join("\n"));
  const daemon = spawn("containerd", ["--config", config], { stdio: ["ignore", "ignore", "pipe"] });
  const ended = once(daemon, "exit").then(() => {
    throw new Error("containerd ended instead of starting");
  });
  const booted = (async () => {
    for await (const line of createInterface({ input: daemon.stderr }))
      if (line.includes("successfully booted")) return;
  })();
  await Promise.race([booted, ended]);
  ended.catch(() => undefined);
  daemon.stderr.resume();
  return { address, daemon };
}

/** Pulls an image; the daemon's start is not timed. */
export function containerd(): Contestant {
  let running: Awaited<ReturnType<typeof start>> | undefined;
  const pull = async ({ reference }: Made): Promise<void> => {
    const address = running?.address ?? "";
    await must("ctr", ["--address", address, "images", "pull", "--plain-http", reference]);
  };
  return {
    name: "containerd",
    prepare: async ({ directory, before }) => {
      running = await start(directory);
      if (before !== undefined) await pull(before);
    },
    run: ({ image }) => pull(image),
    finish: async () => {
      if (running === undefined) return;
      const gone = once(running.daemon, "exit");
      running.daemon.kill("SIGTERM");
      await gone;
    },
  };
}
