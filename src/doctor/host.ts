import { readFileSync } from "node:fs";
import type { Config } from "../config/table.ts";
import { isLoaderRunning, openStore } from "../store/index.ts";
import { fault, type Finding, ok, warning } from "./finding.ts";

const LEAST_NODE = [22, 18] as const;

/** The process table, the interpreter, and whether a loader is there. */
export function checkHost(config: Config): Finding[] {
  return [judgeNode(process.versions.node), judgeInit(nameOfInit()), checkLoader(config)];
}

export function judgeNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const enough = major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1]);
  return enough
    ? ok("node", `Node ${version} on ${process.arch}`)
    : fault("node", `Node ${version} is too old`, `use Node ${LEAST_NODE.join(".")} or newer`);
}

/** What process 1 calls itself; undefined: this user may not see it. */
function nameOfInit(): string | undefined {
  try {
    return readFileSync("/proc/1/comm", "utf8").trim();
  } catch {
    return undefined;
  }
}

/** Whoever is process 1 has to bury orphans; Node does not. */
export function judgeInit(name: string | undefined): Finding {
  if (name === undefined) return ok("init", "process 1 is hidden from this user");
  return /^(node|MainThread|dockerloader)/.test(name)
    ? warning(
        "init",
        "process 1 is Node, which buries no orphans",
        "put tini in front, or start the container with --init",
      )
    : ok("init", `process 1 is ${name}`);
}

function checkLoader({ dataDir }: Config): Finding {
  return isLoaderRunning(openStore(dataDir, { create: false }))
    ? ok("loader", "a loader runs on this data directory")
    : ok("loader", "no loader runs on this data directory");
}
