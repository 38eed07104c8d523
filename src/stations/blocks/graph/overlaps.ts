import { isEmporiumError } from "../../../core/errors.js";
import { datasetPlace } from "../../../formats/registry.js";
import { type Nesting, nestingOf } from "../../../stores/nesting.js";
import { parseVolumeLocation } from "../../../stores/url.js";
import type { GraphDocument } from "./document.js";
import type { Faults } from "./faults.js";

/** Refuses outputs that are inputs, or lie in or around inputs or other outputs, however their places are written. */
export function refuseOverlaps({ inputs, outputs }: GraphDocument, faults: Faults): void {
  const read = Object.entries(inputs).map(([name, given]) => ({
    what: `input ${name}`,
    place: typeof given === "string" ? given : given.from,
  }));
  const written: typeof read = [];
  for (const [name, { to }] of Object.entries(outputs)) {
    const path = ["outputs", name, "to"];
    try {
      for (const other of [...read, ...written]) {
        const nesting = nestingWith(to, other.place);
        if (nesting === "apart") continue;
        faults.add(path, `${to} ${WORDS[nesting]} ${other.what} (${other.place})`, {
          code: "CONFIG_COLLISION",
          hint: "give the output a place of its own",
        });
      }
    } catch (error) {
      if (!isEmporiumError(error)) throw error;
      faults.addError(path, error);
      continue;
    }
    written.push({ what: `output ${name}`, place: to });
  }
}

const WORDS: Readonly<Record<Exclude<Nesting, "apart">, string>> = {
  same: "is the same place as",
  inside: "is inside",
  around: "contains",
};

/** @param place of an input: with its format, or a dataset of a file */
function nestingWith(to: string, place: string): Nesting {
  try {
    return nestingOf(to, fileOf(place));
  } catch (error) {
    // what opens the input says what is wrong with it
    if (isEmporiumError(error) && nestingOf(to, to) === "same") return "apart";
    throw error;
  }
}

function fileOf(place: string): string {
  return datasetPlace(parseVolumeLocation(place).location).file;
}
