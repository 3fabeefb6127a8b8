/** Fails with the name of the invariant. */
export function holds(condition: boolean, invariant: string): void {
  if (!condition) throw new Error(invariant);
}
