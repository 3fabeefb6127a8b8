/**
 * SIGKILL before every system call that changes the data directory, and an error at each of them, in every scenario
 * with a download; then two clean boots. The other scenarios are in syscalls-trials: together at least 400 kills and 600 errors.
 */
import { defineSweeps } from "./support/define-sweep.ts";
import { killsAndErrors } from "./support/kinds.ts";

defineSweeps(killsAndErrors({ kills: 180, errors: 270 }), ({ downloads }) => downloads === true);
