import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { must } from "../../../test/container/support/command.ts";
import type { Contestant } from "./contest.ts";

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

/** Pulls an image, one that shares layers with it being there already when `before` names it; the daemon's start is not timed. */
export function containerd(reference: string, before?: string): Contestant {
  let running: Awaited<ReturnType<typeof start>> | undefined;
  const pull = async (image: string): Promise<void> => {
    const address = running?.address ?? "";
    await must("ctr", ["--address", address, "images", "pull", "--plain-http", image]);
  };
  return {
    name: "containerd",
    prepare: async (place) => {
      running = await start(place);
      if (before !== undefined) await pull(before);
    },
    run: () => pull(reference),
    finish: async () => {
      if (running === undefined) return;
      const gone = once(running.daemon, "exit");
      running.daemon.kill("SIGTERM");
      await gone;
    },
  };
}
