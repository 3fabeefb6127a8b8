import { CHILD_VARIABLES, SETTINGS, type Setting } from "../../src/config/table.ts";
import { exitCodes } from "../../src/cli/exit-codes.ts";
import { ERROR_CODES } from "../../src/errors.ts";

const READERS = { loader: "loader", app: "app", both: "both" } as const;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** The configuration table, from the one table of settings. */
export function configurationTable(): string {
  const rows = (Object.values(SETTINGS) as Setting<unknown>[]).map(({ env, shown, reader, doc }) => [
    `\`${env}\``,
    shown,
    READERS[reader],
    doc,
  ]);
  const given = Object.entries(CHILD_VARIABLES).map(([name, doc]) => [`\`${name}\``, "", "set by the loader", doc]);
  return table(["variable", "default", "read by", "meaning"], [...rows, ...given]);
}

/** The error codes and what a command exits with, from the one catalogue. */
export function errorTable(): string {
  const rows = Object.entries(ERROR_CODES).map(([code, { exitCode, retryable, doc }]) => [
    `\`${code}\``,
    String(exitCode),
    retryable ? "yes" : "no",
    doc,
  ]);
  return table(["code", "exit", "tried again", "meaning"], rows);
}

/** What every exit code means, from the one table that the help is made of too. */
export function exitTable(): string {
  return table(
    ["exit", "meaning"],
    exitCodes().map(({ code, meaning }) => [String(code), meaning]),
  );
}
