import { writeSync } from "node:fs";
import { mkdir, rename, stat } from "node:fs/promises";
import type { Triple } from "../../../core/box.js";
import type { OpenVolumeOptions } from "./volume.js";

/** Makes a file of the scratch folder once: a second call, also after a kill, finds it. */
export async function laidOut(
  options: Pick<OpenVolumeOptions, "scratch">,
  name: string,
  make: (path: string) => Promise<void>,
): Promise<string> {
  const folder = await options.scratch();
  await mkdir(folder, { recursive: true });
  const path = `${folder}/${name}.raw`;
  if (await stat(path).catch(() => undefined)) return path;
  await make(`${path}.part`);
  await rename(`${path}.part`, path);
  return path;
}

/** A file of the scratch folder that was made before. */
export async function laidOutBefore({ scratch }: Pick<OpenVolumeOptions, "scratch">, name: string): Promise<string | undefined> {
  const path = `${await scratch()}/${name}.raw`;
  return (await stat(path).catch(() => undefined)) && path;
}

/** Writes a box of a C-order volume in as few pieces as possible. Synchronous: a promise for each short row would cost more. */
export function writeBox(fd: number, bytes: Uint8Array, shape: Triple, start: Triple, size: Triple, itemBytes: number): void {
  const wholeRows = size[2] === shape[2];
  const wholePlanes = wholeRows && size[1] === shape[1];
  const run = (wholePlanes ? size[0] * size[1] * size[2] : wholeRows ? size[1] * size[2] : size[2]) * itemBytes;
  for (let at = 0; at < bytes.length; at += run) {
    const row = at / (size[2] * itemBytes);
    const z = start[0] + Math.floor(row / size[1]);
    const y = start[1] + (row % size[1]);
    const position = ((z * shape[1] + y) * shape[2] + start[2]) * itemBytes;
    for (let done = 0; done < run; ) done += writeSync(fd, bytes, at + done, run - done, position + done);
  }
}
