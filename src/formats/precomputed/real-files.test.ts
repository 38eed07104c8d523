import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { REAL_DATA } from "../../../test/real-data.js";
import { inMemory } from "../../core/bytes.js";
import { isEmporiumError } from "../../core/errors.js";
import type { AnnotationInfo } from "./annotation-info.js";
import { decodeAnnotation, decodeAnnotations } from "./annotation-records.js";
import { gunzip } from "./gzip.js";
import { parseInfo, parseVolumeInfo } from "./info.js";
import { decodeMeshFragment, parseMeshManifest } from "./legacy-mesh.js";
import { readPrecomputedBox } from "./read.js";

const data = REAL_DATA;
const folder = new URL("precomputed/", data);
const present = existsSync(folder);
const bytesOf = (path: string) => new Uint8Array(readFileSync(new URL(path, folder)));
const plainOf = (path: string) => gunzip(bytesOf(path), 2 ** 26, path);

interface Facts {
  type: string;
  data_type: string;
  num_channels: number;
  scales: {
    key: string;
    size: number[];
    resolution: number[];
    chunk_sizes: number[][];
    encoding: string;
    voxel_offset: number[];
    sharding?: object;
  }[];
}

const facts: [string, Facts][] = present
  ? Object.entries(JSON.parse(readFileSync(new URL("expected.json", data), "utf8")) as Record<string, { facts?: Facts }>).flatMap(
      ([path, one]) =>
        one.facts?.scales?.length && path.startsWith("precomputed/") ? [[path.slice(12), one.facts] as [string, Facts]] : [],
    )
  : [];

describe("real Neuroglancer files", () => {
  it.skipIf(!present)("are there to be read", () => expect(facts.length).toBe(4));

  it.each(facts)("%s says what expected.json says", (path, wanted) => {
    const info = parseVolumeInfo(bytesOf(path), path);
    expect(info).toMatchObject({ type: wanted.type, dtype: wanted.data_type, channels: wanted.num_channels });
    const reversed = (list: readonly number[]) => [...list].reverse();
    expect(
      info.scales.map(({ key, shape, voxelSizeNm, chunks, encoding, offset }) => ({
        key,
        shape,
        voxelSizeNm,
        chunks,
        encoding,
        offset,
      })),
    ).toEqual(
      wanted.scales.map(({ key, size, resolution, chunk_sizes, encoding, voxel_offset }) => ({
        key,
        shape: reversed(size),
        voxelSizeNm: reversed(resolution),
        chunks: chunk_sizes.map(reversed),
        encoding,
        offset: reversed(voxel_offset),
      })),
    );
    expect(info.scales.map(({ sharding }) => sharding !== undefined)).toEqual(
      wanted.scales.map(({ sharding }) => sharding !== undefined),
    );
  });

  it.skipIf(!present)("an annotation layer of cloud-volume's: spatial cell, by id, by skeleton agree", async () => {
    const root = "test_precomputed_annotation";
    const info = parseInfo(bytesOf(`${root}/info`), "info") as AnnotationInfo;
    expect(info).toMatchObject({ type: "point", relationships: [{ id: "skeleton_id", key: "skeleton_id" }] });
    expect(info.spatial.length).toBe(12);
    expect(info.spatial.at(-1)).toMatchObject({
      key: "spatial11",
      gridShape: [512, 256, 16],
      sharding: { minishardBits: 5, shardBits: 7 },
    });
    const spatial = decodeAnnotations(await plainOf(`${root}/spatial0/0_0_0.gz`), info);
    expect(spatial.count).toBe(10_043);
    const inside = (value: number, axis: number) => value >= info.lowerBound![axis]! && value <= info.upperBound![axis]!;
    expect(spatial.geometry.every((value, i) => inside(value, i % 3))).toBe(true);
    const labels = new Set(info.properties[0]!.enumValues);
    expect(spatial.properties.get("class_label")!.every((value) => labels.has(value))).toBe(true);
    const one = decodeAnnotation(await plainOf(`${root}/by_id/3867588737.gz`), info);
    expect([...one.geometry, ...one.properties.get("class_label")!]).toEqual([1_937_760, 1_318_752, 96_921, 1]);
    expect([...one.related.get("skeleton_id")!]).toEqual([4_781_447_896n]);
    const related = decodeAnnotations(await plainOf(`${root}/skeleton_id/243895108.gz`), info);
    expect(related.count).toBe(4);
  });

  it.skipIf(!present)("a mesh of cloud-volume's: list and fragment", async () => {
    const root = "test_cv/mesh_mip_2_err_40_sv16";
    const fragments = parseMeshManifest(bytesOf(`${root}/648518346349515986:0`));
    expect(fragments).toContain("9186015583345574368:0");
    const mesh = decodeMeshFragment(await plainOf(`${root}/9186015583345574368:0.gz`));
    expect([mesh.vertices.length / 3, mesh.triangles.length / 3]).toEqual([92, 126]);
  });

  it.skipIf(!present)("a chunk as one PNG of 24×576 pixels: three channels", async () => {
    const info = parseVolumeInfo(bytesOf("simple_ng_dataset/color/info"));
    const [scale] = info.scales as [(typeof info.scales)[number]];
    const open = async (key: string) =>
      key === "0-24_0-24_0-24" ? inMemory(bytesOf(`simple_ng_dataset/color/1/${key}`), key) : undefined;
    const read = await readPrecomputedBox(open, info, scale, { start: [0, 0, 0], stop: [24, 24, 24] });
    // by Pillow 13.0.0: numpy.asarray(Image.open(…)).reshape(-1, 3).T
    expect(createHash("sha256").update(read).digest("hex")).toBe(
      "f50fd6de132421eaefd8881197b1fc213a61632fd8d315b13b45e43e86f68fd4",
    );
  });

  it.skipIf(!present)("chunks in compresso are refused by name, absent ones are zeros", async () => {
    const compresso = parseVolumeInfo(bytesOf("test_seg_unsharded/info"));
    const scale = compresso.scales[2]!;
    const names = readdirSync(new URL(`test_seg_unsharded/${scale.key}/`, folder));
    expect(names.length).toBe(8);
    const open = async (key: string) =>
      names.includes(key) ? inMemory(bytesOf(`test_seg_unsharded/${scale.key}/${key}`), key) : undefined;
    const read = readPrecomputedBox(open, compresso, scale, { start: [0, 0, 0], stop: [1, 1, 1] }).catch(
      (thrown: unknown) => thrown,
    );
    const error: unknown = await read;
    expect(isEmporiumError(error) && [error.code, /"compresso"/.test(error.message)]).toEqual(["FORMAT_UNSUPPORTED", true]);
    const empty = parseVolumeInfo(bytesOf("one_channel/info"));
    const zeros = await readPrecomputedBox(async () => undefined, empty, empty.scales[2]!, { start: [0, 0, 0], stop: [8, 5, 3] });
    expect(zeros).toEqual(new Uint8Array(240));
  });

  it.skipIf(!present)("gunzip gives what zlib gives", async () => {
    const stored = bytesOf("test_precomputed_annotation/spatial0/0_0_0.gz");
    expect(Buffer.compare(await gunzip(stored, 2 ** 26, "x"), gunzipSync(stored))).toBe(0);
  });
});
