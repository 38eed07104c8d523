import type { Triple } from "../../../core/box.js";
import { parseMdoc } from "../../../formats/mdoc/read.js";
import { parseTiltAngles } from "../../../formats/tilt-angles/read.js";
import { orNothing } from "../draft.js";
import type { PlanContext } from "../importers/context.js";
import type { Doubt, ImageCount, UseLedger } from "./ledger.js";

/** No tilt series has more images. */
const IMAGES_MAX = 200;
/** Ends of the names of stacks that are made of another: halves of its frames, and the aligned stack. */
const DERIVED = /[_.-](?:odd|evn|even|ali|aligned)$/i;

type Surroundings = Pick<PlanContext, "source" | "volumes" | "files">;

/**
 * Why a volume whose header says nothing against it is a stack all the same: aligned stacks and those of half of the frames may have the header of
 * a volume. Sections are compared with what is known of the images of its run; where nothing is, with the files beside it, by their names.
 */
export function stackFinder({ imageCounts }: Pick<UseLedger, "imageCounts">, context: Surroundings) {
  const byRun = new Map<string, ImageCount[]>();
  for (const one of imageCounts) byRun.set(one.runFolder, [...(byRun.get(one.runFolder) ?? []), one]);
  return async ({ key, runFolder, shape }: Doubt): Promise<string | undefined> => {
    const [sections] = shape;
    const known = (byRun.get(runFolder) ?? []).filter((one) => one.key !== key);
    if (sections < 2) return undefined;
    if (known.some((one) => one.shape && sameShape(one.shape, shape))) return "same size as its run's tilt series";
    const same = known.find(({ count }) => count === sections);
    if (same) return `as many sections as its run has ${same.words}`;
    return known.length > 0 || sections > IMAGES_MAX ? undefined : besideIt(key, shape, context);
  };
}

async function besideIt(key: string, shape: Triple, { source, volumes, files }: Surroundings): Promise<string | undefined> {
  const [sections] = shape;
  const slash = key.lastIndexOf("/") + 1;
  const [folder, name] = [key.slice(0, slash), key.slice(slash)];
  const stem = name.replace(/\.[^.]+$/, "");
  const whole = stem.replace(DERIVED, "");
  const find = async (other: string) => {
    const entry = await source.child(folder, other);
    return other === name || entry?.key.endsWith("/") ? undefined : entry;
  };
  const counts = {
    ".mdoc": { words: "images", parse: (bytes: Uint8Array, file: string) => parseMdoc(bytes, file).sections.length },
    ".rawtlt": { words: "angles", parse: (bytes: Uint8Array, file: string) => parseTiltAngles(bytes, file).length },
    ".tlt": { words: "angles", parse: (bytes: Uint8Array, file: string) => parseTiltAngles(bytes, file).length },
  };
  for (const base of new Set([stem, whole])) {
    for (const [extension, { words, parse }] of Object.entries(counts)) {
      for (const between of extension === ".mdoc" ? ["", ".mrc", ".st"] : [""]) {
        const entry = await find(`${base}${between}${extension}`);
        const file = entry && (await orNothing(() => files.read("source", entry.key)));
        if (file && (await orNothing(async () => parse(file.bytes, file.name))) === sections)
          return `as many sections as the ${extension} in its folder has ${words}`;
      }
    }
  }
  for (const extension of whole === stem ? [] : [".mrc", ".st"]) {
    const entry = await find(`${whole}${extension}`);
    const stack = entry && (await orNothing(() => volumes.read(entry.key, false)));
    if (stack?.mrc?.grid[0] === 1 && sameShape(stack.shape, shape)) return "same size as the image stack in its folder";
  }
  return undefined;
}

function sameShape(a: Triple, b: Triple): boolean {
  return a.every((length, axis) => length === b[axis]);
}
