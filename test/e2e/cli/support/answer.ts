import assert from "node:assert/strict";
import * as v from "valibot";
import { SHAPES } from "../../../../src/cli/shapes.ts";
import { findReason } from "../../../../src/cli/why-find.ts";
import { describeWhy, type Reason } from "../../../../src/cli/why-reasons.ts";
import { readConfig } from "../../../../src/config/load.ts";
import type { ShellLab } from "../../support/shell-lab.ts";

/** What `dockerloader why` finds on a lab's volume now, without the start of a process for each question. */
export function answer(
  lab: ShellLab,
  env: Readonly<Record<string, string>> = {},
): { readonly reason: Reason; readonly sentence: string } {
  const settings = { DOCKERLOADER_DATA_DIR: lab.dataDir, DOCKERLOADER_TARGET: lab.target, ...env };
  const reason = findReason(readConfig(settings).config, Date.now());
  const sentence = describeWhy(reason);
  v.parse(SHAPES.why, { schema: 1, sentence, ...reason });
  assert.match(sentence, /^[A-Z`s].*[.\w`]$/);
  return { reason, sentence };
}
