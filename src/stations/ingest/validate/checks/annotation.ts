import type { Finding } from "../../../../core/finding.js";
import { few, shown, unless } from "../../../../core/finding.js";
import { isJsonObject, member } from "../../../../core/json-fields.js";
import { counted } from "../../../../core/units.js";
import { isArray, show } from "../../../../formats/zarr/json.js";
import { type Check, checksOf, STANDARDIZED } from "../check.js";
import { known, orNothing, readable, Undecided } from "../facts/fact.js";
import { needNumber, needSize, shownAt, textAt, valueAt } from "../facts/fields.js";
import type { Extreme, Faults, PointFacts } from "../facts/points.js";
import type { AnnotationSubject, PointsFile, VolumeSubject } from "../subjects.js";

const hasPoints = ({ points }: AnnotationSubject): boolean => points.length > 0;
const hasMatrices = ({ points }: AnnotationSubject): boolean => points.some(({ kind }) => kind === "orientedpoint");
const hasMasks = ({ volumes }: AnnotationSubject): boolean => volumes.length > 0;
const hasInstanceMasks = ({ volumes }: AnnotationSubject): boolean => volumes.some(({ role }) => role === "instances");

/** Findings of each point file. */
async function perFile(files: readonly PointsFile[], judge: (facts: PointFacts, key: string) => Finding[]): Promise<Finding[]> {
  const findings = [];
  for (const { facts, key } of files) findings.push(...judge(await known(facts), key));
  return findings;
}

/** A rule about matrices of which the reading counts those that break it. */
function matrices(faults: (facts: PointFacts) => Faults, found: (first: string) => string, wanted: string) {
  return ({ points }: AnnotationSubject) =>
    perFile(
      points.filter(({ kind }) => kind === "orientedpoint"),
      (facts, key) => {
        const { count: wrong, line, shown: first } = faults(facts);
        return unless(wrong === 0, { key, line }, `${found(first)}; ${wrong} of ${counted(facts.matrices, "point")} so`, wanted);
      },
    );
}

export const ANNOTATION_CHECKS: readonly Check[] = [
  ...checksOf("annotation", { marks: ["annotation"], suites: STANDARDIZED }, [
    {
      id: "annotation.object",
      statement: "the object of an annotation has a name and an id",
      async judge({ metadata }) {
        const document = await known(metadata);
        const path = "annotation_object";
        if (!isJsonObject(valueAt(document, path)))
          return unless(false, { key: document.key, path }, shownAt(document, path), "name and id");
        return ["name", "id"].flatMap((field) => {
          const place = `${path}.${field}`;
          return unless(
            textAt(document, place) !== undefined,
            { key: document.key, path: place },
            shownAt(document, place),
            "a text",
          );
        });
      },
    },
    {
      id: "annotation.object-count",
      statement: "the count of objects is 0 or more",
      async judge({ metadata }) {
        const document = await known(metadata);
        const path = "object_count";
        return unless(needNumber(document, path) >= 0, { key: document.key, path }, shownAt(document, path), "0 or more");
      },
    },
    {
      id: "points.readable",
      statement: "every line of a point file is a point",
      applies: hasPoints,
      async judge({ points }) {
        const findings: Finding[] = [];
        for (const { facts, key } of points) {
          const result = await facts();
          if (!("value" in result)) {
            findings.push(...(await readable(facts, key, "one point a line")));
            continue;
          }
          const { count: wrong, line, shown: first } = result.value.noPoint;
          findings.push(
            ...unless(
              wrong === 0,
              { key, line },
              `${JSON.stringify(first)}, one of ${counted(wrong, "line")} that are none`,
              "a point with x, y and z",
            ),
          );
        }
        return findings;
      },
    },
    {
      id: "annotation.point-count",
      statement: "a point file has as many points as the metadata count objects",
      applies: ({ points }) => points.some(({ kind }) => kind !== "instancesegmentation"),
      async judge({ metadata, points }) {
        const wanted = needNumber(await known(metadata), "object_count");
        return perFile(
          points.filter(({ kind }) => kind !== "instancesegmentation"),
          (facts, key) =>
            unless(facts.count === wanted, { key }, counted(facts.count, "point"), `${wanted}, as object_count has`),
        );
      },
    },
    {
      id: "annotation.instance-count",
      statement: "a file of instances has as many distinct ids as the metadata count objects",
      applies: ({ points }) => points.some(({ kind }) => kind === "instancesegmentation"),
      async judge({ metadata, points }) {
        const wanted = needNumber(await known(metadata), "object_count");
        return perFile(
          points.filter(({ kind }) => kind === "instancesegmentation"),
          (facts, key) =>
            unless(facts.instances === wanted, { key }, `${facts.instances} distinct ids`, `${wanted}, as object_count has`),
        );
      },
    },
    {
      id: "annotation.points-inside",
      statement: "every point lies in the tomogram with the alignment of its annotation",
      applies: hasPoints,
      async judge(annotation) {
        const sizes = await tomogramSizes(annotation);
        return perFile(annotation.points, ({ count: points, low, high }, key) => {
          if (points === 0) return [];
          const outside = (size: Size): [axis: string, point: Extreme] | undefined => {
            for (const [i, axis] of (["z", "y", "x"] as const).entries()) {
              if (low[axis].value < 0) return [axis, low[axis]];
              if (high[axis].value > size[i]! - 1) return [axis, high[axis]];
            }
            return undefined;
          };
          const wrong = sizes.map(outside);
          if (wrong.includes(undefined)) return [];
          const [axis, { value, line }] = wrong[0]!;
          return unless(
            false,
            { key, line },
            `a point at ${axis} ${shown(value)}`,
            `a place in ${sizes.map((size) => size.join("×")).join(" or ")} voxels (z, y, x)`,
          );
        });
      },
    },
    {
      id: "annotation.rotation-shape",
      statement: "the rotation of an oriented point is a matrix of 3 × 3 numbers",
      applies: hasMatrices,
      judge: matrices(
        ({ notThreeByThree }) => notThreeByThree,
        (first) => first,
        "3 rows of 3 numbers",
      ),
    },
    {
      id: "annotation.rotation-determinant",
      statement: "the determinant of a rotation is 1",
      applies: hasMatrices,
      judge: matrices(
        ({ determinant }) => determinant,
        (first) => `a determinant of ${first}`,
        "1",
      ),
    },
    {
      id: "annotation.rotation-rows",
      statement: "the rows of a rotation have length 1",
      applies: hasMatrices,
      judge: matrices(
        ({ unitRows }) => unitRows,
        (first) => `a row of length ${first}`,
        "1",
      ),
    },
    {
      id: "annotation.rotation-orthogonal",
      statement: "the rows of a rotation stand at right angles: M · Mᵀ is the identity",
      applies: hasMatrices,
      judge: matrices(
        ({ orthogonal }) => orthogonal,
        (first) => `two rows whose product is ${first}`,
        "0",
      ),
    },
    {
      id: "annotation.mask-size",
      statement: "a mask is as large as the tomogram with the alignment of its annotation",
      applies: hasMasks,
      async judge(annotation) {
        const sizes = await tomogramSizes(annotation);
        const findings = [];
        for (const { mrc } of annotation.volumes) {
          if (!mrc) continue;
          const { shape } = await known(mrc.fields);
          const isWell = sizes.some((size) => size.join() === shape.join());
          findings.push(
            ...unless(
              isWell,
              { key: mrc.key, byte: 0 },
              `${shape.join("×")} voxels (z, y, x)`,
              `${sizes.map((size) => size.join("×")).join(" or ")}, as the tomogram`,
            ),
          );
        }
        return findings;
      },
    },
    {
      id: "annotation.image-label",
      statement: "the Zarr of an instance mask has image-label metadata",
      applies: hasInstanceMasks,
      judge: (annotation) =>
        perLabels(annotation, ({ place, label }) =>
          unless(isJsonObject(label), place, `image-label is ${show(label)}`, "what lists the labels"),
        ),
    },
    {
      id: "annotation.label-colours",
      statement: "the image-label metadata list labels",
      applies: hasInstanceMasks,
      judge: (annotation) =>
        perLabels(annotation, ({ place, colours, label }) => {
          if (!isJsonObject(label)) throw new Undecided("no image-label");
          return unless(colours.length > 0, { ...place, path: `${place.path}.colors` }, "no label", "one at least");
        }),
    },
    {
      id: "annotation.label-values",
      statement: "labels are whole numbers above 0, each once",
      applies: hasInstanceMasks,
      judge: (annotation) =>
        perLabels(annotation, ({ place, colours, label }) => {
          if (!isJsonObject(label)) throw new Undecided("no image-label");
          const values = colours.map((colour) => (isJsonObject(colour) ? member(colour, "label-value") : undefined));
          const strange = values.filter((value) => !(typeof value === "number" && Number.isInteger(value) && value > 0));
          const twice = values.filter((value, i) => values.indexOf(value) < i && !strange.includes(value));
          const colors = { ...place, path: `${place.path}.colors` };
          return [
            ...unless(strange.length === 0, colors, `label-value ${few(strange.map(show))}`, "whole numbers above 0"),
            ...unless(twice.length === 0, colors, `label-value ${few(twice.map(show))} twice`, "each once"),
          ];
        }),
    },
    {
      id: "annotation.label-count",
      statement: "an instance mask has as many labels as the metadata count objects",
      applies: hasInstanceMasks,
      async judge(annotation) {
        const wanted = needNumber(await known(annotation.metadata), "object_count");
        return perLabels(annotation, ({ place, colours, label }) => {
          if (!isJsonObject(label)) throw new Undecided("no image-label");
          return unless(
            colours.length === wanted,
            { ...place, path: `${place.path}.colors` },
            counted(colours.length, "label"),
            `${wanted}, as object_count has`,
          );
        });
      },
    },
  ]),
];

type Size = [z: number, y: number, x: number];

/** Sizes of the tomograms with the alignment of an annotation: mostly one. @throws {Undecided} */
async function tomogramSizes({ metadata, tomograms }: AnnotationSubject): Promise<Size[]> {
  const alignment = textAt(await known(metadata), "alignment_metadata_path");
  const sizes: Size[] = [];
  for (const tomogram of tomograms) {
    const document = await orNothing(tomogram.metadata);
    if (!document || textAt(document, "alignment_metadata_path") !== alignment) continue;
    const size = needSize(document, "size");
    if (!sizes.some((other) => other.join() === size.join())) sizes.push(size);
  }
  if (sizes.length === 0) throw new Undecided("the annotation has no tomogram with its alignment");
  return sizes;
}

interface Labels {
  readonly place: { readonly key: string; readonly path: string };
  readonly label: ReturnType<typeof valueAt>;
  readonly colours: readonly ReturnType<typeof valueAt>[];
}

/** Findings of the labels of each instance mask. @throws {Undecided} */
async function perLabels({ volumes }: AnnotationSubject, judge: (labels: Labels) => Finding[]): Promise<Finding[]> {
  const findings = [];
  for (const { zarr } of volumes.filter(({ role }: VolumeSubject) => role === "instances")) {
    if (!zarr) continue;
    const { key, imageLabel } = await known(zarr.image);
    const label = imageLabel.json;
    const colours = isJsonObject(label) ? member(label, "colors") : undefined;
    findings.push(
      ...judge({
        place: { key, path: imageLabel.path },
        label,
        colours: isArray(colours) ? colours : [],
      }),
    );
  }
  return findings;
}
