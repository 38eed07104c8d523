import { EmporiumError } from "../../../core/errors.js";
import { checkName, nameFault } from "../../../model/names.js";

/** The facts of a portal's run that names of its files contain. */
export interface NamedRun {
  readonly name: string;
  readonly id: string;
  readonly datasetId: string;
}

/** The most bytes of a name. Leaves room for the hidden name of a file while it is written, and for `-1a2b3c4d`. */
const NAME_BYTES_MAX = 220;

/**
 * The key of a file in the portal's form: `<dataset>/<run>_<run id>_<file>`. Characters that keys cannot have (line ends,
 * backslashes, bytes that are not UTF-8) become `_`. A long name is cut; `cut` says so, since two names may then be equal.
 *
 * @throws {EmporiumError} NAME_UNSAFE for a run or dataset that cannot be part of a key
 */
export function targetName({ name, id, datasetId }: NamedRun, fileName: string): { dest: string; cut: boolean } {
  checkName(datasetId, "dataset");
  checkName(name, "run");
  if (!/^[\w.-]+$/.test(id)) {
    throw new EmporiumError("NAME_UNSAFE", `the run id ${JSON.stringify(id)} of ${name} is not a number`, {
      hint: "correct CZI_run_id in the table of matches",
    });
  }
  const plain = fileName.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\\/]|\p{Surrogate}/gu, "_");
  const dot = plain.lastIndexOf(".");
  const [stem, ext] = dot > 0 ? [plain.slice(0, dot), plain.slice(dot)] : [plain, ""];
  const front = `${name}_${id}_`;
  const room = NAME_BYTES_MAX - Buffer.byteLength(front) - Buffer.byteLength(ext);
  if (room < 1) {
    throw new EmporiumError("NAME_UNSAFE", `the run ${name} has a name that leaves no room for that of a file`, {
      place: { file: fileName },
    });
  }
  const short = cutTo(stem, room);
  const last = `${front}${short}${ext}`;
  const fault = nameFault(last);
  if (fault) throw new EmporiumError("NAME_UNSAFE", `${JSON.stringify(last)} ${fault}`, { place: { file: fileName } });
  return { dest: `${datasetId}/${last}`, cut: short !== stem || plain !== fileName };
}

/** Cuts a text to so many bytes of UTF-8, between two characters. */
function cutTo(text: string, bytes: number): string {
  let short = "";
  let left = bytes;
  for (const character of text) {
    left -= Buffer.byteLength(character);
    if (left < 0) break;
    short += character;
  }
  return short;
}

/** The name with the beginning of its content's hash, for files that would share the name. */
export function withHash(dest: string, sha256: string): string {
  const dot = dest.lastIndexOf(".");
  const at = dot > dest.lastIndexOf("/") ? dot : dest.length;
  return `${dest.slice(0, at)}-${sha256.slice(0, 8)}${dest.slice(at)}`;
}

/** Names that are equal on some disks: they differ in case or in Unicode composition. */
export const foldedName = (dest: string): string => dest.normalize("NFC").toLowerCase();
