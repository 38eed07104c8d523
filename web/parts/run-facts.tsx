import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { FileRecord, VolumeFacts } from "../../src/model/page-api.js";
import { sameSpacing } from "../../src/model/voxel-spacing.js";
import { type Fact, fact, GroupedFacts, located } from "./facts.js";
import { fileFactsQuery, shapeOf, voxelSizes } from "./file-record.js";
import { treeKey } from "./files.js";
import { angstrom, fixed, shape } from "./format.js";
import { useServer, volumeQuery } from "./queries.js";
import { nodesOf, type RunRow, type TiltseriesRow, type TomogramRow } from "./run-data.js";

/** Doses that differ by less are the same: what is summed was rounded. */
const DOSE_SHARE = 0.01;

/** Facts of a run, each with all that say it: the catalogue, names of folders, metadata, headers, lists of angles. @param shown of its tomograms @param children a further group */
export function RunFacts({ run, shown, children }: { run: RunRow; shown: TomogramRow | undefined; children?: ReactNode }) {
  const [series, ...others] = nodesOf(run.tiltseries);
  const place = useServer().data?.catalogue?.place;
  const mrc = treeKey(shown?.s3MrcFile, run.dataset);
  // what volumes say of themselves: it may contradict the catalogue
  const { data: volume } = useQuery({ ...volumeQuery(`tomogram:${shown?.id}`), enabled: shown !== undefined });
  const { data: recorded } = useQuery({ ...volumeQuery(`tiltseries:${series?.id}`), enabled: series !== undefined });
  const { data: files } = useQuery({
    ...fileFactsQuery(place ?? "", mrc ?? ""),
    enabled: place !== undefined && mrc !== undefined,
  });
  const dose = others.length > 0 ? undefined : run.framesAggregate?.aggregate?.[0]?.sum?.exposureDose;
  const objects = nodesOf(run.identifiedObjects).map(({ objectName }) => objectName);
  return (
    <GroupedFacts
      groups={[
        { title: "Tomogram", facts: shown ? tomogramFacts(shown, volume, Object.values(files ?? {})[0]) : [] },
        { title: "Tilt series", facts: series ? tiltseriesFacts(series, recorded, dose) : [] },
        {
          title: "Sample",
          facts: [
            fact("Organism", run.dataset.organismName),
            ...(objects.length > 0 ? [fact("Also here", objects.join(", "))] : []),
          ],
        },
      ]}
    >
      {children}
    </GroupedFacts>
  );
}

type Source = Fact["sources"][number];

/** A source's sizes in Å. Sizes that equal the first one within the precision of headers are written as that one. */
function sized(first: number, sizes: readonly (number | null | undefined)[], from: string): Source[] {
  const known = sizes.filter((size) => typeof size === "number");
  if (known.length === 0) return [];
  if (known.every((size) => sameSpacing(size, first))) return [{ value: angstrom(first), from }];
  return [{ value: `${[...new Set(known.map((size) => fixed(size)))].join(" × ")} Å`, from }];
}

const sourceOf = ({ format }: VolumeFacts): string => (format === "mrc" ? "header" : format.replace(/^zarr$/, "OME-Zarr"));
/** Voxel sizes in Å from a document beside a volume. */
const documented = (volume: VolumeFacts | undefined, file: string): readonly number[] =>
  (volume?.sources.voxelSizeAngstrom ?? []).filter(({ from }) => from === file).map(({ value }) => Number(value));

function tomogramFacts(row: TomogramRow, volume: VolumeFacts | undefined, header: FileRecord | undefined): readonly Fact[] {
  const folder = /\/VoxelSpacing(\d+\.\d+)\/?$/.exec(row.tomogramVoxelSpacing?.s3Prefix ?? "")?.[1];
  const [z, y, x] = volume?.shape ?? [];
  const spacing = row.voxelSpacing;
  const at = (pointer: string) => ({ at: `tomogram:${row.id}/value?pointer=/${pointer}` });
  return [
    {
      label: "Voxel",
      sources: [
        ...sized(spacing, [spacing], "catalogue").map((one) => ({ ...one, ...at("voxel_spacing") })),
        ...sized(spacing, folder === undefined ? [] : [Number(folder)], "folder"),
        ...sized(spacing, documented(volume, "tomogram_metadata.json"), "json"),
        ...sized(spacing, header ? voxelSizes(header) : [], "header"),
        ...sized(spacing, volume?.voxelSizeAngstrom.toReversed() ?? [], volume ? sourceOf(volume) : ""),
      ],
    },
    {
      label: "Shape",
      sources: [
        { value: shape(row.sizeX, row.sizeY, row.sizeZ), from: "catalogue", ...at("size") },
        ...(header ? [{ value: shapeOf(header), from: "header" }] : []),
        ...(volume ? [{ value: shape(x, y, z), from: sourceOf(volume) }] : []),
      ],
    },
    located(fact("Method", `${row.reconstructionMethod} · ${row.reconstructionSoftware}`), at("reconstruction_method")),
    located(
      fact(
        "Processing",
        [row.processing, row.processingSoftware, row.ctfCorrected && "CTF corrected"].filter(Boolean).join(" · "),
      ),
      at("processing"),
    ),
    located(fact("Fiducials", row.fiducialAlignmentStatus === "FIDUCIAL" ? "yes" : "no"), at("fiducial_alignment_status")),
  ];
}

function tiltseriesFacts(row: TiltseriesRow, volume: VolumeFacts | undefined, dose: number | null | undefined): readonly Fact[] {
  const { pixelSpacing: pixel, tiltMin, tiltMax, tiltStep, totalFlux } = row;
  const tilts = `${fixed(tiltMin, 1)} to ${fixed(tiltMax, 1)}°, every ${fixed(tiltStep, 1)}°`;
  const angles = volume?.angles ?? [];
  const [low, high] = [Math.min(...angles), Math.max(...angles)];
  // refined angles are not the nominal ones: another end of the range is another exposure
  const isSame = Math.abs(low - tiltMin) < tiltStep / 2 && Math.abs(high - tiltMax) < tiltStep / 2;
  const sum = dose && Math.abs(dose - totalFlux) <= DOSE_SHARE * totalFlux ? totalFlux : dose;
  const at = (pointer: string) => ({ at: `tiltseries:${row.id}/value?pointer=/${pointer}` });
  return [
    {
      label: "Tilt",
      sources: [
        { value: tilts, from: "catalogue", ...at("tilt_range") },
        ...(angles.length > 0
          ? [
              {
                value: isSame ? tilts : `${fixed(low, 1)} to ${fixed(high, 1)}°`,
                from: volume?.sources.angles?.[0]?.from ?? "angles",
              },
            ]
          : []),
      ],
    },
    {
      label: "Dose",
      sources: [
        { value: `${fixed(totalFlux, 0)} e/Å²`, from: "catalogue", ...at("total_flux") },
        ...(sum ? [{ value: `${fixed(sum, 0)} e/Å²`, from: "frames" }] : []),
      ],
    },
    {
      label: "Pixel",
      sources: [
        ...sized(pixel, [pixel], "catalogue").map((one) => ({ ...one, ...at("pixel_spacing") })),
        ...sized(pixel, documented(volume, "tiltseries_metadata.json"), "json"),
        ...sized(pixel, [volume?.voxelSizeAngstrom[2]], volume ? sourceOf(volume) : ""),
      ],
    },
    {
      ...located(fact("Quality", row.tiltSeriesQuality ? `${row.tiltSeriesQuality} of 5` : undefined), at("tilt_series_quality")),
      absent: "nobody has rated this tilt series",
    },
    located(
      fact("Microscope", `${row.microscopeManufacturer} ${row.microscopeModel}, ${fixed(row.accelerationVoltage / 1000, 0)} kV`),
      at("microscope"),
    ),
    located(fact("Camera", `${row.cameraManufacturer} ${row.cameraModel}`), at("camera")),
  ];
}
