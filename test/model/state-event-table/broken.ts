/** S7, S8, S10, S11: something on the volume is broken, read-only, or failed before. */
import { commits, done, failed, NEW, SHUTDOWN } from "../supervisor-steps.ts";
import { gaveUp, nothing, RUNS_A, STARTED, STOPPED_EARLY } from "./beats.ts";
import { type Cell, cell } from "./cell.ts";
import { runningCells } from "./running.ts";

const FRESH = { given: [] } as const;
const [s7, s8, s10, s11] = [cell("S7"), cell("S8"), cell("S10"), cell("S11")];
const DOWNLOADS = [STARTED, [nothing, "bootstrap"]] as const;

export const BROKEN: readonly Cell[] = [
  s7("boot", "repaired from the previous version or the blobs", "committed(over)", [STARTED, RUNS_A], FRESH),
  s7("boot", "downloaded again", "committed(over)", [...DOWNLOADS, [done("bootstrap"), "plan"], RUNS_A], FRESH),
  s7("boot", "nothing can run", "exits 69", [...DOWNLOADS, [gaveUp("bootstrap", "NOTHING_TO_RUN", 69), ""]], FRESH),
  s7("SIGTERM", "the repair is given up", "exits 143", STOPPED_EARLY),
  s7("SIGTERM", "the download is given up", "exits 143", [
    [nothing, "bootstrap"],
    [SHUTDOWN, "abort bootstrap"],
  ]),
  s7("loader killed", "the next one repairs", "committed(over)", [STARTED, RUNS_A], FRESH),
  s7("storage error", "in the repair", "exits 74", [[failed("plan"), ""]]),
  s7("registry down", "the port tries again for ever", "launching.bootstrapping", [[nothing, "bootstrap"]]),

  s8("boot", "B is dropped without blame", "committed(over)", [STARTED, RUNS_A], FRESH),
  s8("SIGTERM", "recovery is given up", "exits 143", STOPPED_EARLY),
  s8("loader killed", "the next one drops B", "committed(over)", [STARTED, RUNS_A], FRESH),

  s10("boot", "A runs, updates are off", "committed(over)", [STARTED, RUNS_A], FRESH),
  ...runningCells("S10"),
  s10("commit", "cannot be written: none is seen", "committed(over)", [[commits(NEW), ""]]),
  s10("loader killed", "the next one runs A", "committed(over)", [STARTED, RUNS_A], FRESH),

  s11("boot", "A runs: nothing is switched by itself", "committed(over)", [STARTED, RUNS_A], FRESH),
  ...runningCells("S11"),
  s11("loader killed", "the next one runs A", "committed(over)", [STARTED, RUNS_A], FRESH),
];
