/** What made a machine move, as people say it: `CHILD.EXITED`, `after trialTimeout`, `done` or `error` of a step, `else`. */
export function describeCause(eventType: string): string {
  const ended = /^xstate\.(done|error)\.actor\./.exec(eventType);
  if (ended !== null) return ended[1] ?? "";
  const after = /^xstate\.after\.([^.]+)\./.exec(eventType);
  if (after !== null) return `after ${after[1]}`;
  return eventType === "xstate.init" ? "start" : eventType;
}
