import type { Kind } from "./define-sweep.ts";
import type { Disturbance } from "./shim.ts";

/** A bad block, a volume that is full and stays full, one that turned read-only, one that is full once, one over its quota. */
const ERRORS = [
  { kind: "error", errno: "EIO", sticky: false },
  { kind: "error", errno: "ENOSPC", sticky: true },
  { kind: "error", errno: "EROFS", sticky: true },
  { kind: "error", errno: "ENOSPC", sticky: false },
  { kind: "error", errno: "EDQUOT", sticky: true },
] as const satisfies readonly Disturbance[];

/** Every call gets one of the five errors, and all of them with `CRASH_FULL=1` (nightly). */
const ROUNDS = process.env["CRASH_FULL"] === "1" ? ERRORS.length : 1;

/** Neighbouring calls get different errors, and so does one call in two rounds: five is odd. */
const errors = (round: number, least: number): Kind => ({
  title: `an error at every changing call, round ${round + 1} of ${ROUNDS}`,
  least,
  how: (point) => {
    const [fallback] = ERRORS;
    return ERRORS[(point + round * 2) % ERRORS.length] ?? fallback;
  },
});

/** SIGKILL before every call, and an error at each of them; of either kind at least so many. */
export const killsAndErrors = (least: { readonly kills: number; readonly errors: number }): readonly Kind[] => [
  { title: "killed before every changing call", least: least.kills, how: () => ({ kind: "kill" }) },
  ...Array.from({ length: ROUNDS }, (_, round) => errors(round, least.errors)),
];
