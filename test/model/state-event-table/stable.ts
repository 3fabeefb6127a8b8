/** S0, S1, S2, S2m, S6: nothing is on trial. */
import { commits, done, failed, NEW, OLD, SHUTDOWN } from "../supervisor-steps.ts";
import { exit, gaveUp, KILLED, nothing, RUNS_A, stableA, STARTED, STOPPED_EARLY, TRIES_B } from "./beats.ts";
import { type Cell, cell } from "./cell.ts";
import { runningCells, stoppingCells } from "./running.ts";

const FRESH = { given: [] } as const;
const [s0, s1, s2, s2m, s6] = [cell("S0"), cell("S1"), cell("S2"), cell("S2m"), cell("S6")];
const ENDS = "disarm settledUptime";
/** Whoever waits has no timer of its own: the port paces what it tries again. */
const DOWNLOADS = [STARTED, [nothing, "bootstrap"]] as const;
/** No port is at work that could fail. */
const PORTS = ["plan", "bootstrap", "claim", "revert", "settle"] as const;
const UNTOUCHED = { cannotCome: PORTS.map(failed) } as const;

export const STABLE: readonly Cell[] = [
  s0("boot", "the first download ends", "committed(over)", [...DOWNLOADS, [done("bootstrap"), "plan"], RUNS_A], FRESH),
  s0("boot", "it leaves nothing to run", "exits 69", [...DOWNLOADS, [done("bootstrap"), "plan"], [nothing, ""]], FRESH),
  s0("boot", "no other try can help", "exits 65", [...DOWNLOADS, [gaveUp("bootstrap", "NOT_AN_IMAGE", 65), ""]], FRESH),
  s0("SIGTERM", "the download is given up", "exits 143", [[SHUTDOWN, "abort bootstrap"]]),
  s0("loader killed", "the next one downloads", "launching.bootstrapping", DOWNLOADS, FRESH),
  s0("storage error", "the port tries again", "launching.bootstrapping", DOWNLOADS, FRESH),
  s0("storage error", "the links cannot be read", "exits 74", [STARTED, [failed("plan"), ""]], FRESH),
  s0("registry down", "the port tries again for ever", "launching.bootstrapping", DOWNLOADS, FRESH),

  s1("boot", "A runs", "committed(over)", [STARTED, RUNS_A], FRESH),
  ...runningCells("S1"),
  s1("commit", "A is stable already", "committed(over)", [
    [commits(OLD), ""],
    [commits(NEW), ""],
  ]),
  s1("loader killed", "the next one runs A", "committed(over)", [STARTED, RUNS_A], FRESH),
  s1("storage error", "the app's affair: A runs on", "committed(over)", [], UNTOUCHED),
  s1("registry down", "the app's affair: A runs on", "committed(over)", [], UNTOUCHED),

  s2("boot", "B goes on trial", "trial", [STARTED, TRIES_B], FRESH),
  s2("app exits", "after staging: the next boot tries B", "exits 3", [[exit(3), ENDS]]),
  s2("app exits 42", "B goes on trial", "trial", [[exit(42), `${ENDS}, plan`], TRIES_B]),
  s2("app exits 42", "in a storm: B goes on trial without a pause", "trial", [
    [exit(42), `${ENDS}, plan`],
    RUNS_A,
    [exit(42), `${ENDS}, plan`],
    TRIES_B,
  ]),
  s2("app killed", "the next boot tries B", "exits 137", [[KILLED, ENDS]]),
  s2("commit", "what is staged cannot be committed", "committed(over)", [[commits(NEW), ""]]),
  ...stoppingCells("S2", ENDS),
  s2("loader killed", "the next one tries B", "trial", [STARTED, TRIES_B], FRESH),
  s2("storage error", "the start cannot be counted: A runs", "committed(over)", [[exit(42), `${ENDS}, plan`], RUNS_A]),
  s2("storage error", "nothing can be read", "exits 74", [
    [exit(42), `${ENDS}, plan`],
    [failed("plan"), ""],
  ]),

  s2m("boot", "the marker is dropped", "committed(over)", [STARTED, RUNS_A], FRESH),
  s2m(
    "app exits 42",
    "the marker bans nothing that could run",
    "committed(over)",
    [[exit(42), `${ENDS}, plan`], RUNS_A],
    {
      given: [STARTED[0], stableA],
    },
  ),
  s2m("SIGTERM", "recovery is given up", "exits 143", STOPPED_EARLY),
  s2m("loader killed", "the next one drops the marker", "committed(over)", [STARTED, RUNS_A], FRESH),

  s6("boot", "A runs, B is skipped", "committed(over)", [STARTED, RUNS_A], FRESH),
  ...runningCells("S6"),
  s6("loader killed", "the next one runs A", "committed(over)", [STARTED, RUNS_A], FRESH),
  s6("storage error", "the app's affair: A runs on", "committed(over)", [], UNTOUCHED),
];
