import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";

const at = (file: string): string => join(import.meta.dirname, "../..", file);
const CONFINEMENT = "unit/unpack/confinement-cases.ts";
const WHITEOUT = "unit/unpack/whiteout-cases.ts";
const REPLACEMENT = "unit/unpack/replacement-cases.ts";
const METADATA = "unit/unpack/metadata-cases.ts";
const FORMAT = "unit/unpack/format-cases.ts";
const COMPRESSION = "unit/unpack/compression.test.ts";
const LIMITS = "unit/unpack/limits.test.ts";
const DAMAGE = "unit/unpack/damage.test.ts";
const PULL = "integration/pull/pull.test.ts";
const INTERRUPTED = "integration/pull/interrupted.test.ts";

/** The 77 layer cases of the study, by number, and a part of the title of the test that holds each. */
const LEDGER: readonly (readonly [cases: string, file: string, title: string])[] = [
  ["1", WHITEOUT, "removes the file of a lower layer and keeps the time"],
  ["2", WHITEOUT, "a whiteout of nothing does nothing"],
  ["3", WHITEOUT, "a whiteout after the new file of the same name"],
  ["4", WHITEOUT, "a directory that the layer brings again"],
  ["5", WHITEOUT, "removes a link, not what it points to"],
  ["6", WHITEOUT, "a whiteout below a link to a directory"],
  ["7", WHITEOUT, "which names no file, is refused"],
  ["8", WHITEOUT, "only the last component of a name"],
  ["9", WHITEOUT, "an opaque whiteout that comes first"],
  ["10", WHITEOUT, "an opaque whiteout that comes last"],
  ["11", WHITEOUT, "new files whose directories have no entry"],
  ["12", WHITEOUT, "an opaque whiteout of the root"],
  ["13", WHITEOUT, "an opaque whiteout below a link"],
  ["14", WHITEOUT, "an opaque whiteout of a missing directory"],
  ["15", WHITEOUT, "loses its mode when the layer only passes through"],
  ["16", LIMITS, "8,000 opaque whiteouts"],
  ["17", WHITEOUT, "links to the places of AUFS"],
  ["18", REPLACEMENT, "gives way to"],
  ["19", REPLACEMENT, "with an entry below it becomes a directory"],
  ["20", CONFINEMENT, "a relative link to a directory is written through"],
  ["21", CONFINEMENT, "an absolute link is followed inside of the root"],
  ["22", CONFINEMENT, "the missing target of a dangling link"],
  ["23", CONFINEMENT, "a path through a link to a directory outside"],
  ["24 25", CONFINEMENT, "leaves the link's target alone"],
  ["26", CONFINEMENT, "a link to the root is followed, then replaced"],
  ["27", CONFINEMENT, "stays inside of the root"],
  ["28", CONFINEMENT, "a link in the place of the root"],
  ["29", CONFINEMENT, "is ignored and the rest is unpacked"],
  ["30", METADATA, "an entry for the root"],
  ["31", REPLACEMENT, "a hard link to a file of a lower layer"],
  ["32", REPLACEMENT, "may be written as an absolute path"],
  ["33", CONFINEMENT, "a hard link that climbs above the root"],
  ["34 35", CONFINEMENT, "a hard link to a file outside"],
  ["36", REPLACEMENT, "one more name of the link"],
  ["37", CONFINEMENT, "changes nothing at the end of the link"],
  ["38", REPLACEMENT, "a hard link to ${what} is refused"],
  ["39", REPLACEMENT, "leaves the other name its content"],
  ["40", REPLACEMENT, "the mode and time of its header"],
  ["41", CONFINEMENT, "links that form a circle"],
  ["42", CONFINEMENT, "a path through 300 links"],
  ["43", CONFINEMENT, "symbolic links are kept as they are written"],
  ["44", CONFINEMENT, "a symbolic link with a target of 5,000 bytes"],
  ["45", METADATA, "modes are exact"],
  ["46", METADATA, "a symbolic link has its own owner and time"],
  ["47", METADATA, "directories keep their times"],
  ["48", METADATA, "directories that nobody may write"],
  ["49", METADATA, "of an extended header becomes"],
  ["50", METADATA, "owners beyond octal digits"],
  ["51", FORMAT, "a name of 300 bytes in an extended header"],
  ["52", FORMAT, "headers of Unix version 7"],
  ["53", FORMAT, "a global extended header changes no entry"],
  ["54", FORMAT, "a size in an extended header before a GNU long name"],
  ["55", FORMAT, "links and directories that state a size without data"],
  ["56", FORMAT, "a size of 2^60"],
  ["57", FORMAT, "a record without keyword"],
  ["58", FORMAT, "the type ${type}"],
  ["59", REPLACEMENT, "device nodes and fifos are skipped"],
  ["60", FORMAT, "a sparse file in an extended header"],
  ["61", FORMAT, "bytes that are no UTF-8"],
  ["62", REPLACEMENT, "the last of two files of one name wins"],
  ["63", FORMAT, "without end mark"],
  ["64", FORMAT, "a second archive after the end"],
  ["65", FORMAT, "a layer of no bytes"],
  ["66", DAMAGE, "an archive cut anywhere"],
  ["67", "conformance/layers/corruption.test.ts", "are refused, or make the tree that umoci makes"],
  ["68", COMPRESSION, "gzip of two members, wherever"],
  ["69", COMPRESSION, "zstd with skippable frames everywhere"],
  ["70", COMPRESSION, "warns when the media type says otherwise"],
  ["71", PULL, "states another layer than there is"],
  ["72", "unit/registry/image-config.test.ts", "another number of layers"],
  ["73", PULL, "downloads one digest once"],
  ["74", LIMITS, "stops at the limit of"],
  ["75", INTERRUPTED, "leaves no half tree when it is killed, at ${KILLS} random moments"],
  ["76", INTERRUPTED, "when the volume is full"],
  ["77", "conformance/layers/shapes.test.ts", "the tree is umoci's"],
];

describe("the 77 layer cases of the study", () => {
  it("each have a number here, none twice", () => {
    const numbers = LEDGER.flatMap(([cases]) => cases.split(" ").map(Number));
    assert.deepEqual(
      numbers,
      Array.from({ length: 77 }, (_, index) => index + 1),
    );
  });

  it("each have a test of the title that stands here", () => {
    const missing = LEDGER.filter(([, file, title]) => !readFileSync(at(file), "utf8").includes(title));
    assert.deepEqual(missing, []);
  });
});
