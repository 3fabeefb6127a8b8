import yargs, { type Argv } from "yargs";
import type { Environment } from "../config/load.ts";
import { DockerloaderError, EXIT } from "../errors.ts";
import { didYouMean } from "../nearest.ts";
import { VERSION } from "../version.ts";
import { check } from "./check.ts";
import { type Command, type CommandContext, printLines } from "./command.ts";
import { createCompletion } from "./completion.ts";
import { type CompletionWord, SCRIPTS } from "./completion-scripts.ts";
import { doctor } from "./doctor.ts";
import { fetch } from "./fetch.ts";
import { forget } from "./forget.ts";
import { gc } from "./gc.ts";
import { type HelpEntry, helpLines } from "./help.ts";
import { history } from "./history.ts";
import { inspect } from "./inspect.ts";
import { observe } from "./observe.ts";
import { checkNumbers } from "./numbers.ts";
import { pack } from "./pack.ts";
import { perform } from "./perform.ts";
import { pull } from "./pull.ts";
import { ready } from "./ready.ts";
import { rollback } from "./rollback.ts";
import { status } from "./status.ts";
import { verify } from "./verify.ts";
import { why } from "./why.ts";

/** Every command that yargs parses, in the order of the help. `run` and `cli` are handled before (src/main.ts). */
export const COMMANDS: readonly Command<never>[] = [
  status,
  why,
  history,
  doctor,
  inspect,
  rollback,
  forget,
  check,
  ready,
  pull,
  pack,
  gc,
  verify,
  createCompletion(completionWords),
  fetch,
  observe,
] as const;

/** Handled before yargs is loaded (src/main.ts); listed here for the help and for completion. */
const FAST = { run: "run the loader: the default", cli: "call the committed version with `cli args`" };
const SCREEN_COLUMNS = 80;

/** Everything that people call. */
function helpEntries(): HelpEntry[] {
  const parsed = COMMANDS.flatMap(({ command, describe }) => (describe === false ? [] : [{ command, describe }]));
  return [
    { command: "run [-- args..]", describe: FAST.run },
    { command: "cli [args..]", describe: FAST.cli },
    ...parsed,
  ];
}

/** The first word of a command. */
export const nameOf = ({ command }: { readonly command: string }): string => command.split(" ")[0] ?? command;

/** What a shell may complete: every command that the help shows. */
function completionWords(): CompletionWord[] {
  const parsed = COMMANDS.flatMap((command) => {
    if (command.describe === false) return [];
    const options = Object.entries(command.options ?? {}).map(([name, option]) => ({
      name,
      describe: option.describe ?? "",
    }));
    const words = nameOf(command) === "completion" ? [...SCRIPTS.keys()] : [];
    return [{ name: nameOf(command), describe: command.describe, options, words }];
  });
  const fast = Object.entries(FAST).map(([name, describe]) => ({ name, describe, options: [], words: [] }));
  return [...fast, ...parsed];
}

/** Parses the arguments and runs the command. Resolves with the exit code; faults are one line on stderr. */
export async function runCommand(args: readonly string[], env: Environment): Promise<number> {
  if (args.length === 1 && (args[0] === "--help" || args[0] === "help")) {
    printLines(helpLines(helpEntries()));
    return EXIT.ok;
  }
  return perform(env, (context) => parse(args, context));
}

async function parse(args: readonly string[], context: CommandContext): Promise<number> {
  let exitCode: number = EXIT.ok;
  const add = (parser: Argv, { command, describe, options, positionals, examples, run }: Command<never>): Argv =>
    parser.command(
      command,
      describe as string,
      (argv) => {
        for (const [name, facts] of Object.entries(positionals ?? {})) argv.positional(name, facts);
        for (const [line, text] of examples ?? []) argv.example(`$0 ${line}`, text);
        return argv
          .usage(`$0 ${command}\n\n${describe === false ? "" : describe}`)
          .options(options ?? {})
          .check(checkNumbers(options ?? {}));
      },
      async (parsed) => {
        exitCode = await run(parsed as never, context);
      },
    );

  let parser = yargs([...args])
    .scriptName("dockerloader")
    .command("run [-- args..]", FAST.run)
    .command("cli [args..]", FAST.cli)
    .strict()
    .demandCommand(1, "name a command")
    .version(VERSION)
    .help()
    .wrap(SCREEN_COLUMNS)
    .exitProcess(false)
    .fail((message, error) => {
      throw error ?? usageError(message ?? "unknown command", args);
    });
  for (const command of COMMANDS) parser = add(parser, command);

  await parser.parseAsync();
  return exitCode;
}

/** What yargs did not understand, with the name that was probably meant. */
function usageError(message: string, args: readonly string[]): DockerloaderError {
  const [, unknown = ""] = /^Unknown (?:argument|command)s?: ([^,]+)/.exec(message) ?? [];
  const command = COMMANDS.find((one) => nameOf(one) === args[0]);
  const meant =
    command === undefined
      ? didYouMean(
          unknown,
          completionWords().map(({ name }) => name),
        )
      : didYouMean(unknown, [...Object.keys(command.options ?? {}), "help", "version"], "--");
  const help = `see dockerloader ${command === undefined ? "" : `${nameOf(command)} `}--help`;
  return new DockerloaderError("USAGE", message, { hint: meant ?? help });
}
