import { DockerloaderError, EXIT } from "../errors.ts";
import { openStore } from "../store/index.ts";
import { type Command, JSON_OPTION, printJson } from "./command.ts";

export const verify: Command<{ json: boolean; strict: boolean }> = {
  command: "verify",
  describe: "read the volume again: is it whole?",
  options: {
    ...JSON_OPTION,
    strict: { type: "boolean", default: false, describe: "count files that an app has changed as damage" },
  },
  run: async ({ json, strict }, { config }) => {
    const { verifyStore } = await import("../pull/verify.ts");
    const { dataDir } = config();
    const result = await verifyStore(openStore(dataDir, { create: false }));
    if (json) printJson(result);
    else {
      for (const { kind, what, why } of result.findings) process.stdout.write(`${kind}: ${what}: ${why}\n`);
      const { blobs, images, versions, files } = result;
      process.stdout.write(`${blobs} blobs, ${images} manifests, ${versions} versions with ${files} files\n`);
    }
    const bad = result.findings.filter(({ kind }) => kind === "damaged" || (strict && kind === "changed"));
    if (bad.length === 0) return EXIT.ok;
    throw new DockerloaderError("STORE_CORRUPT", `${bad.length} findings on ${dataDir}`, {
      hint: "a damaged blob is fetched again when it is needed; a damaged version is replaced by the next update",
    });
  },
};
