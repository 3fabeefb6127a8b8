import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** One header as Go's own test expects it. Fields that its test leaves out are zero or empty. */
export interface GoHeader {
  readonly type: string;
  readonly name: string;
  readonly linkname: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** Seconds. */
  readonly mtime: number;
}

export interface GoVector {
  readonly file: string;
  readonly headers: readonly GoHeader[];
  /** MD5 of the contents, in the order of the headers; none when Go's test checks none. */
  readonly checksums: readonly string[];
  readonly fails: boolean;
}

/** Where Debian's package with Go's sources puts archive/tar. */
export function goArchiveTar(): string | undefined {
  return globSync("/usr/share/go-*/src/archive/tar").find((path) => existsSync(join(path, "reader_test.go")));
}

const TYPES: Readonly<Record<string, string>> = {
  TypeReg: "0",
  TypeLink: "1",
  TypeSymlink: "2",
  TypeDir: "5",
  TypeXGlobalHeader: "g",
  TypeGNUSparse: "S",
};

/** The bytes of a Go string literal, or of `strings.Repeat` of one; latin1, one character a byte. */
function stringOf(expression: string): string {
  const repeated = /^strings\.Repeat\((".*"), (\d+)\)$/.exec(expression);
  if (repeated !== null) return stringOf(repeated[1] ?? "").repeat(Number(repeated[2]));
  const parts = expression.slice(1, -1).split(/\\x([0-9a-f]{2})/);
  return parts
    .map((part, index) =>
      index % 2 === 1 ? String.fromCharCode(Number.parseInt(part, 16)) : Buffer.from(part, "utf8").toString("latin1"),
    )
    .join("");
}

function typeOf(expression: string): string {
  const quoted = /^'(.)'$/.exec(expression)?.[1];
  if (quoted !== undefined) return quoted;
  return expression.startsWith("0x") ? String.fromCharCode(Number(expression)) : (TYPES[expression] ?? expression);
}

function timeOf(expression: string): number {
  const [, seconds = "NaN", nanoseconds = "NaN"] = /^time\.Unix\((-?\d+), (\d+)\)$/.exec(expression) ?? [];
  return Number(seconds) + Number(nanoseconds) / 1e9;
}

function headerOf(text: string): GoHeader {
  const field = (name: string): string | undefined =>
    new RegExp(`(?:^|[\\t ,])${name}: +((?:[^",\\n(]|"(?:[^"\\\\]|\\\\.)*"|\\([^)]*\\))+)`, "m")
      .exec(text)?.[1]
      ?.trim();
  const number = (name: string): number => {
    const value = field(name) ?? "0";
    return /^0\d/.test(value) ? Number.parseInt(value, 8) : Number(value);
  };
  return {
    type: typeOf(field("Typeflag") ?? "0"),
    name: stringOf(field("Name") ?? '""'),
    linkname: stringOf(field("Linkname") ?? '""'),
    mode: number("Mode"),
    uid: number("Uid"),
    gid: number("Gid"),
    size: number("Size"),
    mtime: timeOf(field("ModTime") ?? "time.Unix(0, 0)"),
  };
}

/** What TestReader of Go's `reader_test.go` expects, read from that file itself, so that nothing is lost in copying. */
export function goVectors(folder: string): GoVector[] {
  const source = readFileSync(join(folder, "reader_test.go"), "utf8");
  const start = source.indexOf("func TestReader(");
  const table = source.slice(start, source.indexOf("\n\t}}\n", start));
  return table
    .split(/^\t\tfile: +"testdata\//m)
    .slice(1)
    .map((vector) => {
      const [, headers = ""] = /headers: \[\]\*Header\{\{(.*?)^\t\t\}\}/ms.exec(vector) ?? [];
      const [, checksums = ""] = /chksums: \[\]string\{(.*?)\}/s.exec(vector) ?? [];
      return {
        file: vector.slice(0, vector.indexOf('"')),
        headers: headers === "" ? [] : headers.split(/^\t\t\}, \{$/m).map(headerOf),
        checksums: [...checksums.matchAll(/"([0-9a-f]{32})"/g)].map(([, sum = ""]) => sum),
        fails: /^\t\terr: +Err/m.test(vector),
      };
    });
}
