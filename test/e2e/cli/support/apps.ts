/** Runs until it is told to end. */
export const WAIT = "trap 'exit 0' TERM; while :; do sleep 0.05; done";
/** Looks for an update at its start, and again when it is told to; restarts into what it finds. */
export const CHECKING = `look() { dockerloader check; [ $? = 42 ] && exit 42; echo looked; }
trap 'exit 0' TERM; look; while :; do [ -e "$MARK" ] && { rm -f "$MARK"; look; }; sleep 0.05; done`;

/** An app with our library and a loop that looks every hour. */
export function loopingApp(library: string): string {
  const program = `const app = await import(${JSON.stringify(library)}); await app.initDockerloaded(); const loop = app.startUpdateLoop({ exit: false }); await loop.check(); console.log("looped"); setInterval(() => {}, 1000);`;
  return `exec node --conditions=development --input-type=module -e '${program}'`;
}
/** Stages what it finds and restarts into it when the mark is gone again. */
export const HESITANT = `dockerloader check; echo looked; trap 'exit 0' TERM
until [ -e "$MARK" ]; do sleep 0.05; done; dockerloader check; echo staged; while [ -e "$MARK" ]; do sleep 0.05; done; exit 42`;

/** Like CHECKING, but waits for the mark once more before it restarts. */
export const PATIENT = CHECKING.replace(
  "[ $? = 42 ] && exit 42",
  () => 'if [ $? = 42 ]; then echo staged; until [ -e "$MARK" ]; do sleep 0.05; done; rm -f "$MARK"; exit 42; fi',
);

/** Every reason for which a version is recorded as failed. */
export const FAILURE_KINDS = [
  "timeout",
  "exited",
  "crashed-on-probation",
  "interrupted",
  "unusable",
  "imported",
  "unrecorded",
  "corrupt",
  "rolled-back",
] as const;
