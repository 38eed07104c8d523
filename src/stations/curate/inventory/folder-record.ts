import type { FileRow, FolderFailure, FolderRecord } from "./folder-facts.js";
import { type FolderTally, tallyOf } from "./judge.js";

/** The most files in one line. */
const LINE_FILES = 10_000;

/** Sums over the files of a folder. */
export interface FolderTotals {
  readonly files: number;
  readonly bytes: number;
  /** Links, devices and the like among the files. */
  readonly links: number;
}

interface FirstLine {
  p: string;
  m: number;
  c: number;
  u?: 1;
  x?: FolderFailure;
  /** Totals and counts, so that a scan that reuses the folder does not decode its files. */
  t: [files: number, bytes: number, links: number];
  k: FolderTally["kinds"];
  y: FolderTally["hygiene"];
  d: readonly string[];
  e: FileRow[];
}

/** All lines of a folder, each with its end. */
export function encodeFolder(record: FolderRecord): string {
  const { path, mtimeUs, ctimeUs, settled, folders, files, failure } = record;
  const { bytes, links } = totalsOf(files);
  const { kinds, hygiene } = tallyOf(record);
  const first: FirstLine = {
    p: path,
    m: mtimeUs,
    c: ctimeUs,
    ...(settled ? {} : { u: 1 }),
    ...(failure === undefined ? {} : { x: failure }),
    t: [files.length, bytes, links],
    k: kinds,
    y: hygiene,
    d: folders,
    e: files.length > LINE_FILES ? files.slice(0, LINE_FILES) : (files as FileRow[]),
  };
  let text = `${JSON.stringify(first)}\n`;
  for (let at = LINE_FILES; at < files.length; at += LINE_FILES)
    text += `${JSON.stringify({ p: path, e: files.slice(at, at + LINE_FILES) })}\n`;
  return text;
}

export function totalsOf(files: readonly FileRow[]): FolderTotals {
  let [bytes, links] = [0, 0];
  for (const [, size, , more] of files) {
    bytes += size;
    if (more?.type !== undefined) links++;
  }
  return { files: files.length, bytes, links };
}

/** The first part of a folder, or a further part, which has files alone. */
type FolderLine =
  | { readonly first: true; readonly record: FolderRecord; readonly count: number }
  | { readonly first: false; readonly path: string; readonly files: readonly FileRow[] };

/** @returns undefined for an invalid line: the last one of a file whose writer was killed */
function decodeLine(line: string): FolderLine | undefined {
  let raw: Partial<FirstLine>;
  try {
    raw = JSON.parse(line) as Partial<FirstLine>;
  } catch {
    return undefined;
  }
  const { p, m, c, u, x, t, d, e } = raw ?? {};
  if (typeof p !== "string" || !Array.isArray(e)) return undefined;
  if (typeof m !== "number" || typeof c !== "number" || !Array.isArray(d) || !Array.isArray(t))
    return { first: false, path: p, files: e };
  return {
    first: true,
    count: t[0],
    record: { path: p, mtimeUs: m, ctimeUs: c, settled: u !== 1, folders: d, files: e, failure: x },
  };
}

/** Decodes all lines of one folder; undefined where one is missing or invalid. */
export function decodeFolder(block: string): FolderRecord | undefined {
  const lines = block.trimEnd().split("\n");
  const first = decodeLine(lines[0]!);
  if (!first?.first) return undefined;
  const files = lines.length === 1 ? first.record.files : [...first.record.files];
  for (const line of lines.slice(1)) {
    const part = decodeLine(line);
    if (!part || part.first || part.path !== first.record.path) return undefined;
    for (const row of part.files) (files as FileRow[]).push(row);
  }
  return files.length === first.count ? { ...first.record, files } : undefined;
}

/**
 * The head of a block without its files, which is enough to continue a walk; undefined for a further line. `,"e":[` with
 * unescaped quotes cannot be inside a JSON text, so the first one starts the files.
 */
export function decodeHead(block: Buffer): FolderHead | undefined {
  const at = block.indexOf(',"e":[');
  if (at < 0) return undefined;
  let raw: Partial<FirstLine>;
  try {
    raw = JSON.parse(`${block.toString("utf8", 0, at)}}`) as Partial<FirstLine>;
  } catch {
    return undefined;
  }
  const { p, m, c, u, d, t, k, y } = raw;
  if (typeof p !== "string" || typeof m !== "number" || typeof c !== "number" || !Array.isArray(d) || !Array.isArray(t))
    return undefined;
  const totals = { files: t[0], bytes: t[1], links: t[2] };
  return { path: p, mtimeUs: m, ctimeUs: c, settled: u !== 1, folders: d, totals, tally: { kinds: k ?? {}, hygiene: y ?? {} } };
}

export type FolderHead = Omit<FolderRecord, "files" | "failure"> & {
  readonly totals: FolderTotals;
  readonly tally: FolderTally;
};
