import { few, shown, unless } from "../../../../core/finding.js";
import { counted } from "../../../../core/units.js";
import { tiltAxisAngle } from "../../../../formats/mdoc/read.js";
import { BOTH, type Check, checksOf, STANDARDIZED } from "../check.js";
import { isReversed } from "../facts/angle-order.js";
import { circularDifference, mdocAngles, withoutPartner } from "../facts/angles.js";
import { known, Missing, readable, Undecided } from "../facts/fact.js";
import { needList, needNumber, valueAt } from "../facts/fields.js";
import type { AcquisitionSubject, TiltseriesSubject } from "../subjects.js";

/** Degrees that the tilt axis may be told apart in two places. */
export const AXIS_TOLERANCE = 10;

const hasFrames = ({ frames }: AcquisitionSubject): boolean => frames.length > 0;

/** @throws {Undecided} where no frame files are there */
function requireFrames(subject: AcquisitionSubject): void {
  if (!hasFrames(subject)) throw new Undecided("no frame files");
}

const amongOthers = (number: number): string => (number > 1 ? `, and in ${number - 1} more` : "");

/** Checks of the mdoc of a tilt series against its frames and angles. */
export const ACQUISITION_CHECKS: readonly Check[] = [
  ...checksOf("acquisition", { marks: ["mdoc"], suites: BOTH }, [
    {
      id: "mdoc.readable",
      statement: "the mdoc can be read and has sections",
      async judge({ mdoc, mdocKeys: [key = ""] }) {
        const faults = await readable(mdoc, key, "an mdoc");
        if (faults.length > 0) return faults;
        const { sections } = (await known(mdoc)).mdoc;
        return unless(sections.length > 0, { key }, "no section [ZValue = …]", "one for each image");
      },
    },
    {
      id: "mdoc.lines",
      statement: "every line of the mdoc has a value, so that none is passed over",
      severity: "warn",
      async judge({ mdoc }) {
        const { key, mdoc: file } = await known(mdoc);
        const [line] = file.passedOver;
        const found = `a line without "="${amongOthers(file.passedOver.length)}`;
        return unless(line === undefined, { key, line }, found, "Name = value: the file may be damaged");
      },
    },
    {
      id: "mdoc.angles",
      statement: "every tilt angle of the mdoc lies in [−90, 90]",
      async judge({ mdoc }) {
        const { key, mdoc: file } = await known(mdoc);
        const wrong = file.sections.filter(({ tiltAngleDegrees: angle }) => angle === undefined || Math.abs(angle) > 90);
        const [first] = wrong;
        const found = first?.tiltAngleDegrees === undefined ? "no TiltAngle" : `TiltAngle is ${shown(first.tiltAngleDegrees)}`;
        return unless(!first, { key, line: first?.line }, `${found}${amongOthers(wrong.length)}`, "an angle from −90 to 90");
      },
    },
    {
      id: "mdoc.frame-count",
      statement: "the mdoc has as many sections as there are frame files",
      async judge(subject) {
        requireFrames(subject);
        const { key, mdoc } = await known(subject.mdoc);
        const [found, wanted] = [mdoc.sections.length, subject.frames.length];
        return unless(found === wanted, { key }, counted(found, "section"), `${wanted}, as there are frame files`);
      },
    },
    {
      id: "mdoc.sub-frame-paths",
      statement: "every section of the mdoc has a SubFramePath",
      async judge({ mdoc }) {
        const { key, mdoc: file } = await known(mdoc);
        const without = file.sections.filter(({ subFrameName }) => subFrameName === undefined);
        const found = `a section without SubFramePath${amongOthers(without.length)}`;
        return unless(without.length === 0, { key, line: without[0]?.line }, found, "the path of its frame file");
      },
    },
    {
      id: "mdoc.frame-names",
      statement: "sections of the mdoc and frame files belong together one to one, by name",
      async judge(subject) {
        requireFrames(subject);
        const { key, mdoc } = await known(subject.mdoc);
        const named = mdoc.sections.flatMap(({ subFrameName }) => subFrameName ?? []);
        const files = subject.frames.map(({ name }) => name);
        const absent = named.filter((name) => !files.includes(name));
        const unnamed = files.filter((name) => !named.includes(name));
        const twice = named.filter((name, i) => named.indexOf(name) < i);
        return [
          ...unless(absent.length === 0, { key }, `sections name ${few(absent)}`, "frame files that are there"),
          ...unless(unnamed.length === 0, { key }, `no section names ${few(unnamed)}`, "each frame file once"),
          ...unless(twice.length === 0, { key }, `two sections name ${few(twice)}`, "each frame file once"),
        ];
      },
    },
  ]),
  ...checksOf("acquisition", { marks: ["frame"], suites: STANDARDIZED }, [
    {
      id: "frame.metadata-count",
      statement: "the metadata of the frames have an entry for each section of the mdoc",
      async judge({ mdoc, metadata }) {
        const [{ mdoc: file }, document] = [await known(mdoc), await known(metadata)];
        const [found, wanted] = [needList(document, "frames").length, file.sections.length];
        const place = { key: document.key, path: "frames" };
        return unless(found === wanted, place, `${counted(found, "entry", "entries")}`, `${wanted}, as the mdoc has sections`);
      },
    },
    {
      id: "frame.gain-file",
      statement: "frames that are not gain corrected have a gain reference",
      async judge({ metadata, gains }) {
        const document = await known(metadata);
        const path = "is_gain_corrected";
        const isCorrected = valueAt(document, path) === true;
        return unless(
          isCorrected || gains.length > 0,
          { key: document.key, path },
          "frames without gain correction, and no gain file",
          "one in Gains",
        );
      },
    },
    {
      id: "frame.acquisition-order",
      statement: "the order of acquisition counts the frames from 0",
      async judge({ metadata }) {
        const document = await known(metadata);
        const frames = needList(document, "frames");
        return frames.flatMap(({ path }) => {
          const order = needNumber(document, `${path}.acquisition_order`);
          const place = { key: document.key, path: `${path}.acquisition_order` };
          return unless(order <= frames.length - 1, place, `acquisition_order is ${order}`, `${frames.length - 1} at most`);
        });
      },
    },
    {
      id: "frame.dose-order",
      statement: "frames in the order of acquisition have accumulated doses that grow",
      async judge({ metadata }) {
        const document = await known(metadata);
        const frames = needList(document, "frames").map(({ path }) => ({
          path,
          order: needNumber(document, `${path}.acquisition_order`),
          dose: needNumber(document, `${path}.accumulated_dose`),
        }));
        const ordered = frames.toSorted((a, b) => a.order - b.order);
        return ordered.slice(1).flatMap(({ path, dose, order }, i) => {
          const before = ordered[i]!;
          const place = { key: document.key, path: `${path}.accumulated_dose` };
          const wanted = `${shown(before.dose)} or more, as frame ${before.order} has`;
          return unless(dose >= before.dose, place, `frame ${order} has an accumulated dose of ${shown(dose)}`, wanted);
        });
      },
    },
  ]),
];

/** Raw tilt angles, and the axis that they are about. */
export const TILT_CHECKS: readonly Check[] = [
  ...checksOf("tiltseries", { marks: ["tilt_angles"], suites: BOTH }, [
    {
      id: "rawtlt.readable",
      statement: "the raw tilt angles can be read",
      judge: ({ rawtlt, rawtltKeys: [key = ""] }) => readable(rawtlt, key, "one angle a line"),
    },
    {
      id: "rawtlt.not-empty",
      statement: "there are raw tilt angles",
      async judge({ rawtlt }) {
        const { key, angles } = await known(rawtlt);
        return unless(angles.length > 0, { key }, "no angle", "one for each section");
      },
    },
    {
      id: "rawtlt.range",
      statement: "every raw tilt angle lies in [−90, 90]",
      async judge({ rawtlt }) {
        const { key, angles } = await known(rawtlt);
        return angles.flatMap(({ degrees, line, text }) =>
          unless(Math.abs(degrees) <= 90, { key, line }, text, "an angle from −90 to 90"),
        );
      },
    },
    {
      id: "rawtlt.count",
      statement: "there are no more raw tilt angles than sections of the mdoc",
      async judge({ rawtlt, acquisition }) {
        const [{ key, angles }, { mdoc }] = [await known(rawtlt), await known(acquisition.mdoc)];
        const most = mdoc.sections.length;
        return unless(
          angles.length <= most,
          { key },
          counted(angles.length, "angle"),
          `${most} at most, as the mdoc has sections`,
        );
      },
    },
    {
      id: "rawtlt.in-mdoc",
      statement: "every raw tilt angle is that of a section of the mdoc, each of another one, to two decimals",
      async judge({ rawtlt, acquisition }) {
        const [{ key, angles }, mdoc] = [await known(rawtlt), await known(acquisition.mdoc)];
        const alone = withoutPartner(
          angles.map(({ degrees }) => degrees),
          mdocAngles(mdoc),
        );
        return unless(
          alone.length === 0,
          { key },
          `${few(alone)}: ${counted(alone.length, "angle")} that no section has`,
          "angles of the mdoc",
        );
      },
    },
  ]),
  ...checksOf("tiltseries", { marks: ["tilt_angles"], suites: BOTH }, [
    {
      id: "rawtlt.order",
      statement: "raw tilt angles are not those of an mdoc that goes to and fro, in reversed order",
      async judge({ rawtlt, acquisition }) {
        const [{ key, angles }, mdoc] = [await known(rawtlt), await known(acquisition.mdoc)];
        const [found, wanted] = [angles.map(({ degrees }) => degrees), mdocAngles(mdoc)];
        // of a series that is tilted one way, frames and stack are often in opposite orders
        if (isMonotonic(wanted) || !isReversed(found, wanted)) return [];
        return unless(false, { key }, `angles from ${ends(found)}`, `from ${ends(wanted)}, the order of the mdoc`);
      },
    },
  ]),
  ...checksOf("tiltseries", { marks: ["tiltseries"], suites: BOTH }, [
    {
      id: "tilt-axis.in-mdoc",
      statement: "a title of the mdoc gives the angle of the tilt axis",
      async judge({ acquisition }) {
        const { key, mdoc } = await known(acquisition.mdoc);
        return unless(
          tiltAxisAngle(mdoc) !== undefined,
          { key },
          `no "Tilt axis angle = …" in ${counted(mdoc.titles.length, "title")}`,
          "one",
        );
      },
    },
    {
      id: "tilt-axis.range",
      statement: "the angle of the tilt axis lies in [−360, 360], in the mdoc and in the metadata",
      async judge(subject) {
        const [axis, told] = await axes(subject);
        return [
          ...unless(Math.abs(axis.degrees) <= 360, axis.place, `the tilt axis is at ${shown(axis.degrees)}°`, "−360 to 360"),
          ...unless(Math.abs(told.degrees) <= 360, told.place, `tilt_axis is ${shown(told.degrees)}`, "−360 to 360"),
        ];
      },
    },
    {
      id: "tilt-axis.agrees",
      statement: "mdoc and metadata give the same tilt axis, to 10°",
      async judge(subject) {
        const [axis, told] = await axes(subject);
        const isWell = circularDifference(axis.degrees, told.degrees) <= AXIS_TOLERANCE;
        return unless(
          isWell,
          told.place,
          `tilt_axis is ${shown(told.degrees)}`,
          `${shown(axis.degrees)} ± ${AXIS_TOLERANCE}, as the mdoc has`,
        );
      },
    },
  ]),
];

/** `−60, −57 … 60`: where a list of angles begins and ends. */
export function ends(angles: readonly number[]): string {
  return `${angles.slice(0, 2).map(shown).join(", ")} … ${shown(angles.at(-1)!)}`;
}

function isMonotonic(angles: readonly number[]): boolean {
  const steps = angles.slice(1).map((angle, i) => angle - angles[i]!);
  return steps.every((step) => step >= 0) || steps.every((step) => step <= 0);
}

interface Axis {
  readonly degrees: number;
  readonly place: { readonly key: string; readonly path?: string };
}

/** Degrees of the tilt axis in the mdoc and in the metadata. */
async function axes({ acquisition, metadata }: TiltseriesSubject): Promise<[mdoc: Axis, metadata: Axis]> {
  const { key, mdoc } = await known(acquisition.mdoc);
  const degrees = tiltAxisAngle(mdoc);
  if (degrees === undefined) throw new Undecided("no tilt axis in the mdoc");
  const document = await known(metadata);
  const path = "tilt_axis";
  if (valueAt(document, path) === undefined) {
    throw new Missing({ found: "no tilt_axis", wanted: "an angle in degrees", place: { key: document.key, path } });
  }
  return [
    { degrees, place: { key } },
    { degrees: needNumber(document, path), place: { key: document.key, path } },
  ];
}
