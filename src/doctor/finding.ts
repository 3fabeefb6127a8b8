/** What one check of the doctor found. `mend` says what to do about it; everything but `ok` has one. */
export interface Finding {
  readonly check: "configuration" | "volume" | "registry" | "clock" | "init" | "node" | "loader";
  readonly level: "ok" | "warning" | "fault";
  readonly says: string;
  readonly mend?: string;
}

export const ok = (check: Finding["check"], says: string): Finding => ({ check, level: "ok", says });

export const warning = (check: Finding["check"], says: string, mend: string): Finding => ({
  check,
  level: "warning",
  says,
  mend,
});

export const fault = (check: Finding["check"], says: string, mend: string): Finding => ({
  check,
  level: "fault",
  says,
  mend,
});
