/** Numbers that look random and repeat with their seed. */
export interface Random {
  /** From 0 to `below` - 1. */
  readonly whole: (below: number) => number;
  readonly one: <T>(of: readonly [T, ...T[]]) => T;
}

/** mulberry32: 32 bits of state, good enough to choose faults by. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const whole = (below: number): number => Math.floor(next() * below);
  return { whole, one: (of) => of[whole(of.length)] ?? of[0] };
}
