/** What is known of a file of the tree: one object for all its names, and for everybody who wants to know. */
export interface FileRecord {
  /** Where its entry put it; empty once it is not there any more. */
  path: string;
  mode: number;
  /** Zero until the file is complete. */
  ino: number;
  /** Lower-case hexadecimal; empty until the file is complete, and for good when nobody wants hashes. */
  sha256: string;
}

/** Where files are recorded. */
export interface FileRecords {
  /** The entry at hand became a file, whose content is to come. */
  readonly note: (path: string, mode: number) => FileRecord;
  /** A file has its place after all: something else was in it and had to make way. */
  readonly regain: (record: FileRecord, path: string) => void;
}

/** The file has its content. */
export function complete(record: FileRecord, ino: number, sha256: string): void {
  record.ino = ino;
  record.sha256 = sha256;
}
