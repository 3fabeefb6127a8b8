/** Numbers that are the same on every run of one seed (mulberry32). */
export interface Random {
  /** A whole number from 0 to `limit` - 1. */
  readonly below: (limit: number) => number;
  /** True once in `of` times. */
  readonly once: (of: number) => boolean;
  readonly pick: <T>(from: readonly [T, ...T[]]) => T;
}

export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return { below, once: (of) => below(of) === 0, pick: (from) => from[below(from.length)] ?? from[0] };
}
