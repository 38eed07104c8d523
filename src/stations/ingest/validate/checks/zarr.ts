import type { Finding } from "../../../../core/finding.js";
import { few, shown, unless } from "../../../../core/finding.js";
import { isJsonObject, member } from "../../../../core/json-fields.js";
import { toNumber } from "../../../../core/number.js";
import { counted } from "../../../../core/units.js";
import { isArray, show } from "../../../../formats/zarr/json.js";
import { NGFF_RULES, type NgffFinding } from "../../../../formats/zarr/ngff-rules.js";
import { validateNgff } from "../../../../formats/zarr/ngff-validate.js";
import { HALF_TO_EVEN } from "../../../../formats/zarr/ome.js";
import { BOTH, type Check, checksOf, STANDARDIZED } from "../check.js";
import { known, readable, Undecided } from "../facts/fact.js";
import { numberAt, textAt, valueAt } from "../facts/fields.js";
import type { ZarrImage } from "../facts/zarr.js";
import type { Mark } from "../finding.js";
import type { ZarrSubject } from "../subjects.js";
import { SPACING_TOLERANCE } from "./mrc.js";

const MARKS: readonly Mark[] = ["tiltseries", "tomogram", "annotation"];
/** Number of levels in the portal's pyramids. */
const LEVELS = 3;
const AXES = ["z", "y", "x"];
const CHILDREN = { 2: [".zattrs", ".zgroup", "0", "1", "2"], 3: ["0", "1", "2", "zarr.json"] };

function permitted(role: ZarrSubject["role"]): readonly string[] {
  if (role === "mask") return ["int8"];
  return role === "instances" ? ["uint16"] : ["int8", "int16", "float32", "float64"];
}

/** Integer types of the source that a Zarr may keep, beside the portal's types: attributes then say how levels were rounded. */
const KEPT: readonly string[] = ["uint8", "uint16", "int32", "uint32"];

const keepsIntegers = ({ json }: ZarrImage): boolean => {
  const metadata = member(json, "metadata");
  return isJsonObject(metadata) && member(metadata, "rounding") === HALF_TO_EVEN;
};

const isVolume = ({ role }: ZarrSubject): boolean => role !== "mask" && role !== "instances";

const at = ({ key, path }: ZarrImage, below: string) => ({ key, path: `${path}.${below}` });

/**
 * Findings of the OME-Zarr specification in a folder's attributes, beside the portal's own rules. Recommended members are not
 * required: the portal's images have no `type`.
 */
function ngffFindings({ key, attributes: { path, json } }: ZarrImage, wanted: NgffFinding["severity"]): Finding[] {
  return validateNgff(json)
    .findings.filter(({ severity, rule }) => severity === wanted && rule !== "recommended")
    .map(({ rule, path: inner, message }) => ({
      found: message,
      wanted: `rule ${rule} of OME-Zarr: ${NGFF_RULES[rule].says.replace(/\.$/, "")}`,
      place: { key, path: [path, inner].filter((part) => part !== "").join(".") || undefined },
    }));
}

/** Sources are read at their finest level, whatever else is in the folder. */
const REWRITTEN = "ingest reads the finest level and writes a folder of its own with three: nothing need be done";
const mended = async () => REWRITTEN;

/** Checks of the documents of an OME-Zarr folder. */
export const ZARR_CHECKS: readonly Check[] = [
  ...checksOf("zarr", { marks: MARKS, suites: BOTH }, [
    {
      id: "zarr.readable",
      statement: "the documents of a Zarr folder can be read",
      async judge({ image, levels, key }) {
        const faults: Finding[] = [];
        for (const fact of [image, levels]) {
          const result = await fact();
          if (!("value" in result) && result.fault)
            faults.push(...(await readable(fact, key, "the documents of an OME-Zarr image")));
        }
        return faults;
      },
    },
    {
      id: "zarr.ngff",
      statement: "the attributes of a Zarr folder keep the rules of their version of OME-Zarr, 0.1 to 0.6",
      mended,
      judge: async ({ image }) => ngffFindings(await known(image), "error"),
    },
    {
      id: "zarr.ngff-advice",
      severity: "warn",
      statement: "the attributes of a Zarr folder are what OME-Zarr recommends",
      mended,
      judge: async ({ image }) => ngffFindings(await known(image), "warning"),
    },
    {
      id: "zarr.children",
      statement: "a Zarr folder holds its documents and the arrays 0, 1 and 2, nothing else",
      mended,
      async judge({ children, key }) {
        const found = await known(children);
        const wanted = found.includes("zarr.json") ? CHILDREN[3] : CHILDREN[2];
        const lacking = wanted.filter((name) => !found.includes(name));
        const strange = found.filter((name) => !wanted.includes(name));
        return [
          ...unless(lacking.length === 0, { key }, `no ${few(lacking)}`, few(wanted, 5)),
          ...unless(strange.length === 0, { key }, few(strange), `only ${few(wanted, 5)}`),
        ];
      },
    },
    {
      id: "zarr.paths",
      statement: "the levels of a Zarr image are called 0, 1 and 2",
      mended,
      async judge({ image }) {
        const found = await known(image);
        return [0, 1, 2].flatMap((level) => {
          const path = `datasets.${level}.path`;
          return unless(
            textAt(found, path) === String(level),
            at(found, path),
            `${path} is ${show(valueAt(found, path))}`,
            `"${level}"`,
          );
        });
      },
    },
    {
      id: "zarr.axes",
      statement: "the axes of a Zarr image are z, y and x of space, in ångström",
      async judge({ image }) {
        const found = await known(image);
        const axes = member(found.json, "axes");
        const wanted = AXES.map((name) => ({ name, type: "space", unit: "angstrom" }));
        const isWell =
          isArray(axes) &&
          axes.length === 3 &&
          wanted.every((axis, i) => {
            const keys = Object.entries(axis);
            const given = axes[i];
            return (
              typeof given === "object" &&
              given !== null &&
              keys.every(([key, value]) => textAt(found, `axes.${i}.${key}`) === value) &&
              Object.keys(given).length === keys.length
            );
          });
        return unless(isWell, at(found, "axes"), `axes are ${show(axes)}`, show(wanted));
      },
    },
    {
      id: "zarr.levels",
      statement: "a Zarr folder holds 3 arrays",
      mended,
      async judge({ levels, key }) {
        const found = await known(levels);
        return unless(
          found.length === LEVELS,
          { key },
          `arrays ${
            few(
              found.map(({ name }) => name),
              5,
            ) || "none"
          }`,
          "0, 1, 2",
        );
      },
    },
    {
      id: "zarr.dtype",
      statement: "arrays are int8, int16, float32 or float64; those of masks int8, of instance masks uint16",
      mended: async ({ levels }) =>
        (await known(levels)).every(({ dtype }) => /^(u?int(8|16|32|64)|float(16|32|64))$/.test(dtype))
          ? "ingest reads these voxels and writes float32, or the type of masks: nothing need be done"
          : undefined,
      async judge(subject) {
        const { levels, key, role, image } = subject;
        const wanted = permitted(role);
        const found = await known(levels);
        const others = found.filter(({ dtype }) => !wanted.includes(dtype));
        if (others.length === 0) return [];
        const isKept = others.every(({ dtype }) => KEPT.includes(dtype) && dtype === found[0]!.dtype);
        if (isKept && isVolume(subject) && keepsIntegers(await known(image))) return [];
        return others.flatMap(({ name, dtype }) =>
          unless(false, { key: `${key}/${name}` }, `array ${name} of ${dtype}`, wanted.join(", ")),
        );
      },
    },
    {
      id: "zarr.kept-type",
      severity: "warn",
      statement: "a volume that keeps the integers of its source has int8 or int16, which the portal's own validation takes",
      applies: isVolume,
      async judge({ levels, key, role, image }) {
        const odd = (await known(levels)).find(({ dtype }) => KEPT.includes(dtype));
        if (!odd || !keepsIntegers(await known(image))) return [];
        return unless(false, { key: `${key}/${odd.name}` }, `array ${odd.name} of ${odd.dtype}`, permitted(role).join(", "));
      },
    },
  ]),
  ...checksOf("zarr", { marks: MARKS, suites: BOTH }, [
    {
      id: "zarr.scales",
      statement: "the scale of each level is the spacing times 2 to its number, along z of a tilt series at no level",
      async judge({ image, spacing, role }) {
        const [found, wanted] = [await known(image), await known(spacing)];
        const axes = role === "tiltseries" ? [1, 2] : [0, 1, 2];
        return [0, 1, 2].flatMap((level) => {
          const path = `datasets.${level}.coordinateTransformations.0.scale`;
          const factor = 2 ** level;
          const isWell = axes.every((axis) => {
            const scale = numberAt(found, `${path}.${axis}`);
            return scale !== undefined && Math.abs(scale - wanted * factor) <= SPACING_TOLERANCE * factor;
          });
          const scale = valueAt(found, path);
          const told = isArray(scale) ? scale.map((value) => shown(toNumber(value) ?? Number.NaN)).join(", ") : show(scale);
          return unless(isWell, at(found, path), `scale ${told} (z, y, x) at level ${level}`, `${shown(wanted * factor)} Å`);
        });
      },
    },
  ]),
  ...checksOf("zarr", { marks: MARKS, suites: STANDARDIZED }, [
    {
      id: "zarr.finite",
      statement: "no voxel of the coarsest level is NaN or infinite",
      async judge({ levels, key }) {
        const coarsest = (await known(levels)).toSorted((a, b) => Number(a.name) - Number(b.name)).at(-1);
        if (!coarsest) throw new Undecided("no arrays in the Zarr folder");
        const { notFinite, first } = await known(coarsest.odd);
        const found = `${counted(notFinite, "voxel")} NaN or infinite, the first at ${first?.join(",")} (z, y, x)`;
        return unless(notFinite === 0, { key: `${key}/${coarsest.name}` }, found, "finite numbers");
      },
    },
  ]),
];

/** Absent chunks of a level that are compared with the MRC file. */
const CHUNKS_COMPARED = 64;

/** Checks that compare a volume's two formats. Sources come in one format: nothing is compared there. */
export const VOLUME_CHECKS: readonly Check[] = checksOf("volume", { marks: MARKS, suites: STANDARDIZED }, [
  {
    id: "volume.both-formats",
    statement: "every volume is there as MRC and as Zarr, under one base name",
    judge: ({ mrc, zarr, key }) => [
      ...unless(mrc !== undefined, { key }, "a Zarr folder and no MRC file", `${key.replace(/\.zarr$/, ".mrc")}`),
      ...unless(zarr !== undefined, { key }, "an MRC file and no Zarr folder", `${key.replace(/\.mrc$/, ".zarr")}`),
    ],
  },
  {
    id: "volume.shapes",
    statement: "each level of the Zarr is half of the one before, the first as large as the MRC; tilt series keep their sections",
    applies: ({ mrc, zarr }) => mrc !== undefined && zarr !== undefined,
    async judge({ mrc, zarr, role }) {
      const [{ shape }, levels] = [await known(mrc!.fields), await known(zarr!.levels)];
      return levels.flatMap(({ name, shape: found }) => {
        const level = Number(name);
        const wanted = shape.map((length, axis) =>
          axis === 0 && role === "tiltseries" ? found[0]! : Math.ceil(length / 2 ** level),
        );
        const isWell = found.length === 3 && wanted.every((length, axis) => length === found[axis]);
        return unless(
          isWell || !Number.isInteger(level),
          { key: `${zarr!.key}/${name}` },
          `${found.join("×")} voxels (z, y, x) at level ${name}`,
          `${wanted.join("×")}, as the MRC file has ${shape.join("×")}`,
        );
      });
    },
  },
  {
    id: "volume.chunks",
    statement: "a chunk of the Zarr that is not stored, and so reads as zeros, is zeros in the MRC file",
    applies: ({ zarr }) => zarr !== undefined,
    async judge({ mrc, zarr, voxelBelow }) {
      const findings: Finding[] = [];
      for (const { name, absent } of await known(zarr!.levels)) {
        const chunks = await known(absent);
        if (chunks.length > 0 && !mrc) throw new Undecided("chunks that are not stored, and no MRC file to compare them with");
        const level = Number(name);
        if (!Number.isInteger(level)) continue;
        for (const chunk of chunks.slice(0, CHUNKS_COMPARED)) {
          const voxel = await voxelBelow(chunk, level);
          if (!voxel) continue;
          const all = chunks.length > 1 ? `absent, as are ${chunks.length - 1} more of array ${name}` : "absent";
          const wanted = `a chunk: voxel ${voxel.at.join(",")} (z, y, x) of the MRC file is ${shown(voxel.value)}`;
          findings.push({ found: all, wanted, place: { key: chunk.key } });
          break;
        }
      }
      return findings;
    },
  },
]);
