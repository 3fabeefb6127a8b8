/** Linux's number of EDQUOT (errno(3)). Node does not know it and says "Unknown system error -122". */
const EDQUOT = -122;

/** The name of a failed system call's error, e.g. `ENOENT`, or the code of an error of Node. Undefined: it has none. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  if ("errno" in error && error.errno === EDQUOT) return "EDQUOT";
  return typeof error.code === "string" ? error.code : undefined;
}
