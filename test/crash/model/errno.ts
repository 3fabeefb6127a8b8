/** An error of the system; without a trace, which takes longer than all else here and says nothing. */
export function fault(code: string, path: string): Error {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  const error = new Error(`${code}: ${path}`);
  Error.stackTraceLimit = stackTraceLimit;
  return Object.assign(error, { code });
}
