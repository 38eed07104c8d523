import { alignmentError } from "./rows.js";

/** One option of an IMOD command file. */
export interface ComOption {
  key: string;
  value: string;
  line: number;
}

const SECTIONS_MAX = 100_000;

/**
 * `1,2-6,9` → 1, 2, 3, 4, 5, 6, 9: IMOD's lists of sections, in order. Blanks separate like commas, except around a dash.
 *
 * @throws {EmporiumError} FORMAT_FIELD with the line.
 */
export function sectionList({ key, value, line }: ComOption, name: string): number[] {
  const sections: number[] = [];
  const parts = value.split(/[,\s]+/).filter((text) => text !== "");
  for (let at = 0; at < parts.length; at++) {
    let part = parts[at]!;
    while (part.endsWith("-") || parts[at + 1]?.startsWith("-")) {
      if (part.length > 40 || at + 1 >= parts.length) break;
      part += parts[++at]!;
    }
    const match = /^(\d+)(?:-(\d+))?$/.exec(part);
    const [first, last] = [Number(match?.[1]), Number(match?.[2] ?? match?.[1])];
    if (!match || first < 1 || last < first || last > SECTIONS_MAX || sections.length > SECTIONS_MAX) {
      const found = JSON.stringify(part.slice(0, 40));
      throw alignmentError(name, line, `${key} names ${found}; expected sections from 1 to ${SECTIONS_MAX} as in 2-6,9`);
    }
    for (let section = first; section <= last; section++) sections.push(section);
  }
  return sections;
}
