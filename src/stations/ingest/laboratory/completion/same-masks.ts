import { groupsOf, keyOf } from "../../../../core/groups.js";
import { type MrcHeader, readMrcHeader } from "../../../../formats/mrc/header.js";
import { decodePlaneValues, readMrcPlanes } from "../../../../formats/mrc/read.js";
import type { Decision } from "../decide.js";
import { orReason } from "../recognisers/common/reading.js";
import type { Laboratory } from "../survey/laboratory.js";

/**
 * Masks of one run that mark the same voxels are one, whatever they are called and in whichever numbers they are stored: people copy a segmentation beside
 * what they make of it. The one of which most is known stays.
 */
export async function leaveSameMasks(files: Map<string, Decision>, laboratory: Laboratory): Promise<void> {
  const masks = [...files.values()].filter(({ role, run }) => role === "mask" && run !== undefined);
  const groups = groupsOf(masks, ({ run, path, details }) =>
    keyOf(
      run!,
      details.isInstances ? "instances" : `${details.label !== undefined}`,
      ...(laboratory.get(path)?.volume?.shape ?? []).map(String),
    ),
  );
  for (const group of groups.values()) {
    const kept: Decision[] = [];
    for (const file of [...group].sort((a, b) => weight(b) - weight(a) || a.path.length - b.path.length)) {
      let same: Decision | undefined;
      for (const other of kept) if (!same && (await markTheSame(laboratory, other, file))) same = other;
      if (same && file.strength !== "person")
        files.set(file.path, { ...file, role: "left out", because: `the voxels of ${same.path} once more`, details: {} });
      else kept.push(file);
    }
  }
}

const weight = ({ strength, details, sameRunAs }: Decision): number =>
  (strength === "person" ? 8 : strength === "bookkeeping" ? 4 : 0) +
  Number(details.object !== undefined) * 2 +
  Number(sameRunAs !== undefined);

async function markTheSame(laboratory: Laboratory, a: Decision, b: Decision): Promise<boolean> {
  const files = [a, b].map(({ path, details }) => ({ path, label: details.isInstances ? undefined : details.label }));
  if (files.some(({ path }) => laboratory.get(path)?.format !== "mrc")) return false;
  const read = await orReason(async () => {
    const [one, other] = await Promise.all(files.map(({ path, label }) => maskOf(laboratory, path, label)));
    for (let z = 0; z < one!.header.shape[0]; z++) {
      const [first, second] = await Promise.all([one!.section(z), other!.section(z)]);
      if (!first.every((value, at) => value === second[at])) return false;
    }
    return true;
  });
  return "value" in read && read.value;
}

interface Mask {
  readonly header: MrcHeader;
  /** What is marked: 1 where one label counts, the instances otherwise. */
  section(z: number): Promise<Float32Array>;
}

async function maskOf(laboratory: Laboratory, path: string, label: number | undefined): Promise<Mask> {
  const source = await laboratory.open(path);
  const header = await readMrcHeader(source);
  return {
    header,
    section: async (z) => {
      const values = decodePlaneValues(await readMrcPlanes(source, header, z, z + 1), header);
      return label === undefined ? values : values.map((value) => Number(value === label));
    },
  };
}
