import * as v from "valibot";

/** How the text of a variable is checked and converted; the issue message completes "NAME=value ...". */
export const integer = (least: number, most: number, unit: string): v.GenericSchema<string, number> =>
  v.pipe(
    v.string(),
    v.trim(),
    v.regex(/^\d+$/, `is not a whole number of ${unit}`),
    v.transform(Number),
    v.minValue(least, `is too small: at least ${least} ${unit}`),
    v.maxValue(most, `is too large: at most ${most} ${unit}`),
  );

export const oneOf = <const T extends readonly string[]>(...words: T): v.GenericSchema<string, T[number]> =>
  v.pipe(v.string(), v.trim(), v.picklist(words, `is none of ${words.join(", ")}`));

export const text: v.GenericSchema<string, string> = v.pipe(v.string(), v.trim());

export const absolutePath: v.GenericSchema<string, string> = v.pipe(
  v.string(),
  v.regex(/^\//, "is not an absolute path"),
);

export const list: v.GenericSchema<string, readonly string[]> = v.pipe(
  v.string(),
  v.transform((value) =>
    value
      .split(",")
      .map((item) => item.trim())
      .filter((item) => item !== ""),
  ),
);

/** Where to listen. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

export const ADDRESS_FORM = "is not an address such as 127.0.0.1:8420 or [::1]:8420";

export const address: v.GenericSchema<string, Address> = v.pipe(
  v.string(),
  v.trim(),
  v.regex(/^(\[[0-9a-fA-F:.]+\]|[^:\s[\]]+):\d{1,5}$/, ADDRESS_FORM),
  v.transform((text) => ({
    host: text.slice(0, text.lastIndexOf(":")).replaceAll(/[[\]]/g, ""),
    port: Number(text.slice(text.lastIndexOf(":") + 1)),
  })),
  v.check(({ port }) => port <= 65_535, ADDRESS_FORM),
);
