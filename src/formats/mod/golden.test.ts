import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { inMemory } from "../../core/bytes.js";
import { readMod } from "./read.js";

const fixtures = new URL("../../../test/fixtures/mod/", import.meta.url);

interface Golden {
  name: string;
  max: number[];
  flags: number;
  pixelSize: number;
  units: number;
  objects: {
    name: string;
    flags: number;
    color: number[];
    pointSize: number;
    contours: { surface: number; xyz: number[]; sizes: number[] | null }[];
    meshes: { vertices: number[]; indices: number[] }[];
  }[];
  slicerAngles: { time: number; angles: number[]; center: number[]; label: string }[];
  image: { oldTranslation: number[]; scale: number[]; translation: number[]; rotation: number[] } | null;
}
const golden = JSON.parse(readFileSync(new URL("../../../test/golden/mod/facts.json", import.meta.url), "utf8")) as {
  files: Record<string, Golden>;
};

describe("models that imodmodel wrote", () => {
  for (const file of readdirSync(fixtures)) {
    it(`${file}: as imodmodel reads it, wrong lengths and all`, async () => {
      const { header, objects, slicerAngles, image } = await readMod(inMemory(readFileSync(new URL(file, fixtures)), file), {
        meshes: true,
      });
      const found: Golden = {
        name: header.name,
        max: [...header.max],
        flags: header.flags,
        pixelSize: header.pixelSize,
        units: header.units,
        objects: objects.map(({ name, flags, color, pointSize, contours, meshes }) => ({
          name,
          flags,
          color: [...color],
          pointSize,
          contours: contours.map(({ surface, xyz, sizes }) => ({ surface, xyz: [...xyz], sizes: sizes ? [...sizes] : null })),
          meshes: meshes.map(({ vertices, indices }) => ({ vertices: [...vertices!], indices: [...indices!] })),
        })),
        slicerAngles: slicerAngles.map(({ time, angles, center, label }) => ({
          time,
          angles: [...angles],
          center: [...center],
          label,
        })),
        image: image
          ? {
              oldTranslation: [...image.oldTranslation],
              scale: [...image.scale],
              translation: [...image.translation],
              rotation: [...image.rotation],
            }
          : null,
      };
      expect(found).toEqual(golden.files[file]);
    });
  }
});
