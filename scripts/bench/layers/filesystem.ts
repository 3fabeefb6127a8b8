import { must } from "../../../test/container/support/command.ts";

/** The file system that the goals are for. */
const MEANT = "ext4";

/** What a bench's figures hold for. */
export async function filesystemOf(folder: string): Promise<{ readonly type: string; readonly warning?: string }> {
  const [, type = ""] = (await must("df", ["--output=fstype", folder])).split("\n");
  if (type === MEANT) return { type };
  return { type, warning: `WARNING: the goals are for ${MEANT}, and this is ${type}: set TMPDIR` };
}
