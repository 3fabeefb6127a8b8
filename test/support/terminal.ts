/** A real terminal (tmux), for what only shows in one. */
import { spawnSync } from "node:child_process";

export interface Terminal extends AsyncDisposable {
  /** What stands on the screen, without what is blank at its end. */
  readonly screen: () => string[];
  /** Waits for a phrase on the screen, half a minute at most. */
  readonly until: (phrase: RegExp) => Promise<string[]>;
  readonly keys: (...keys: string[]) => void;
}

const TRIES = 300;
const TRY_MS = 100;

function tmux(socket: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync("tmux", ["-L", socket, "-f", "/dev/null", ...args], {
    encoding: "utf8",
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`tmux ${args.join(" ")}: ${stderr}`);
  return stdout;
}

/** Opens a terminal of this size that runs a shell line. `name` tells it from others of this process. */
export function openTerminal(name: string, columns: number, rows: number, line: string): Terminal {
  const socket = `dockerloader-${process.pid}-${name}`;
  tmux(socket, "new-session", "-d", "-x", String(columns), "-y", String(rows), line);
  const screen = (): string[] => tmux(socket, "capture-pane", "-p").trimEnd().split("\n");
  return {
    screen,
    until: async (phrase) => {
      for (let tries = 0; tries < TRIES; tries += 1) {
        const lines = screen();
        if (phrase.test(lines.join("\n"))) return lines;
        await new Promise((resolve) => setTimeout(resolve, TRY_MS));
      }
      throw new Error(`no ${phrase.source} on the screen:\n${screen().join("\n")}`);
    },
    keys: (...keys) => void tmux(socket, "send-keys", ...keys),
    [Symbol.asyncDispose]: async () => void spawnSync("tmux", ["-L", socket, "kill-server"]),
  };
}
