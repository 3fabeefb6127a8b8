/** The power goes at every changing call of an update, and some time after a commit, on xfs. */
import { definePower } from "./support/define-power.ts";

definePower("xfs");
