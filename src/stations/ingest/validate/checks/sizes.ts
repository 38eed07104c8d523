import { few, unless } from "../../../../core/finding.js";
import { baseName } from "../../../../stores/keys.js";
import { type Check, checksOf, STANDARDIZED } from "../check.js";
import { known, Undecided } from "../facts/fact.js";
import { needList, needSize, shownAt, textAt } from "../facts/fields.js";
import type { TiltseriesSubject, TomogramSubject, VolumeSubject } from "../subjects.js";

type Sized = TiltseriesSubject | TomogramSubject;

/** Checks of the sizes that metadata give for a volume, the same for tilt series and tomograms. */
export function sizeChecks(of: Sizes, what: string): readonly Check[] {
  return [...scaleChecks(of, what), ...nameChecks(of, what)];
}

type Sizes = "tiltseries" | "tomogram";

function scaleChecks(of: Sizes, what: string): readonly Check[] {
  const axes = of === "tiltseries" ? [1, 2] : [0, 1, 2];
  const NAMES = ["z", "y", "x"];
  return checksOf(of, { marks: [of], suites: STANDARDIZED }, [
    {
      id: `${of}.size-scales`,
      statement: `the size of ${what} is that of its first scale`,
      async judge({ metadata }: Sized) {
        const document = await known(metadata);
        const [size, first] = [needSize(document, "size"), needSize(document, "scales.0")];
        return unless(
          size.join() === first.join(),
          { key: document.key, path: "size" },
          `size ${size.join("×")} (z, y, x)`,
          `${first.join("×")}, as scales.0`,
        );
      },
    },
    {
      id: `${of}.scales-halve`,
      statement: `each scale of ${what} is half of the one before, rounded up${of === "tiltseries" ? ", in y and x" : ""}`,
      async judge({ metadata }: Sized) {
        const document = await known(metadata);
        const scales = needList(document, "scales").map(({ path }) => ({ path, size: needSize(document, path) }));
        return scales.slice(1).flatMap(({ path, size }, i) => {
          const before = scales[i]!.size;
          const isWell = axes.every((axis) => size[axis] === Math.ceil(before[axis]! / 2));
          const wanted = axes.map((axis) => `${NAMES[axis]} ${Math.ceil(before[axis]! / 2)}`).join(", ");
          return unless(isWell, { key: document.key, path }, `${size.join("×")} (z, y, x)`, wanted);
        });
      },
    },
    {
      id: `${of}.size-mrc`,
      statement: `the size of ${what} is that of its MRC file`,
      async judge({ metadata, volumes }: Sized) {
        const document = await known(metadata);
        const { fields, key } = only(volumes, "mrc", "MRC file");
        const [size, { shape }] = [needSize(document, "size"), await known(fields)];
        return unless(
          size.join() === shape.join(),
          { key: document.key, path: "size" },
          `size ${size.join("×")} (z, y, x)`,
          `${shape.join("×")}, as ${key} has`,
        );
      },
    },
  ]);
}

/** Checks that the files of a volume are those that its metadata name. */
function nameChecks(of: Sizes, what: string): readonly Check[] {
  return checksOf(of, { marks: [of], suites: STANDARDIZED }, [
    {
      id: `${of}.zarr-name`,
      statement: `the folder of ${what} holds one Zarr folder, the one that its metadata name`,
      judge: ({ metadata, volumes, key }: Sized) =>
        sameName(
          metadata,
          volumes.flatMap(({ zarr }) => zarr?.key ?? []),
          "omezarr_dir",
          key,
        ),
    },
    {
      id: `${of}.mrc-name`,
      statement: `the folder of ${what} holds one MRC file, the one that its metadata name`,
      judge: ({ metadata, volumes, key }: Sized) =>
        sameName(
          metadata,
          volumes.flatMap(({ mrc }) => mrc?.key ?? []),
          "mrc_file",
          key,
        ),
    },
  ]);
}

async function sameName(metadata: Sized["metadata"], keys: readonly string[], path: string, folder: string) {
  const document = await known(metadata);
  if (keys.length === 0) throw new Undecided(path === "mrc_file" ? "no MRC file" : "no Zarr folder");
  const named = baseName((textAt(document, path) ?? "").replace(/\/$/, ""));
  const found = keys.map((key) => baseName(key.replace(/\/$/, "")));
  return [
    ...unless(found.length === 1, { key: folder }, few(found), "one of its kind"),
    ...unless(found.includes(named), { key: document.key, path }, shownAt(document, path), few(found)),
  ];
}

/** The only volume of a folder in a format. @throws {Undecided} for none, or several */
export function only<F extends "mrc" | "zarr">(
  volumes: readonly VolumeSubject[],
  format: F,
  what: string,
): NonNullable<VolumeSubject[F]> {
  const found = volumes.flatMap((volume) => (volume[format] ? [volume[format]] : []));
  if (found.length === 1) return found[0]!;
  throw new Undecided(found.length === 0 ? `no ${what}` : `more than one ${what}`);
}
