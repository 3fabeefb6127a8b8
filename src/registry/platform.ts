import { readFileSync } from "node:fs";
import { DockerloaderError } from "../errors.ts";
import { quote } from "./quote.ts";

/** A platform in OCI's names (image-spec, image-index.md, "platform"). */
export interface Platform {
  readonly os: "linux";
  readonly architecture: string;
  readonly variant?: string;
}

const NODE_TO_OCI: Readonly<Record<string, string>> = {
  x64: "amd64",
  ia32: "386",
  loong64: "loong64",
  ppc64: "ppc64le",
};
const ALIASES: ReadonlyMap<string, readonly [string, string?]> = new Map([
  ["x86_64", ["amd64"]],
  ["x86-64", ["amd64"]],
  ["aarch64", ["arm64"]],
  ["armhf", ["arm", "v7"]],
  ["armel", ["arm", "v6"]],
  ["i386", ["386"]],
]);

/** One spelling for each platform, as containerd normalises them: arm64/v8 is arm64, arm is arm/v7, amd64/v1 is amd64. */
export function normalise(
  architecture: string,
  variant: string | undefined,
): { architecture: string; variant: string } {
  const [name, aliased] = ALIASES.get(architecture.toLowerCase()) ?? [architecture.toLowerCase()];
  const given = (variant ?? aliased ?? "").toLowerCase().replace(/^(\d)/, "v$1");
  if (name === "arm64" && given === "v8") return { architecture: name, variant: "" };
  if (name === "amd64" && given === "v1") return { architecture: name, variant: "" };
  if (name === "arm" && given === "") return { architecture: name, variant: "v7" };
  return { architecture: name, variant: given };
}

export function parsePlatform(text: string): Platform {
  const [os, architecture, variant, ...rest] = text.split("/");
  if (os !== "linux" || !architecture || variant === "" || rest.length > 0) {
    throw new DockerloaderError("CONFIG_INVALID", `platform ${quote(text)} is not linux/ARCHITECTURE[/VARIANT]`, {
      hint: "for example linux/amd64 or linux/arm/v7",
    });
  }
  return { os, architecture, ...(variant === undefined ? {} : { variant }) };
}

export function formatPlatform({
  os,
  architecture,
  variant,
}: {
  os: string;
  architecture: string;
  variant?: string;
}): string {
  return `${os}/${architecture}${variant ? `/${variant}` : ""}`;
}

/** This machine. The variant is read from the kernel; where it cannot be read the plain architecture is used. */
export function hostPlatform(): Platform {
  const architecture = NODE_TO_OCI[process.arch] ?? process.arch;
  const variant = hostVariant(architecture);
  return { os: "linux", architecture, ...(variant === undefined ? {} : { variant }) };
}

/** The x86-64 levels by the CPU flags that each one adds (x86-64 psABI, "Micro-architecture levels"). */
const AMD64_LEVELS: readonly (readonly [string, readonly string[]])[] = [
  ["v2", ["cx16", "lahf_lm", "popcnt", "sse4_1", "sse4_2", "ssse3"]],
  ["v3", ["avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "xsave"]],
  ["v4", ["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"]],
];

function hostVariant(architecture: string): string | undefined {
  if (architecture === "arm") return `v${String(process.config.variables["arm_version" as never] ?? "7")}`;
  if (architecture !== "amd64") return undefined;
  let flags: ReadonlySet<string>;
  try {
    flags = new Set((/^flags\s*:(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1] ?? "").split(/\s+/));
  } catch {
    return undefined;
  }
  let level: string | undefined;
  for (const [name, needed] of AMD64_LEVELS) {
    if (!needed.every((flag) => flags.has(flag))) break;
    level = name;
  }
  return level;
}

/**
 * How well an image's platform fits, smaller is better; undefined: it cannot run here. The machine's own variant is
 * best, then lower ones, then none.
 */
export function fitness(
  wanted: Platform,
  offered: { os: string; architecture: string; variant?: string },
): number | undefined {
  if (offered.os !== wanted.os) return undefined;
  const want = normalise(wanted.architecture, wanted.variant);
  const offer = normalise(offered.architecture, offered.variant);
  if (want.architecture !== offer.architecture) return undefined;
  const level = (variant: string): number => Number(/^v(\d+)/.exec(variant)?.[1] ?? 0);
  const difference = level(want.variant) - level(offer.variant);
  return difference < 0 ? undefined : difference;
}
