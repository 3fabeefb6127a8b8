import { closeSync, constants, existsSync, openSync, readdirSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { until } from "../../../support/replay/until.ts";

const FIXTURES = join(import.meta.dirname, "../../../fixtures");
export const OBEDIENT_APP = readFileSync(join(FIXTURES, "obedient-app"), "utf8");

/** The test's hold on the running app: it does what it is told, one order after the other. */
export interface Orders {
  readonly give: (order: string) => void;
  /** Resolves when the app with this pid listens. */
  readonly listening: (pid: number) => Promise<void>;
  readonly close: () => void;
}

/** Opens the pipe `orders`, which exists already, for reading too: it then neither blocks nor loses an order. */
export function openOrders(lab: string): Orders {
  const pipe = openSync(join(lab, "orders"), constants.O_RDWR | constants.O_NONBLOCK);
  return {
    give: (order) => void writeSync(pipe, `${order}\n`),
    listening: (pid) => until(`the app ${pid} is up`, () => existsSync(join(lab, `up-${pid}`))),
    close: () => closeSync(pipe),
  };
}

/** The state letter of a process (proc(5)); undefined when it is gone. */
export function stateOfProcess(pid: number): string | undefined {
  try {
    return /\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1];
  } catch {
    return undefined;
  }
}

/** The environment of a process. */
export function environmentOf(pid: number): Record<string, string> {
  const lines = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
}

/** Those of these processes that have exactly this in their environment. */
export function processesWith(variable: string, pids: readonly number[]): number[] {
  const needle = Buffer.from(`${variable}\0`);
  return pids.filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`).includes(needle);
    } catch {
      return false;
    }
  });
}

/** The children of this process, the dead ones that it has not noticed yet included (proc(5), "children"). */
export const children = (): number[] =>
  readdirSync("/proc/self/task").flatMap((thread) =>
    readFileSync(`/proc/self/task/${thread}/children`, "utf8")
      .split(" ")
      .filter((pid) => pid !== "")
      .map(Number),
  );
