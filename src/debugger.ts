import inspector from "node:inspector";

/** A signal that came before the first line of ours ran has its effect within this time, in milliseconds. */
const LATE_MS = 500;

/**
 * SIGUSR1 never opens a debugger port, which would hand the container to whoever reaches it. The signal itself goes to
 * the app (`run` passes it on). A Node that was started with --inspect keeps its debugger.
 */
export function refuseDebugger(): void {
  process.on("SIGUSR1", () => {});
  const wanted = [...process.execArgv, process.env["NODE_OPTIONS"] ?? ""].some((option) =>
    option.includes("--inspect"),
  );
  if (wanted) return;
  const close = (): void => {
    if (inspector.url() !== undefined) inspector.close();
  };
  close();
  setImmediate(close);
  setTimeout(close, LATE_MS).unref();
}
