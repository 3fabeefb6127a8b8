import { exitCodes } from "./exit-codes.ts";

/** A command as the help names it. */
export interface HelpEntry {
  /** The name and its arguments, e.g. `pull <ref>`. */
  readonly command: string;
  readonly describe: string;
}

/** The codes that people meet; the README has all of them. */
const SHOWN_CODES: ReadonlySet<number> = new Set([0, 1, 3, 42, 64, 65, 69, 74, 75, 77, 78]);
const NAME_COLUMNS = 21;

/**
 * The help of the program: one line a command, and what to type first, on one screen of 80 columns and 24 rows. yargs would
 * take forty rows for the same; it prints the help of each command.
 */
export function helpLines(commands: readonly HelpEntry[]): string[] {
  const codes = exitCodes().flatMap(({ code }) => (SHOWN_CODES.has(code) ? [code] : []));
  return [
    "dockerloader [command]: runs an image and every newer one that proves itself",
    "",
    ...commands.map(({ command, describe }) => `  ${command.padEnd(NAME_COLUMNS)}${describe}`),
    "",
    "  DOCKERLOADER_TARGET=registry.example.com/app:stable dockerloader",
    "  dockerloader status --watch        dockerloader COMMAND --help shows more",
    "Settings are DOCKERLOADER_* variables: dockerloader doctor lists them.",
    `Exit codes: ${codes.join(" ")} (see the README); run: the app's own.`,
  ];
}
