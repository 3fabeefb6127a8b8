import { DockerloaderError, ERROR_CODES, type ErrorCode, EXIT } from "../errors.ts";
import { type Command, JSON_OPTION, printJson } from "./command.ts";

/** For an app without the library: one update check. Exit 42: a newer version is staged, exit 42 yourself. */
export const check: Command<{ json: boolean }> = {
  command: "check",
  describe: "look for an update and stage it (exit 42)",
  options: JSON_OPTION,
  examples: [["check || [ $? = 42 ] && exit 42", "in a shell app: restart into a newer version"]],
  run: async ({ json }, { env, config, log }) => {
    config();
    const { checkForUpdate } = await import("../app/update.ts");
    const result = await checkForUpdate({ env, log: log(json ? "data" : "events") });
    if (json) printJson(result);
    if (result.kind === "staged") return EXIT.restart;
    if (result.kind === "failed") return exitCodeOf(result.error.code);
    if (result.kind === "not-supervised") {
      throw new DockerloaderError(
        "NOT_RUNNING",
        "this process does not run under a dockerloader, so there is nothing to update",
      );
    }
    return EXIT.ok;
  },
};

function exitCodeOf(code: string): number {
  return Object.hasOwn(ERROR_CODES, code) ? ERROR_CODES[code as ErrorCode].exitCode : EXIT.internal;
}
