import { openBlockVolume } from "../../../../arrays/loader/volume.js";
import { numbersOf } from "../../../../arrays/plane/convert.js";
import { groupsOf, keyOf } from "../../../../core/groups.js";
import { readMrcHeader } from "../../../../formats/mrc/header.js";
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
        files.set(file.path, { ...file, role: "left out", because: `the same voxels as ${same.path}`, details: {} });
      else kept.push(file);
    }
  }
}

const weight = ({ strength, details, sameRunAs }: Decision): number =>
  (strength === "person" ? 8 : strength === "bookkeeping" ? 4 : 0) +
  Number(details.object !== undefined) * 2 +
  Number(sameRunAs !== undefined);

const FORMATS: readonly unknown[] = ["mrc", "zarr"];

async function markTheSame(laboratory: Laboratory, a: Decision, b: Decision): Promise<boolean> {
  const files = [a, b].map(({ path, details }) => ({ path, label: details.isInstances ? undefined : details.label }));
  if (files.some(({ path }) => !FORMATS.includes(laboratory.get(path)?.format))) return false;
  const opened: Mask[] = [];
  const read = await orReason(async () => {
    for (const { path, label } of files) opened.push(await maskOf(laboratory, path, label));
    const [one, other] = opened as [Mask, Mask];
    for (let z = 0; z < one.sections; z++) {
      const [first, second] = [await one.section(z), await other.section(z)];
      if (!first.every((value, at) => value === second[at])) return false;
    }
    return true;
  });
  for (const mask of opened) await mask.close?.();
  return "value" in read && read.value;
}

interface Mask {
  readonly sections: number;
  /** What is marked: 1 where one label counts, the instances otherwise. */
  section(z: number): Promise<Float32Array>;
  close?: (() => Promise<void>) | undefined;
}

async function maskOf(laboratory: Laboratory, path: string, label: number | undefined): Promise<Mask> {
  const values = await (laboratory.get(path)?.format === "zarr" ? valuesOfZarr : valuesOfMrc)(laboratory, path);
  return {
    ...values,
    section: async (z) => {
      const section = await values.section(z);
      return label === undefined ? section : section.map((value) => Number(value === label));
    },
  };
}

async function valuesOfMrc(laboratory: Laboratory, path: string): Promise<Mask> {
  const source = await laboratory.open(path);
  const header = await readMrcHeader(source);
  return {
    sections: header.shape[0],
    section: async (z) => decodePlaneValues(await readMrcPlanes(source, header, z, z + 1), header),
  };
}

async function valuesOfZarr(laboratory: Laboratory, path: string): Promise<Mask> {
  const volume = await openBlockVolume({ store: laboratory.store, key: path }, { threads: 1 });
  const level = volume.levels[0]!;
  const [sections, rows, columns] = level.shape;
  return {
    sections,
    section: async (z) =>
      Float32Array.from(numbersOf(await level.read({ start: [z, 0, 0], stop: [z + 1, rows, columns] }), level.dtype)),
    close: async () => volume.close?.(),
  };
}
