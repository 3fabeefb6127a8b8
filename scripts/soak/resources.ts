/**
 * Imported into the loader's process (and, harmlessly, into the commands of the app): writes down twice a second what
 * keeps its event loop busy, by kind. The only way to see a leaked timer from outside.
 */
import { writeFileSync } from "node:fs";

const PERIOD_MS = 500;
const { SOAK_RESOURCES: file } = process.env;
if (file !== undefined && process.argv.length === 2) {
  const note = (): void => {
    const kinds: Record<string, number> = {};
    for (const kind of process.getActiveResourcesInfo()) kinds[kind] = (kinds[kind] ?? 0) + 1;
    try {
      writeFileSync(file, JSON.stringify({ pid: process.pid, kinds }));
    } catch {
      // The folder is gone: the soak is over.
    }
  };
  setInterval(note, PERIOD_MS).unref();
}
