import { few, quoted, shown, unless } from "../../../../core/finding.js";
import { roundHalfEven } from "../../../../core/number.js";
import { counted } from "../../../../core/units.js";
import { type Check, checksOf, STANDARDIZED } from "../check.js";
import { mdocAngles, withoutPartner } from "../facts/angles.js";
import { known, Undecided } from "../facts/fact.js";
import { type Document, needList, needNumber, needSize, numberAt, shownAt, textAt, valueAt } from "../facts/fields.js";
import { voxelSize } from "../facts/mrc.js";
import type { TiltseriesSubject } from "../subjects.js";
import { firstMrcFrame } from "./images.js";
import { only, sizeChecks } from "./sizes.js";

/** Steps between neighbouring tilts that may be other than the nominal one. */
const ODD_STEPS = 4;
/** Electrons per Å². */
const FLUX_TOLERANCE = 1;
/** Degrees. Angles are compared at two decimals, and programs round a half either way. */
const ANGLE_TOLERANCE = 0.0101;
/** Tolerance of a ratio that should be a whole number. */
const BINNING_TOLERANCE = 0.001;

function positive(path: string, unit: string) {
  return async ({ metadata }: TiltseriesSubject) => {
    const document = await known(metadata);
    return unless(needNumber(document, path) > 0, { key: document.key, path }, shownAt(document, path), `more than 0 ${unit}`);
  };
}

/** Each entry of the sections that has a number under a key keeps a rule. Null is no number. */
function perSection(key: string, isWell: (value: number, document: Document) => boolean, wanted: (document: Document) => string) {
  return async ({ metadata }: TiltseriesSubject) => {
    const document = await known(metadata);
    return needList(document, "per_section_parameter").flatMap(({ path }) => {
      const place = `${path}.${key}`;
      const value = valueAt(document, place);
      if (value === null || value === undefined) return [];
      const number = numberAt(document, place);
      return unless(
        number !== undefined && isWell(number, document),
        { key: document.key, path: place },
        shownAt(document, place),
        wanted(document),
      );
    });
  };
}

export const TILTSERIES_CHECKS: readonly Check[] = [
  ...sizeChecks("tiltseries", "a tilt series"),
  ...checksOf("tiltseries", { marks: ["tiltseries"], suites: STANDARDIZED }, [
    {
      id: "tiltseries.voltage",
      statement: "the acceleration voltage is more than 0",
      judge: positive("acceleration_voltage", "V"),
    },
    {
      id: "tiltseries.spherical-aberration",
      statement: "the spherical aberration is more than 0",
      judge: positive("spherical_aberration_constant", "mm"),
    },
    { id: "tiltseries.total-flux", statement: "the total flux is more than 0", judge: positive("total_flux", "e⁻/Å²") },
    {
      id: "tiltseries.tilting-scheme",
      statement: "the tilting scheme is given",
      async judge({ metadata }) {
        const document = await known(metadata);
        const path = "tilting_scheme";
        return unless((textAt(document, path) ?? "") !== "", { key: document.key, path }, shownAt(document, path), "a text");
      },
    },
    {
      id: "tiltseries.run-name",
      statement: "a tilt series has the name of its run",
      async judge({ metadata, run }) {
        const document = await known(metadata);
        const path = "run_name";
        return unless(textAt(document, path) === run, { key: document.key, path }, shownAt(document, path), quoted(run ?? ""));
      },
    },
    {
      id: "tiltseries.scales-z",
      statement: "all scales of a tilt series have the same sections",
      async judge({ metadata }) {
        const document = await known(metadata);
        const [first] = needSize(document, "scales.0");
        return needList(document, "scales").flatMap(({ path }) => {
          const [z] = needSize(document, path);
          return unless(
            z === first,
            { key: document.key, path: `${path}.z` },
            `${counted(z, "section")}`,
            `${first}, as in scales.0`,
          );
        });
      },
    },
    {
      id: "tiltseries.scales-zarr",
      statement: "the scales of a tilt series are the shapes of its Zarr arrays",
      async judge({ metadata, volumes }) {
        const document = await known(metadata);
        const { levels, key } = only(volumes, "zarr", "Zarr folder");
        return (await known(levels)).flatMap(({ name, shape }) => {
          const path = `scales.${name}`;
          const size = needSize(document, path);
          return unless(
            size.join() === shape.join(),
            { key: document.key, path },
            `${size.join("×")} (z, y, x)`,
            `${shape.join("×")}, as ${key}/${name}`,
          );
        });
      },
    },
    {
      id: "tiltseries.mdoc-sections",
      statement: "the mdoc has as many sections as the tilt series, or more",
      async judge({ metadata, acquisition }) {
        const { key, mdoc } = await known(acquisition.mdoc);
        const [least] = needSize(await known(metadata), "size");
        return unless(
          mdoc.sections.length >= least,
          { key },
          counted(mdoc.sections.length, "section"),
          `${least} or more, as the tilt series has`,
        );
      },
    },
    {
      id: "tiltseries.tilt-range",
      statement: "the tilt range goes from the least to the greatest angle of the mdoc, to one decimal",
      async judge({ metadata, acquisition }) {
        const document = await known(metadata);
        const angles = await sortedAngles(acquisition);
        const ends = { min: angles[0]!, max: angles.at(-1)! };
        return (["min", "max"] as const).flatMap((end) => {
          const path = `tilt_range.${end}`;
          const isWell = roundHalfEven(needNumber(document, path), 1) === roundHalfEven(ends[end], 1);
          return unless(isWell, { key: document.key, path }, shownAt(document, path), `${shown(ends[end])}, as the mdoc has`);
        });
      },
    },
    {
      id: "tiltseries.tilt-step",
      statement: "neighbouring angles of the mdoc are a tilt step apart, but for four at most, to one decimal",
      async judge({ metadata, acquisition }) {
        const document = await known(metadata);
        const path = "tilt_step";
        const step = roundHalfEven(needNumber(document, path), 1);
        const angles = await sortedAngles(acquisition);
        const steps = angles.slice(1).map((angle, i) => roundHalfEven(angle - angles[i]!, 1));
        const odd = steps.filter((one) => one !== step);
        const found = `${shownAt(document, path)}, and ${odd.length} of ${counted(steps.length, "step")} of the mdoc are other ones (${few([...new Set(odd)])})`;
        return unless(odd.length <= ODD_STEPS, { key: document.key, path }, found, `${ODD_STEPS} other ones at most`);
      },
    },
    {
      id: "tiltseries.exposure",
      statement: "the doses of the frames add up to the total flux, to 1 e⁻/Å²",
      async judge({ metadata, acquisition }) {
        const [document, frames] = [await known(metadata), await known(acquisition.metadata)];
        const sum = needList(frames, "frames").reduce(
          (total, { path }) => total + (numberAt(frames, `${path}.exposure_dose`) ?? 0),
          0,
        );
        const path = "total_flux";
        const isWell = Math.abs(sum - needNumber(document, path)) <= FLUX_TOLERANCE;
        return unless(
          isWell,
          { key: document.key, path },
          shownAt(document, path),
          `${shown(sum)} ± ${FLUX_TOLERANCE}, the sum over the frames`,
        );
      },
    },
    {
      id: "tiltseries.frame-count",
      statement: "there are at least as many frames as sections with parameters",
      async judge({ metadata, acquisition }) {
        const [document, frames] = [await known(metadata), await known(acquisition.metadata)];
        const path = "per_section_parameter";
        const [found, most] = [needList(document, path).length, needList(frames, "frames").length];
        return unless(
          found <= most,
          { key: document.key, path },
          `${counted(found, "section")}`,
          `${most} at most, as there are frames`,
        );
      },
    },
    {
      id: "tiltseries.astigmatic-angle",
      statement: "astigmatic angles lie in [−180, 180]",
      judge: perSection(
        "astigmatic_angle",
        (value) => Math.abs(value) <= 180,
        () => "−180 to 180",
      ),
    },
    {
      id: "tiltseries.phase-shift",
      statement: "phase shifts lie in [0, 2π]",
      judge: perSection(
        "phase_shift",
        (value) => value >= 0 && value <= 2 * Math.PI,
        () => "0 to 2π",
      ),
    },
    {
      id: "tiltseries.max-resolution",
      statement: "resolutions are not negative",
      judge: perSection(
        "max_resolution",
        (value) => value >= 0,
        () => "0 or more",
      ),
    },
    {
      id: "tiltseries.sections",
      statement: "the metadata of a tilt series have parameters of each section, once and in order",
      async judge({ metadata }) {
        const document = await known(metadata);
        const path = "per_section_parameter";
        const [wanted] = needSize(document, "size");
        const indices = needList(document, path).map((section) => numberAt(document, `${section.path}.z_index`));
        if (indices.length === 0) throw new Undecided("no parameters of sections");
        const isWell = indices.length === wanted && indices.every((index, i) => index === i);
        const found = `${counted(indices.length, "section")}, z_index ${few(indices.map(String), 8)}`;
        return unless(isWell, { key: document.key, path }, found, `${wanted}, each once, from 0`);
      },
    },
    {
      id: "tiltseries.z-index",
      statement: "the sections with parameters lie in the tilt series",
      judge: perSection(
        "z_index",
        (value, document) => Number.isInteger(value) && value >= 0 && value < needSize(document, "size")[0],
        (document) => `0 to ${needSize(document, "size")[0] - 1}`,
      ),
    },
    {
      id: "tiltseries.raw-angles",
      statement: "the raw angle of each section is that of a section of the mdoc, each of another one, to two decimals",
      async judge({ metadata, acquisition }) {
        const document = await known(metadata);
        const path = "per_section_parameter";
        const angles = needList(document, path).flatMap((section) => numberAt(document, `${section.path}.raw_angle`) ?? []);
        const alone = withoutPartner(angles, mdocAngles(await known(acquisition.mdoc)));
        return unless(
          alone.length === 0,
          { key: document.key, path },
          `${few(alone)}: ${counted(alone.length, "raw angle")} that no section has`,
          "angles of the mdoc",
        );
      },
    },
    {
      id: "tiltseries.frame-binning",
      statement: "the pixel spacing is a whole number of pixels of the first MRC frame",
      async judge({ metadata, acquisition }) {
        const document = await known(metadata);
        const { file, facts } = await firstMrcFrame(acquisition.frames);
        const [, , pixel] = voxelSize(facts.fields);
        if (!(pixel > 0)) throw new Undecided("no pixel size in the first MRC frame");
        const path = "pixel_spacing";
        const ratio = needNumber(document, path) / pixel;
        const isWell = Math.round(ratio) >= 1 && Math.abs(ratio - Math.round(ratio)) <= BINNING_TOLERANCE;
        return unless(
          isWell,
          { key: document.key, path },
          `${shownAt(document, path)}, ${shown(ratio)} pixels of ${shown(pixel)} Å`,
          `a whole number of those of ${file.name}`,
        );
      },
    },
  ]),
  ...checksOf("tiltseries", { marks: ["tilt_angles"], suites: STANDARDIZED }, [
    {
      id: "tiltseries.rawtlt-count",
      statement: "there are no more raw tilt angles than sections of the tilt series",
      async judge({ metadata, rawtlt }) {
        const { key, angles } = await known(rawtlt);
        const [most] = needSize(await known(metadata), "size");
        return unless(
          angles.length <= most,
          { key },
          counted(angles.length, "angle"),
          `${most} at most, as the tilt series has sections`,
        );
      },
    },
    {
      id: "tiltseries.rawtlt-order",
      statement: "each raw tilt angle is that of its section in the metadata, to two decimals",
      async judge({ metadata, rawtlt }) {
        const [document, { key, angles }] = [await known(metadata), await known(rawtlt)];
        const told = new Map(
          needList(document, "per_section_parameter").map(({ path }) => [
            numberAt(document, `${path}.z_index`),
            numberAt(document, `${path}.raw_angle`),
          ]),
        );
        return angles.flatMap(({ degrees, line }, i) => {
          const wanted = told.get(i);
          if (wanted === undefined) return [];
          const isWell = Math.abs(degrees - wanted) <= ANGLE_TOLERANCE;
          return unless(isWell, { key, line }, `${shown(degrees)}° of section ${i}`, `${shown(wanted)}°, as ${document.key}`);
        });
      },
    },
  ]),
];

async function sortedAngles(acquisition: TiltseriesSubject["acquisition"]): Promise<number[]> {
  const angles = mdocAngles(await known(acquisition.mdoc)).toSorted((a, b) => a - b);
  if (angles.length === 0) throw new Undecided("no tilt angles in the mdoc");
  return angles;
}
