import yargs, { type Argv } from "yargs";
import type { Environment } from "../config/load.ts";
import { describeError, DockerloaderError, EXIT } from "../errors.ts";
import { VERSION } from "../version.ts";
import { check } from "./check.ts";
import { type Command, createContext } from "./command.ts";
import { fetch } from "./fetch.ts";
import { gc } from "./gc.ts";
import { pull } from "./pull.ts";
import { ready } from "./ready.ts";
import { status } from "./status.ts";

const EPILOGUE = `Settings are environment variables (DOCKERLOADER_TARGET, DOCKERLOADER_DATA_DIR ...): see the table in the README.
Exit codes: 0 done, 3 not running, 42 restart me (check: an update is staged), 64 usage, 65 bad image,
69 registry unavailable, 74 disk, 75 locked, 77 not allowed, 78 configuration; run: the app's own, signal s as 128+s.`;

/** Parses the arguments and runs the command. Resolves with the exit code; faults are one line on stderr. */
export async function runCommand(args: readonly string[], env: Environment): Promise<number> {
  let exitCode: number = EXIT.ok;
  const context = createContext(env);

  const add = <T>(parser: Argv, { command, describe, builder, run }: Command<T>): Argv =>
    parser.command(command, describe as string, builder, async (parsed) => {
      exitCode = await run(parsed as T, context);
    });

  let parser = yargs([...args])
    .scriptName("dockerloader")
    .usage("$0 [command]\n\nRuns an image and every newer one that proves itself, in one container.")
    .command("run [-- args..]", "run the loader: the default")
    .command("cli [args..]", "call the committed version as `entrypoint cli args`")
    .example("DOCKERLOADER_TARGET=registry.example.com/app:stable $0", "the loader, as a container runs it")
    .example("$0 check || [ $? = 42 ] && exit 42", "in a shell app: restart into a newer version")
    .epilogue(EPILOGUE)
    .strict()
    .demandCommand(1)
    .version(VERSION)
    .help()
    .wrap(110)
    .exitProcess(false)
    .fail((message, error) => {
      throw error ?? new DockerloaderError("USAGE", message ?? "unknown command", { hint: "see dockerloader --help" });
    });
  parser = add(parser, ready);
  parser = add(parser, check);
  parser = add(parser, status);
  parser = add(parser, gc);
  parser = add(parser, pull);
  parser = add(parser, fetch);

  try {
    await parser.parseAsync();
    return exitCode;
  } catch (error) {
    const known = error instanceof DockerloaderError;
    process.stderr.write(`Error: ${describeError(error)} [${known ? error.code : "INTERNAL"}]\n`);
    return known ? error.exitCode : EXIT.internal;
  }
}
