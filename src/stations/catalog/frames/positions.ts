import { EmporiumError, type Place } from "../../../core/errors.js";
import type { JsonObject } from "../../../core/json.js";
import { isJsonObject, member } from "../../../core/json-fields.js";
import type { SourceFile } from "./frame.js";

/**
 * The files of the selected positions, in the order of `InitialPositionList`. A label is a whole word of a file's name: `Pos1` is
 * not in `test_Pos10.ome.tif`.
 *
 * @param imageJ `IJMetadata` of the first file. If it has no list, the numbers behind `Pos` in the names are used.
 * @throws {EmporiumError} CONFIG_EMPTY if there is none
 */
export function selectPositions(
  files: readonly SourceFile[],
  positions: readonly number[] | undefined,
  imageJ: JsonObject | undefined,
  place?: Place,
): Chosen {
  if (positions === undefined) return { files, warnings: [] };
  const wanted = new Set(positions);
  const labels = positionLabels(imageJ) ?? labelsOfNames(files);
  const chosen: SourceFile[] = [];
  const met = new Set<number>();
  for (const [index, label] of labels.entries()) {
    // labels of grids, `1-Pos000_002`, contain no number: their index in the list is used
    const number = /^Pos(\d+)$/.exec(label)?.[1] ?? index;
    if (!wanted.has(Number(number))) continue;
    const more = files.filter((file) => holdsWord(file.key, label) && !chosen.includes(file));
    if (more.length > 0) met.add(Number(number));
    chosen.push(...more);
  }
  if (chosen.length > 0) return { files: chosen, warnings: missingPositions(positions, met, labels) };
  throw new EmporiumError(
    "CONFIG_EMPTY",
    `no position of --positions (${positions.join(", ") || "none"}) is in the PositionList of IJMetadata (${labels.join(", ") || "none"})`,
    {
      place,
      hint: "correct the column positions of the table",
    },
  );
}

/** The selected files, and a warning about missing positions. */
export interface Chosen {
  readonly files: readonly SourceFile[];
  readonly warnings: readonly string[];
}

/** @param found the existing positions, in words */
export function missingPositions(wanted: readonly number[], met: ReadonlySet<number>, found: readonly string[]): string[] {
  const missing = [...new Set(wanted)].filter((position) => !met.has(position));
  if (missing.length === 0) return [];
  const [noun, verb] = missing.length === 1 ? ["position", "is"] : ["positions", "are"];
  return [`${noun} ${missing.join(", ")} of the table ${verb} not there and not uploaded; found ${found.join(", ")}`];
}

/** Labels of `InitialPositionList`: members of objects, or texts. Undefined without a list. */
function positionLabels(imageJ: JsonObject | undefined): string[] | undefined {
  const list = imageJ && member(imageJ, "InitialPositionList");
  if (!Array.isArray(list)) return undefined;
  return list.flatMap((item) => {
    const label = isJsonObject(item) ? member(item, "Label") : item;
    return typeof label === "string" ? [label] : [];
  });
}

function labelsOfNames(files: readonly SourceFile[]): string[] {
  return [...new Set(files.flatMap(({ key }) => /(?:^|[^A-Za-z0-9])(Pos\d+)(?![0-9])/.exec(key)?.[1] ?? []))];
}

function holdsWord(name: string, word: string): boolean {
  for (let at = name.indexOf(word); at >= 0; at = name.indexOf(word, at + 1)) {
    const [before, after] = [name[at - 1] ?? "", name[at + word.length] ?? ""];
    const cutNumber = /\d$/.test(word) && /\d/.test(after);
    if (!cutNumber && !/[A-Za-z0-9]/.test(before)) return true;
  }
  return false;
}
