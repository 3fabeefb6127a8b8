import { EXIT } from "../errors.ts";

/** What every exit code of the loader and its commands means: the help and the README are made from this table. */
export const EXIT_MEANINGS: { readonly [K in keyof typeof EXIT]: string } = {
  ok: "done; `status`: healthy; `check`: current",
  failure: "failed; `status`: degraded; `ready`: the trial was over",
  notRunning: "no loader runs on this data directory",
  restart: "`check`: a newer version is staged, exit 42 yourself",
  usage: "unknown command, option or argument",
  badData: "the image or the registry's answer is unusable",
  unavailable: "the registry cannot be reached, or there is nothing to run",
  internal: "a defect of dockerloader",
  cannotCreate: "a file cannot be created",
  ioError: "the volume is full or cannot be read or written",
  temporary: "another process holds the data directory",
  noPermission: "the registry refuses the credentials",
  config: "a setting is missing or malformed",
  notExecutable: "the app cannot be executed",
  notFound: "the app's interpreter is missing",
};

/** `code meaning` in the order of the codes. */
export function exitCodes(): { readonly code: number; readonly meaning: string }[] {
  return (Object.keys(EXIT) as (keyof typeof EXIT)[])
    .map((name) => ({ code: EXIT[name], meaning: EXIT_MEANINGS[name] }))
    .toSorted((a, b) => a.code - b.code);
}
