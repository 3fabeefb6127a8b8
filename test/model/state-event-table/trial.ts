/** S3 and S9: B is on trial. */
import { claims, commits, done, elapsed, failed, NEW, OLD, SHUTDOWN } from "../supervisor-steps.ts";
import { EXIT } from "../supervisor-model.ts";
import { exit, KILLED, RUNS_A, RUNS_B, STARTED, STOPPED_EARLY, trialOf, TRIES_C } from "./beats.ts";
import { type Beat, type Cell, cell } from "./cell.ts";
import { stoppingCells } from "./running.ts";

const FRESH = { given: [] } as const;
const ENDING = { options: EXIT } as const;
const [s3, s9] = [cell("S3"), cell("S9")];
const ENDS = "disarm trialTimeout, unwatch";

const exitsWith = (code: number): Beat => [exit(code), `${ENDS}, claim B (exited exit ${code}, dead)`];
const TIMES_OUT: Beat = [elapsed("trialTimeout"), "unwatch, claim B (timeout, alive)"];
const WINS: Beat = [claims("claimed"), "plan"];
const TAKES_AWAY: Beat = [claims("claimed"), "STOP SIGTERM"];
const KILLS_FIRST: Beat = [claims("stop-first"), "KILL"];
const CLAIMS_NOW: Beat = [KILLED, "claim B (timeout, dead)"];
const RETRIES_B: Beat = [trialOf({ attempt: 2 }), "try B, start 2, arm trialTimeout 10000, watch for B"];

export const TRIAL: readonly Cell[] = [
  s3("boot", "an interrupted trial is repeated", "trial", [STARTED, RETRIES_B], FRESH),
  s3("boot", "interrupted too often: parked", "committed(over)", [STARTED, RUNS_A], FRESH),

  s3("app exits", "with 1: rejected, A runs", "committed(over)", [exitsWith(1), WINS, RUNS_A]),
  s3("app exits", "with 0 before it is ready: rejected as well", "committed(over)", [exitsWith(0), WINS, RUNS_A]),
  s3("app exits", "the loader ends with a failed trial", "exits 7", [exitsWith(7), [claims("claimed"), ""]], ENDING),
  s3("app exits", "with 1 in the instant after its commit", "committed(over)", [
    exitsWith(1),
    [claims("committed"), "revert B (crashed-on-probation exit 1)"],
    [done("revert"), "plan"],
    RUNS_A,
  ]),
  s3("app exits", "with 0 in the instant after its commit", "exits 0", [exitsWith(0), [claims("committed"), ""]]),

  s3("app exits 42", "it had committed: B runs again", "committed(watched)", [
    exitsWith(42),
    [claims("committed"), "plan"],
    RUNS_B,
  ]),
  s3("app exits 42", "C is staged: B made room", "trial", [exitsWith(42), WINS, TRIES_C]),
  s3("app exits 42", "nothing newer, no commit: rejected", "committed(over)", [exitsWith(42), WINS, RUNS_A], {
    differs: "the study counts it as one more start of the same trial; the design calls it a failure",
  }),

  s3("app killed", "by whomever: rejected, A runs", "committed(over)", [
    [KILLED, `${ENDS}, claim B (exited SIGKILL, dead)`],
    WINS,
    RUNS_A,
  ]),

  s3("timeout", "the claim wins", "committed(over)", [TIMES_OUT, TAKES_AWAY, [KILLED, "plan"], RUNS_A]),
  s3("timeout", "the claim wins, the app ends while it is decided", "committed(over)", [
    TIMES_OUT,
    [exit(0), ""],
    WINS,
    RUNS_A,
  ]),
  s3("timeout", "the claim is lost: the app lives on", "committed(watched)", [
    TIMES_OUT,
    [claims("committed"), "arm settledUptime 10000, arm probation 60000"],
  ]),
  s3("timeout", "an app of the original is killed before the claim", "committed(over)", [
    TIMES_OUT,
    KILLS_FIRST,
    CLAIMS_NOW,
    WINS,
    RUNS_A,
  ]),
  s3("timeout", "an app of the original committed as it was killed", "committed(watched)", [
    TIMES_OUT,
    KILLS_FIRST,
    CLAIMS_NOW,
    [claims("committed"), "plan"],
    RUNS_B,
  ]),
  s3("timeout", "the loader ends with a failed trial", "exits 1", [TIMES_OUT, TAKES_AWAY, [KILLED, ""]], ENDING),

  s3("commit", "the rename is seen: the same app is stable", "committed(watched)", [
    [commits(NEW), `${ENDS}, arm settledUptime 10000, arm probation 60000`],
  ]),
  s3("commit", "of another version: none", "trial", [[commits(OLD), ""]]),
  s3("commit", "seen after the claim began: the claim decides", "rollingBack.claiming", [
    TIMES_OUT,
    [commits(NEW), ""],
  ]),

  ...stoppingCells("S3", ENDS),
  s3("SIGTERM", "the deadline passes while the app stops: not its fault", "exits 0", [
    [SHUTDOWN, "STOP SIGTERM"],
    [elapsed("trialTimeout"), ""],
    [exit(0), ENDS],
  ]),
  s3("SIGTERM", "while the app is taken away", "exits 137", [
    TIMES_OUT,
    TAKES_AWAY,
    [SHUTDOWN, "STOP SIGTERM"],
    [SHUTDOWN, "KILL"],
    [KILLED, ""],
  ]),
  s3("loader killed", "the next one repeats the trial", "trial", [STARTED, RETRIES_B], FRESH),
  s3("storage error", "the failure cannot be recorded", "exits 74", [exitsWith(1), [failed("claim"), ""]]),
  s3("storage error", "the living app cannot be claimed", "exits 74", [
    TIMES_OUT,
    [failed("claim"), "KILL"],
    [KILLED, ""],
  ]),

  s9("boot", "C wins", "trial", [STARTED, TRIES_C], FRESH),
  s9("SIGTERM", "recovery is given up", "exits 143", STOPPED_EARLY),
  s9("loader killed", "the next one tries C", "trial", [STARTED, TRIES_C], FRESH),
];
