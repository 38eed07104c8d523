import { few, shown, unless } from "../../../../core/finding.js";
import { counted } from "../../../../core/units.js";
import { tiltAxisAngle } from "../../../../formats/mdoc/read.js";
import { BOTH, type Check, checksOf, STANDARDIZED } from "../check.js";
import { flippedSigns, isReversed } from "../facts/angle-order.js";
import { circularDifference } from "../facts/angles.js";
import { known, readable, Undecided } from "../facts/fact.js";
import { needList, needSize, numberAt } from "../facts/fields.js";
import type { AlignmentSubject } from "../subjects.js";
import { AXIS_TOLERANCE, ends } from "./acquisition.js";

/** Raw tilt angles of the tilt series of an alignment. */
async function rawAngles({ tiltseries }: AlignmentSubject): Promise<number[]> {
  return (await known((await known(tiltseries)).rawtlt)).angles.map(({ degrees }) => degrees);
}

export const ALIGNMENT_CHECKS: readonly Check[] = [
  ...checksOf("alignment", { marks: ["tilt_angles"], suites: BOTH }, [
    {
      id: "alignment.tlt-order",
      statement: "the tilt angles of an alignment are not its raw ones in reversed order",
      async judge(subject) {
        const [{ angles }, raw] = [await known(subject.tlt), await rawAngles(subject)];
        const aligned = angles.map(({ degrees }) => degrees);
        if (!isReversed(aligned, raw)) return [];
        const { key } = await known((await known(subject.tiltseries)).rawtlt);
        const wanted = `the order of ${subject.tltKeys[0]}, from ${ends(aligned)}`;
        return unless(false, { key }, `angles from ${ends(raw)}`, wanted);
      },
    },
    {
      id: "alignment.tlt-signs",
      statement: "the tilt angles of an alignment have the signs of the raw ones",
      async judge(subject) {
        const [{ key, angles }, raw] = [await known(subject.tlt), await rawAngles(subject)];
        const aligned = angles.map(({ degrees }) => degrees);
        return flippedSigns(aligned, raw).flatMap((i) =>
          unless(
            false,
            { key, line: angles[i]!.line },
            `a tilt of ${shown(aligned[i]!)}°`,
            `${shown(-aligned[i]!)}°, by the raw tilt angles`,
          ),
        );
      },
    },
  ]),
  ...checksOf("alignment", { marks: ["alignment"], suites: STANDARDIZED }, [
    {
      id: "alignment.tlt-readable",
      statement: "the tilt angles of an alignment can be read",
      judge: ({ tlt, tltKeys: [key = ""] }) => readable(tlt, key, "one angle a line"),
    },
    {
      id: "alignment.tlt-not-empty",
      statement: "there are tilt angles in a .tlt",
      async judge({ tlt }) {
        const { key, angles } = await known(tlt);
        return unless(angles.length > 0, { key }, "no angle", "one for each section");
      },
    },
    {
      id: "alignment.tlt-range",
      statement: "every tilt angle of an alignment lies in [−90, 90]",
      async judge({ tlt }) {
        const { key, angles } = await known(tlt);
        return angles.flatMap(({ degrees, line, text }) =>
          unless(Math.abs(degrees) <= 90, { key, line }, text, "an angle from −90 to 90"),
        );
      },
    },
    {
      id: "alignment.tlt-rawtlt",
      statement: "an alignment has as many tilt angles as its tilt series has raw ones",
      async judge({ tlt, tiltseries }) {
        const { key, angles } = await known(tlt);
        const raw = await known((await known(tiltseries)).rawtlt);
        return unless(
          angles.length === raw.angles.length,
          { key },
          counted(angles.length, "angle"),
          `${raw.angles.length}, as ${raw.key}`,
        );
      },
    },
    {
      id: "alignment.tlt-mdoc",
      statement: "an alignment has no more tilt angles than the mdoc has sections",
      async judge({ tlt, acquisition }) {
        const { key, angles } = await known(tlt);
        const most = (await known(acquisition.mdoc)).mdoc.sections.length;
        return unless(
          angles.length <= most,
          { key },
          counted(angles.length, "angle"),
          `${most} at most, as the mdoc has sections`,
        );
      },
    },
    {
      id: "alignment.tlt-sections",
      statement: "an alignment has no more tilt angles than the tilt series has sections",
      async judge({ tlt, tiltseries }) {
        const { key, angles } = await known(tlt);
        const [most] = needSize(await known((await known(tiltseries)).metadata), "size");
        return unless(
          angles.length <= most,
          { key },
          counted(angles.length, "angle"),
          `${most} at most, as the tilt series has sections`,
        );
      },
    },
    {
      id: "alignment.tilt-signs",
      statement: "the tilt angles of the sections of an alignment have the signs of the raw ones",
      async judge(subject) {
        const [document, raw] = [await known(subject.metadata), await rawAngles(subject)];
        const told = needList(document, "per_section_alignment_parameters").flatMap(({ path }) => {
          const [z, degrees] = [numberAt(document, `${path}.z_index`), numberAt(document, `${path}.tilt_angle`)];
          const other = z === undefined ? undefined : raw[z];
          return degrees === undefined || other === undefined ? [] : [{ z, path: `${path}.tilt_angle`, degrees, other }];
        });
        if (new Set(told.map(({ z }) => z)).size < told.length) throw new Undecided("a section that is listed twice");
        if (told.length === 0) throw new Undecided("no tilt angles of sections in the alignment");
        const [aligned, others] = [told.map(({ degrees }) => degrees), told.map(({ other }) => other)];
        return flippedSigns(aligned, others).flatMap((i) =>
          unless(
            false,
            { key: document.key, path: told[i]!.path },
            `a tilt of ${shown(aligned[i]!)}°`,
            `${shown(-aligned[i]!)}°, by the raw tilt angles`,
          ),
        );
      },
    },
    {
      id: "alignment.sections",
      statement: "an alignment lists each section that its own file aligns, once and in order",
      async judge({ metadata, sections }) {
        const document = await known(metadata);
        const { key, all, aligned } = await known(sections);
        const path = "per_section_alignment_parameters";
        const indices = needList(document, path).map((section) => numberAt(document, `${section.path}.z_index`));
        const isOrdered = indices.every((index, i) => index !== undefined && index < all && index > (indices[i - 1] ?? -1));
        return [
          ...unless(
            indices.length === aligned,
            { key: document.key, path },
            counted(indices.length, "section"),
            `${aligned}, as ${key}`,
          ),
          ...unless(
            isOrdered,
            { key: document.key, path },
            `z_index ${few(indices.map(String), 8)}`,
            `each once, from 0 to ${all - 1}`,
          ),
        ];
      },
    },
    {
      id: "alignment.transforms",
      statement: "the file of an alignment has as many sections as its tilt series",
      async judge({ sections, tiltseries }) {
        const { key, all } = await known(sections);
        const [wanted] = needSize(await known((await known(tiltseries)).metadata), "size");
        return unless(all === wanted, { key }, counted(all, "section"), `${wanted}, as the tilt series`);
      },
    },
    {
      id: "alignment.rotation",
      statement: "the rotation of every section is about the tilt axis of the mdoc, to 10°",
      async judge({ metadata, acquisition }) {
        const [document, { mdoc }] = [await known(metadata), await known(acquisition.mdoc)];
        const axis = tiltAxisAngle(mdoc);
        if (axis === undefined) throw new Undecided("no tilt axis in the mdoc");
        const sections = needList(document, "per_section_alignment_parameters");
        const rotated = sections.flatMap(({ path }) => {
          const matrix = `${path}.in_plane_rotation`;
          const [cosine, sine] = [numberAt(document, `${matrix}.0.0`), numberAt(document, `${matrix}.1.0`)];
          return cosine === undefined || sine === undefined
            ? []
            : [{ path: matrix, degrees: (Math.atan2(sine, cosine) * 180) / Math.PI }];
        });
        if (rotated.length === 0) throw new Undecided("no rotations of sections in the alignment");
        return rotated.flatMap(({ path, degrees }) =>
          unless(
            circularDifference(degrees, axis) <= AXIS_TOLERANCE,
            { key: document.key, path },
            `a rotation by ${shown(degrees)}°`,
            `${shown(axis)}° ± ${AXIS_TOLERANCE}, as the mdoc has`,
          ),
        );
      },
    },
  ]),
];
