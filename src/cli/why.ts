import { EXIT } from "../errors.ts";
import { type Command, JSON_OPTION, printJson, printLines } from "./command.ts";
import { fitDigests } from "./format.ts";
import { findReason } from "./why-find.ts";
import { describeWhy } from "./why-reasons.ts";

export const why: Command<{ json: boolean }> = {
  command: "why",
  describe: "why the running version is not the newest",
  options: JSON_OPTION,
  examples: [["why --json | jq -r .kind", "the reason as one word"]],
  run: async ({ json }, { config }) => {
    const reason = findReason(config(), Date.now());
    const sentence = describeWhy(reason);
    if (json) printJson({ sentence, ...reason });
    else printLines([fitDigests(sentence, process.stdout)]);
    return reason.kind === "not-running" ? EXIT.notRunning : EXIT.ok;
  },
};
