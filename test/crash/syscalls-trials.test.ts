/**
 * SIGKILL before every system call that changes the data directory, and an error at each of them, in every scenario
 * without a download; then two clean boots. The others are in syscalls-downloads: together at least 400 kills and 600 errors.
 */
import { defineSweeps } from "./support/define-sweep.ts";
import { killsAndErrors } from "./support/kinds.ts";

defineSweeps(killsAndErrors({ kills: 220, errors: 330 }), ({ downloads }) => downloads !== true);
