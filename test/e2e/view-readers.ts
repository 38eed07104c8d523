import type { Triple } from "../../src/core/box.js";
import { inMemory } from "../../src/core/bytes.js";
import { type AnnotationInfo, annotationInfoFromJson } from "../../src/formats/precomputed/annotation-info.js";
import { type Annotations, decodeAnnotations } from "../../src/formats/precomputed/annotation-records.js";
import { parseVolumeInfo, type VolumeInfo } from "../../src/formats/precomputed/info.js";
import {
  decodeMeshFragment,
  meshManifestKey,
  parseMeshManifest,
  type TriangleMesh,
} from "../../src/formats/precomputed/legacy-mesh.js";
import { readPrecomputedBox } from "../../src/formats/precomputed/read.js";
import { readShardValue, shardName, shardOf } from "../../src/formats/precomputed/sharding.js";

/** A file of a tree, or undefined where there is none. */
export type ReadFile = (key: string) => Promise<Uint8Array | undefined>;

async function need(read: ReadFile, key: string): Promise<Uint8Array> {
  const bytes = await read(key);
  if (!bytes) throw new Error(`${key} is not there`);
  return bytes;
}

/** All annotations of a layer by its only cell, after each has been found under its id as well. */
export async function readPointLayer(read: ReadFile, folder: string): Promise<{ info: AnnotationInfo; all: Annotations }> {
  const info = annotationInfoFromJson(JSON.parse(new TextDecoder().decode(await need(read, `${folder}/info`))), folder);
  const all = decodeAnnotations(await need(read, `${folder}/${info.spatial[0]!.key}/0_0_0`), info);
  const sharding = info.byId.sharding!;
  for (const id of all.ids) {
    const key = `${folder}/${info.byId.key}/${shardName(sharding, shardOf(sharding, id).shard)}`;
    const record = await readShardValue(inMemory(await need(read, key), key), sharding, id);
    if (!record) throw new Error(`${folder}: no annotation ${id} by its id`);
  }
  return { info, all };
}

export async function readMaskLayer(read: ReadFile, folder: string): Promise<{ info: VolumeInfo; labels: Uint32Array }> {
  const info = parseVolumeInfo(await need(read, `${folder}/info`), folder);
  const scale = info.scales[0]!;
  const open = async (key: string) => inMemory(await need(read, `${folder}/${scale.key}/${key}`), key);
  const bytes = await readPrecomputedBox(open, info, scale, { start: [0, 0, 0], stop: scale.shape }, { name: folder });
  return { info, labels: new Uint32Array(bytes.slice().buffer) };
}

/** The surface of one segment of a layer. */
export async function readSurface(read: ReadFile, folder: string, label: number): Promise<TriangleMesh> {
  const mesh = JSON.parse(new TextDecoder().decode(await need(read, `${folder}/info`))).mesh;
  const keys = parseMeshManifest(await need(read, `${folder}/${mesh}/${meshManifestKey(label)}`));
  if (keys.length !== 1) throw new Error(`${folder}: ${keys.length} fragments`);
  return decodeMeshFragment(await need(read, `${folder}/${mesh}/${keys[0]}`));
}

/** Least and greatest of a surface along z, y, x. */
export function surfaceBounds({ vertices }: TriangleMesh): [min: Triple, max: Triple] {
  const min: Triple = [Infinity, Infinity, Infinity];
  const max: Triple = [-Infinity, -Infinity, -Infinity];
  for (const [i, value] of vertices.entries()) {
    const axis = 2 - (i % 3);
    min[axis] = Math.min(min[axis]!, value);
    max[axis] = Math.max(max[axis]!, value);
  }
  return [min, max];
}

/** Sides of triangles that are not shared by two. A closed surface has none. */
export function openSides({ triangles }: TriangleMesh): number {
  const sides = new Map<string, number>();
  for (let i = 0; i < triangles.length; i += 3) {
    for (let k = 0; k < 3; k++) {
      const [a, b] = [triangles[i + k]!, triangles[i + ((k + 1) % 3)]!];
      const side = a < b ? `${a} ${b}` : `${b} ${a}`;
      sides.set(side, (sides.get(side) ?? 0) + 1);
    }
  }
  return [...sides.values()].filter((times) => times !== 2).length;
}
