import type { RandomAccess } from "../../src/core/bytes.js";
import { asEmporiumError, EmporiumError, toErrorRecord } from "../../src/core/errors.js";
import { LIMITS } from "../../src/core/limits.js";
import { mdocAngles, parseMdoc } from "../../src/formats/mdoc/read.js";
import { modelObjects, readModelObject } from "../../src/formats/mod/shapes.js";
import { parseTiltAngles } from "../../src/formats/tilt-angles/read.js";
import type { OverlayGround, OverlayShapes } from "../../src/model/overlay-bytes.js";
import type { OverlayLayer } from "../../src/model/page-api.js";

/** Files that were dropped together with a volume: models are drawn over it, angles are those of its sections. */

/** Models: their objects, by ids that hold their places in the list of files. */
export async function layersBeside(files: readonly RandomAccess[]): Promise<OverlayLayer[]> {
  const found = await Promise.all(
    files.map(async (file, i): Promise<OverlayLayer[]> => {
      if (!isModel(file)) return [];
      const entry = { kind: "model", isVisible: true } as const;
      try {
        const objects = await modelObjects(file);
        return objects.map(({ object, name, color, count }) => ({
          ...entry,
          id: `dropped${i}-${object}`,
          name: `${file.name} · ${name}`,
          color,
          count,
        }));
      } catch (error) {
        const record = toErrorRecord(asEmporiumError(error));
        return [{ ...entry, id: `dropped${i}`, name: file.name, color: "#F0A202", count: 0, error: record }];
      }
    }),
  );
  return found.flat();
}

export async function shapesBeside(files: readonly RandomAccess[], id: string, ground: OverlayGround): Promise<OverlayShapes> {
  const [, file, object] = /^dropped(\d+)-(\d+)$/.exec(id) ?? [];
  const source = files[Number(file)];
  if (!source) throw new EmporiumError("NOT_FOUND", `${id} was not dropped`);
  return readModelObject(source, Number(object), ground);
}

/** Degrees of the sections, of the first file that has as many: aligned ones before those of the microscope. What is not used says why. */
export async function anglesBeside(
  files: readonly RandomAccess[],
  sections: number,
): Promise<{ angles?: number[]; from?: string; warnings: string[] }> {
  const warnings: string[] = [];
  const ranked = ["tlt", "rawtlt", "mdoc"].flatMap((ending) => files.filter(({ name }) => endingOf(name) === ending));
  for (const file of ranked) {
    try {
      const bytes = await file.read({ offset: 0, length: Math.min(await file.size(), LIMITS.metadataBytes) });
      const angles =
        endingOf(file.name) === "mdoc"
          ? mdocAngles(parseMdoc(bytes, file.name))
          : parseTiltAngles(bytes, file.name).map(({ degrees }) => degrees);
      if (angles.length === sections) return { angles, from: file.name, warnings };
      warnings.push(`${file.name} has ${angles.length} angles, the volume ${sections} sections: they are not used`);
    } catch (error) {
      warnings.push(`${file.name}: ${asEmporiumError(error).message}`);
    }
  }
  return { warnings };
}

const isModel = ({ name }: RandomAccess): boolean => /^(mod|fid)$/.test(endingOf(name));
const endingOf = (name: string): string => name.slice(name.lastIndexOf(".") + 1).toLowerCase();
