import { DockerloaderError, EXIT } from "../errors.ts";
import type { Command } from "./command.ts";
import { type CompletionWord, SCRIPTS } from "./completion-scripts.ts";

/** The completion command of a program with these commands: asked late, because it is one of them itself. */
export function createCompletion(commands: () => readonly CompletionWord[]): Command<{ shell: string }> {
  return {
    command: "completion <shell>",
    describe: "completion script for bash, zsh or fish",
    positionals: { shell: { type: "string", demandOption: true, describe: "bash, zsh or fish" } },
    examples: [
      ["completion bash > /etc/bash_completion.d/dockerloader", ""],
      ['completion zsh > "${fpath[1]}/_dockerloader"', ""],
      ["completion fish > ~/.config/fish/completions/dockerloader.fish", ""],
    ],
    run: async ({ shell }) => {
      const script = SCRIPTS.get(shell);
      if (script === undefined) {
        throw new DockerloaderError("USAGE", `there is no completion for ${JSON.stringify(shell)}`, {
          hint: `name one of ${[...SCRIPTS.keys()].join(", ")}`,
        });
      }
      process.stdout.write(script(commands()));
      return EXIT.ok;
    },
  };
}
