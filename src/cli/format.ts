const KIB = 1024;
const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

/** Bytes as people read them: `412 MiB`. */
export function describeBytes(bytes: number): string {
  const unit = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log(bytes) / Math.log(KIB)));
  const value = bytes / KIB ** unit;
  return `${value >= 10 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

/** A span of time in its two largest units: `3 d 4 h`, `4 min 18 s`, `1.2 s`; below a tenth of a second `46 ms`. */
export function describeSpan(ms: number): string {
  if (ms < 0) return "0 s";
  if (ms > 0 && ms < 100) return `${Math.max(1, Math.round(ms))} ms`;
  if (ms < 10_000) return `${(ms / 1000).toFixed(1).replace(/\.0$/, "")} s`;
  const seconds = Math.round(ms / 1000);
  const parts: readonly (readonly [number, string])[] = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [seconds % 60, "s"],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(" ");
}

const FULL_DIGEST_COLUMNS = 110;

/** Digests cut to twelve digits where a terminal is too narrow for them; whole everywhere else, to be copied. */
export function fitDigests(text: string, stream: { readonly isTTY?: boolean; readonly columns?: number }): string {
  const narrow = stream.isTTY === true && (stream.columns ?? 0) < FULL_DIGEST_COLUMNS;
  return narrow ? shortenDigests(text) : text;
}

export function shortenDigests(text: string): string {
  return text.replaceAll(/(sha256:[a-f0-9]{12})[a-f0-9]{52}/g, "$1");
}
