import { applyContests } from "./apply.ts";
import type { Contest } from "./contest.ts";
import { coldContests, updateContest } from "./pull.ts";

/** All of them, in the order in which they are held. */
export const contests = (): readonly Contest[] => [...applyContests(), ...coldContests(), updateContest()];
