import type { Ino } from "./disk.ts";

type Mode = "exclusive" | "shared";

/** flock(2) among the descriptors of one memory. */
export function createLocks() {
  const held = new Map<number, { ino: Ino; mode: Mode }>();
  return {
    take: (fd: number, ino: Ino, mode: Mode): "held" | "busy" => {
      for (const [other, lock] of held) {
        if (other !== fd && lock.ino === ino && (mode === "exclusive" || lock.mode === "exclusive")) return "busy";
      }
      held.set(fd, { ino, mode });
      return "held";
    },
    drop: (fd: number): void => void held.delete(fd),
  };
}
