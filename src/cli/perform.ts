import type { Environment } from "../config/load.ts";
import { unknownVariables } from "../config/unknown.ts";
import { describeError, DockerloaderError, EXIT } from "../errors.ts";
import { type CommandContext, createContext } from "./command.ts";

/** Does what a command does. Resolves with the exit code; faults are one line on stderr. */
export async function perform(env: Environment, action: (context: CommandContext) => Promise<number>): Promise<number> {
  warnOfUnknownVariables(env);
  try {
    return await action(createContext(env));
  } catch (error) {
    const known = error instanceof DockerloaderError;
    process.stderr.write(`Error: ${describeError(error)} [${known ? error.code : "INTERNAL"}]\n${caret(error)}`);
    return known ? error.exitCode : EXIT.internal;
  }
}

/** The text in which an error stands, with a mark below the character; nothing for errors that stand in no text. */
function caret(error: unknown): string {
  const { text, at } = error instanceof DockerloaderError ? error.details : {};
  return typeof text === "string" && typeof at === "number"
    ? `  ${text.replace(/\p{Cc}/gu, " ")}\n  ${" ".repeat(at)}^\n`
    : "";
}

/** Once, for a person: below a loader the loader has said it already. */
function warnOfUnknownVariables(env: Environment): void {
  if (env["DOCKERLOADER_RUN_ID"] !== undefined) return;
  for (const sentence of unknownVariables(env)) process.stderr.write(`Warning: ${sentence}\n`);
}
