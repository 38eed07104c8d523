import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { REAL_DATA } from "../../../test/real-data.js";
import { inMemory } from "../../core/bytes.js";
import { modAscii } from "./ascii.js";
import { readModDocument } from "./document.js";
import type { ModPart } from "./model.js";
import { readMod, readModParts } from "./read.js";

const data = REAL_DATA;
const present = existsSync(new URL("expected.json", data));

/** What an independent reader found, from `expected.json`: numbers of nine digits. */
interface Facts {
  tool?: string;
  name: string;
  max_xyz: number[];
  objsize: number;
  scale_xyz: number[];
  pixsize: number;
  units: number;
  objects: {
    name: string;
    contours: number;
    points: number[];
    rgb: number[];
    meshes?: number;
    flags: number;
    first_point?: number[];
    mesh_sizes?: number[][];
    total_points: number;
  }[];
  slicer_angles: { time: number; angles: number[]; center: number[]; label: string }[];
  chunks: Record<string, number>;
  minx?: { otrans: number[]; cscale: number[]; ctrans: number[] };
}

const listed: [string, Facts][] = present
  ? Object.entries(JSON.parse(readFileSync(new URL("expected.json", data), "utf8")) as Record<string, { facts?: Facts }>).flatMap(
      ([path, { facts }]) => (path.endsWith(".mod") && facts ? [[path, facts] as [string, Facts]] : []),
    )
  : [];

const nineDigits = (values: Iterable<number>) => Array.from(values, (value) => Number(value.toPrecision(9)));

/** The ids of the chunks that parts came from. */
const CHUNKS: Partial<Record<ModPart["kind"], string>> = {
  object: "OBJT",
  contour: "CONT",
  sizes: "SIZE",
  mesh: "MESH",
  contourLabels: "LABL",
  objectLabels: "OLBL",
  slicerAngles: "SLAN",
  image: "MINX",
  end: "IEOF",
};

describe("real models", () => {
  it.skipIf(!present)("are there to be read", () => expect(listed.length).toBeGreaterThanOrEqual(6));

  it.each(listed)("%s has the facts of the inventory", async (path, facts) => {
    const source = inMemory(readFileSync(new URL(path, data)), path);
    const { header, objects, slicerAngles, image } = await readMod(source);
    const found: Omit<Facts, "chunks"> = {
      name: header.name,
      max_xyz: [...header.max],
      objsize: header.objectCount,
      scale_xyz: nineDigits(header.scale),
      pixsize: nineDigits([header.pixelSize])[0]!,
      units: header.units,
      objects: objects.map(({ name, contours, color, meshes, flags }) => {
        const first = contours.find(({ pointCount }) => pointCount > 0);
        return {
          name,
          contours: contours.length,
          points: contours.map(({ pointCount }) => pointCount),
          rgb: nineDigits(color),
          flags,
          ...(first && { first_point: nineDigits(first.xyz.subarray(0, 3)) }),
          ...(meshes.length > 0 && { mesh_sizes: meshes.map(({ vertexCount, indexCount }) => [vertexCount, indexCount]) }),
          total_points: contours.reduce((sum, { xyz }) => sum + xyz.length / 3, 0),
        };
      }),
      slicer_angles: slicerAngles.map(({ time, angles, center, label }) => ({
        time,
        angles: nineDigits(angles),
        center: nineDigits(center),
        label,
      })),
    };
    const { chunks, minx, tool: _tool, ...wanted } = facts;
    // the inventory's count of meshes is 0 even where it lists their sizes
    expect(found).toEqual({ ...wanted, objects: wanted.objects.map(({ meshes: _meshes, ...rest }) => rest) });
    expect(objects.map(({ meshCount }) => meshCount)).toEqual(objects.map(({ meshes }) => meshes.length));
    expect(
      image && {
        otrans: nineDigits(image.oldTranslation),
        cscale: nineDigits(image.scale),
        ctrans: nineDigits(image.translation),
      },
    ).toEqual(minx && { otrans: minx.otrans, cscale: minx.cscale, ctrans: minx.ctrans });

    const counts: Record<string, number> = {};
    let end = 0;
    for await (const part of readModParts(source)) {
      const id = part.kind === "other" ? part.id : CHUNKS[part.kind];
      if (id) counts[id] = (counts[id] ?? 0) + 1;
      if (part.kind === "end") end = part.marked ? 1 : 0;
    }
    expect(counts).toEqual(chunks);
    expect(end).toBe(1);
    if (header.units === -9 && image) expect(header.pixelSizeAngstrom).toBeCloseTo(image.scale[0], 4);
  });

  it.each(listed.map(([path]) => path))("(34.34) %s has the text that imodinfo -a prints", async (path) => {
    const name = path.slice(path.lastIndexOf("/") + 1).replace(/\.mod$/, ".txt");
    const text = readFileSync(new URL(`../../../test/golden/mod/imodinfo/${name}`, import.meta.url), "latin1");
    const document = await readModDocument(inMemory(readFileSync(new URL(path, data)), path));
    expect(modAscii(document).split("\n")).toEqual(text.split("\n"));
  });
});
