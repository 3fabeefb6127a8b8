/** SIGKILL before every system call that changes the data directory, in every scenario; then two clean boots. */
import { defineSweep } from "./support/define-sweep.ts";

defineSweep("killed before every changing call", 400, () => ({ kind: "kill" }));
