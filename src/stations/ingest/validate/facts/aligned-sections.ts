import { parseAln } from "../../../../formats/alignment/aretomo.js";
import { parseComFile, tiltComGeometry } from "../../../../formats/alignment/com-file.js";
import { parseXf } from "../../../../formats/alignment/imod.js";
import { objectName } from "../../../../stores/store.js";
import { Undecided } from "./fact.js";
import type { Document } from "./fields.js";
import { textAt } from "./fields.js";
import { filesIn, type Tree } from "./tree.js";

/** Numbers of sections that the files of an alignment hold. */
export interface AlignedSections {
  /** Key of the file that gives the numbers. */
  readonly key: string;
  /** Sections of the tilt series that it was made of. */
  readonly all: number;
  /** Sections that are aligned: without those that the reconstruction leaves out, and without dark frames. */
  readonly aligned: number;
}

/**
 * The sections of an alignment by its own files: the lines of an `.xf` without those that the `tilt.com` beside it excludes, or
 * the rows of an `.aln`.
 *
 * @throws {Undecided} for files of other programs, {EmporiumError} FORMAT_…, STORE_…
 */
export async function alignedSections(tree: Tree, folder: string, metadata: Document): Promise<AlignedSections> {
  const key = textAt(metadata, "alignment_path") ?? (await alnOf(tree, folder));
  const bytes = key === undefined ? undefined : await tree.bytes(key);
  if (key === undefined || !bytes) throw new Undecided("no file of transforms");
  const name = objectName(tree.store, key);
  if (key.toLowerCase().endsWith(".aln")) {
    const { sections, darkFrames } = parseAln(bytes, name);
    return { key, all: sections.length + darkFrames.length, aligned: sections.length };
  }
  if (!key.toLowerCase().endsWith(".xf")) throw new Undecided("transforms in a file of another program");
  const all = parseXf(bytes, name).length;
  const left = await leftOut(tree, folder, all);
  return { key, all, aligned: all - left };
}

async function alnOf(tree: Tree, folder: string): Promise<string | undefined> {
  const [name] = await filesIn(tree, folder, ".aln");
  return name && `${folder}/${name}`;
}

/** Sections from 1 that no reconstruction uses. */
async function leftOut(tree: Tree, folder: string, all: number): Promise<number> {
  const commands = (await filesIn(tree, folder, ".com")).filter((name) => /(?:^|[^a-z])tilt[ab]?\.com$/i.test(name));
  if (commands.length > 1) throw new Undecided("more than one tilt.com");
  const [name] = commands;
  const bytes = name === undefined ? undefined : await tree.bytes(`${folder}/${name}`);
  if (!bytes) return 0;
  const { excluded, included } = tiltComGeometry(parseComFile(bytes, objectName(tree.store, `${folder}/${name}`)));
  const numbers = Array.from({ length: all }, (_, i) => i + 1);
  return numbers.filter((number) => excluded.includes(number) || (included && !included.includes(number))).length;
}
