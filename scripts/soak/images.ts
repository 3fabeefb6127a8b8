import { buildImage, type BuiltImage } from "../../src/testing/index.ts";

/** How a version behaves. `crash-later`: it is committed, and dies on probation. */
export type Behaviour = "good" | "crash" | "hang" | "crash-later";

const START: Record<Behaviour, string> = {
  good: "dockerloader ready",
  crash: "kill -SEGV $$",
  hang: "exec sleep 300",
  "crash-later": 'if [ -n "${DOCKERLOADER_TRIAL-}" ]; then dockerloader ready; else exit 3; fi; sleep 0.2; exit 3',
};

/** The app looks for an update when the file `$SOAK_GO` is there; a check that is killed or fails is made again. */
const script = (version: number, behaviour: Behaviour): string => `#!/bin/sh
trap 'exit 0' TERM
echo "Version: ${version}"
${START[behaviour]}
while :; do
  if [ -e "$SOAK_GO" ]; then dockerloader check; [ $? = 42 ] && exit 42; fi
  sleep 0.1 & wait $!
done
`;

/** Large enough for a kept copy to be seen in the bounds of the disk, with bytes that do not compress. */
const BULK_BYTES = 256 * 1024;

export function buildVersion(
  version: number,
  behaviour: Behaviour,
  bytes: (count: number) => Buffer,
): Promise<BuiltImage> {
  return buildImage({
    layers: [{ files: { bulk: bytes(BULK_BYTES) } }, { files: { entrypoint: script(version, behaviour) } }],
  });
}
