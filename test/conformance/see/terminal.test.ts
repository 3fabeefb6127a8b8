/** What people see in a terminal, in a real one (tmux), and what their shells complete. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { openShellLab, type ShellLab } from "../../e2e/support/shell-lab.ts";

const APP = `trap 'exit 0' TERM; echo serving; while :; do [ -e "$MARK" ] && { rm -f "$MARK"; dockerloader check; [ $? = 42 ] && exit 42; }; sleep 0.05; done`;

interface Terminal {
  readonly screen: () => string[];
  /** Waits for a phrase on the screen. */
  readonly until: (phrase: RegExp) => Promise<string[]>;
  readonly keys: (...keys: string[]) => void;
  readonly close: () => void;
}

function tmux(socket: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync("tmux", ["-L", socket, "-f", "/dev/null", ...args], {
    encoding: "utf8",
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`tmux ${args.join(" ")}: ${stderr}`);
  return stdout;
}

function openTerminal(name: string, columns: number, command: string, rows = 40): Terminal {
  const socket = `dockerloader-${process.pid}-${name}`;
  tmux(socket, "new-session", "-d", "-x", String(columns), "-y", String(rows), command);
  const screen = (): string[] => tmux(socket, "capture-pane", "-p").trimEnd().split("\n");
  return {
    screen,
    until: async (phrase) => {
      for (let tries = 0; tries < 300; tries += 1) {
        const lines = screen();
        if (phrase.test(lines.join("\n"))) return lines;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      throw new Error(`no ${phrase.source} on the screen:\n${screen().join("\n")}`);
    },
    keys: (...keys) => void tmux(socket, "send-keys", ...keys),
    close: () => void spawnSync("tmux", ["-L", socket, "kill-server"]),
  };
}

describe("in a terminal", () => {
  let lab: ShellLab;
  let mark = "";
  /** A shell line that calls the command as this lab's. */
  const line = (command: string): string =>
    `env PATH=${lab.folder}/bin:$PATH DOCKERLOADER_DATA_DIR=${lab.dataDir} DOCKERLOADER_TARGET=${lab.target} ${command}`;

  before(async () => {
    lab = await openShellLab();
    mark = join(lab.folder, "mark");
    await lab.push(APP);
    const loader = lab.start({ env: { MARK: mark, DOCKERLOADER_TRIAL_TIMEOUT_MS: "3000" } });
    await loader.until("serving");
  });
  after(() => lab.close());

  for (const [columns, digest] of [
    [80, /running +sha256:[a-f0-9]{12} /],
    [120, /running +sha256:[a-f0-9]{64} /],
  ] as const) {
    test(`status --watch at ${columns} columns: redraws in place, no line wraps, the cursor is back at the end`, async () => {
      const terminal = openTerminal(
        `watch${columns}`,
        columns,
        `sh -c 'trap : INT; ${line("dockerloader status --watch")}; echo left; sleep 60'`,
      );
      try {
        const first = await terminal.until(/healthy, committed/);
        assert.match(first.join("\n"), digest);
        assert.ok(first.every((text) => text.length <= columns));
        assert.match(first.join("\n"), /storage +.* free/);
        await lab.push(`sleep 30 # ${columns}`);
        writeFileSync(mark, "");
        const trial = await terminal.until(/on trial +sha256:.*[\d.]+ s left/);
        for (const label of ["target", "running", "on trial"]) {
          assert.equal(trial.filter((text) => text.startsWith(label)).length, 1, trial.join("\n"));
        }
        await terminal.until(/failed +sha256:[a-f0-9]+/);
        await terminal.until(/healthy, committed/);
        terminal.keys("C-c");
        await terminal.until(/left/);
      } finally {
        terminal.close();
      }
    });
  }

  test("the help fits a screen of 80 columns; why, history and doctor read well there", async () => {
    // A screen of 24 rows: one more is tmux's own.
    const terminal = openTerminal("help", 80, `sh -c '${line("dockerloader --help")}; sleep 60'`, 25);
    try {
      const lines = await terminal.until(/^Exit codes/m);
      assert.match(lines[0] ?? "", /^dockerloader \[command\]/, "nothing has scrolled away");
      for (const command of ["status", "why", "history", "doctor", "inspect"]) {
        assert.ok(
          lines.some((text) => new RegExp(`^ {2}${command} {2,}\\S`).test(text)),
          command,
        );
      }
    } finally {
      terminal.close();
    }
    const other = openTerminal(
      "why",
      80,
      `sh -c '${line("dockerloader why")}; ${line("dockerloader history --last 5")}; ${line("dockerloader doctor")} | head -8; echo end; sleep 60'`,
    );
    try {
      const text = (await other.until(/^end$/m)).join("\n");
      assert.match(text, /sha256:[a-f0-9]{12} failed|newest version runs|failed its trial/);
      assert.match(text, /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}\S/);
      assert.match(text, /^ok +volume: locks work$/m);
    } finally {
      other.close();
    }
  });
});

describe("completion in a real shell", () => {
  let lab: ShellLab;
  before(async () => {
    lab = await openShellLab();
  });
  after(() => lab.close());

  const shell = (program: string, args: readonly string[], script: string): string => {
    const { status, stdout, stderr, error } = spawnSync(program, [...args, script], {
      encoding: "utf8",
      env: { ...process.env, HOME: lab.folder, PATH: `${lab.folder}/bin:${process.env["PATH"]}` },
    });
    if (error !== undefined) throw error;
    assert.equal(status, 0, stderr);
    return stdout;
  };

  test("bash completes commands and each command's options", () => {
    const ask = (words: string): string =>
      shell(
        "bash",
        ["-c"],
        `source <(dockerloader completion bash); COMP_WORDS=(${words}); COMP_CWORD=$((\${#COMP_WORDS[@]}-1)); _dockerloader; echo "\${COMPREPLY[@]}"`,
      ).trim();
    assert.equal(ask("dockerloader st"), "status");
    assert.equal(ask("dockerloader status --w"), "--watch");
    assert.equal(ask("dockerloader completion z"), "zsh");
  });

  test("zsh loads the script and knows whom to ask", () => {
    const out = shell(
      "zsh",
      ["-fc"],
      `autoload -Uz compinit; compinit -u -d ${lab.folder}/zcompdump; eval "$(dockerloader completion zsh)"; print $_comps[dockerloader]; whence -w _dockerloader`,
    );
    assert.match(out, /^_dockerloader\n_dockerloader: function/);
  });

  test("fish completes commands with what they do, and options", () => {
    const ask = (text: string): string =>
      shell("fish", ["-c"], `dockerloader completion fish | source; complete -C "${text}"`);
    assert.match(ask("dockerloader wh"), /^why\twhy the running version is not the newest$/m);
    assert.match(ask("dockerloader status --"), /^--watch\t/m);
  });
});
