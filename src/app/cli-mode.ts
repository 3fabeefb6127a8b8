/**
 * The arguments of `dockerloader cli ...` when this process was started that way, undefined otherwise. An app that
 * finds itself in this mode does what it is asked and skips `markReady` and the update loop.
 */
export function isCliMode(argv: readonly string[] = process.argv): string[] | undefined {
  return argv[2] === "cli" ? argv.slice(3) : undefined;
}
