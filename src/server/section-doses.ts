import { isEmporiumError } from "../core/errors.js";
import { mdocNumbers, parseMdoc } from "../formats/mdoc/read.js";

/** Degrees that refined angles may be away from those of the microscope. */
const APART_DEGREES = 2;

interface Beside {
  readonly read: (path: string) => Promise<Uint8Array | undefined>;
  readonly folder: string;
  readonly name: string;
  /** One a section, where they are known. */
  readonly angles: readonly number[] | undefined;
  readonly sections: number;
}

/** e/Å² that the sample had been given after each section: by the .mdoc beside a tilt series, where that has the same sections in the same order. */
export async function dosesBeside({ read, folder, name, angles, sections }: Beside) {
  for (const file of [`${name}.mdoc`, `${name.replace(/\.[^.]*$/, "")}.mdoc`]) {
    const bytes = await read(`${folder}${file}`);
    if (!bytes) continue;
    const doses = mdocDoses(bytes, file, angles);
    return doses?.length === sections ? { doses, from: file } : undefined;
  }
  return undefined;
}

function mdocDoses(bytes: Uint8Array, file: string, angles: readonly number[] | undefined): number[] | undefined {
  try {
    return parseMdoc(bytes, file).sections.flatMap(({ fields, exposureDose, tiltAngleDegrees }, i) => {
      const before = mdocNumbers(fields, "PriorRecordDose")?.[0];
      const isSame = !angles || Math.abs((angles[i] ?? Number.NaN) - (tiltAngleDegrees ?? Number.NaN)) <= APART_DEGREES;
      return isSame && before !== undefined && exposureDose ? [before + exposureDose] : [];
    });
  } catch (error) {
    // its angles are looked for as well, and say what is broken
    if (isEmporiumError(error)) return undefined;
    throw error;
  }
}
