import { annotationsFolder } from "../../../../model/annotation-files.js";
import {
  ALIGNMENT_METADATA,
  frameFolder,
  framesMetadataKey,
  gainFolder,
  runFolder,
  runMetadataKey,
  TILTSERIES_METADATA,
  TOMOGRAM_METADATA,
  voxelSpacingFolder,
} from "../../../../model/layout.js";
import { mapLimit } from "../../../../system/parallel.js";
import { alignedSections } from "../facts/aligned-sections.js";
import { angleFile, mdocFile } from "../facts/angles.js";
import { type Lazy, lazy, orNothing, unknown } from "../facts/fact.js";
import { type Document, numberAt, textAt } from "../facts/fields.js";
import { imageFile } from "../facts/image-file.js";
import { filesIn, foldersIn, namesIn, treeOf } from "../facts/tree.js";
import type { ScaleCase, Statement } from "../scale/case.js";
import {
  extentOf,
  folderStatement,
  isBoxChosen,
  metadataStatement,
  nominalPixel,
  sizeOf,
  volumeStatements,
} from "../scale/collect.js";
import { grouped } from "../scale/compare.js";
import type {
  AcquisitionSubject,
  AlignmentSubject,
  AnnotationSubject,
  ScaleSubject,
  TiltseriesSubject,
  TomogramSubject,
} from "../subjects.js";
import { visitAnnotation } from "./annotation.js";
import { tellLinksBelow } from "./links.js";
import { visitPhotos } from "./photos.js";
import { imageSubject, isMrcName, spacingFact, visitVolumes, volumesOf } from "./volumes.js";
import { documentOf, type RunWalk, type TreeWalk } from "./walk.js";

/** Annotations of a run that are looked at side by side: most of their time is waiting for a store. */
const ANNOTATIONS_AT_ONCE = 8;

/**
 * Shows a run and all that is below it to the checks.
 *
 * @returns its tomograms for the comparison of their spacings, which waits for the other runs.
 */
export async function visitRun(dataset: string, run: string, walk: TreeWalk): Promise<ScaleSubject[]> {
  const folder = runFolder(dataset, run);
  const at: RunWalk = { ...walk, tree: treeOf(walk.store, walk.signal), dataset, run, folder };
  const { tree, visit } = at;
  const reconstructions = voxelSpacingFolder(folder, "").replace(/\/VoxelSpacing$/, "");
  const folders = await foldersIn(tree, folder);
  const spacings = (await foldersIn(tree, reconstructions)).flatMap((name) => /^VoxelSpacing(.*)$/.exec(name)?.[1] ?? []);
  const metadata = tree.metadata(runMetadataKey(dataset, run), "metadata of the run");
  const whose = { mark: "run", title: `run ${run}`, dataset, run } as const;
  await visit("run", { ...whose, key: folder, metadata, folders, spacings });
  await visit("document", documentOf(metadata, runMetadataKey(dataset, run), { ...walk, ...tree }, { ...whose, basic: false }));
  const acquisition = await visitAcquisition(at);
  const tiltseries = await visitTiltseries(at, acquisition);
  const alignments = await visitAlignments(at, acquisition, tiltseries);
  const scales: ScaleSubject[] = [];
  for (const spacing of spacings) {
    if (!walk.selection.accepts("voxel_spacing", spacing)) continue;
    scales.push(...(await visitSpacing(at, spacing, { tiltseries, alignments })));
  }
  await tellLinksBelow(walk.store, folder, walk, walk.signal);
  return scales;
}

async function visitAcquisition({ tree, visit, dataset, run, folder, ...walk }: RunWalk): Promise<AcquisitionSubject> {
  const key = frameFolder(folder);
  const metadataKey = framesMetadataKey(folder);
  const all = (await filesIn(tree, key)).filter((name) => !name.startsWith("."));
  const mdocKeys = all.filter((name) => /\.mdoc$/i.test(name)).map((name) => `${key}/${name}`);
  const isFrame = (name: string) => !/\.mdoc$/i.test(name) && `${key}/${name}` !== metadataKey;
  const imagesIn = (names: readonly string[], where: string) =>
    names.map((name) => imageFile(tree.store, `${where}/${name}`, tree.signal));
  const gains = (await filesIn(tree, gainFolder(folder))).filter((name) => !name.startsWith("."));
  const acquisition: AcquisitionSubject = {
    mark: "mdoc",
    title: `acquisition of ${run}`,
    dataset,
    run,
    key,
    mdocKeys,
    mdoc: mdocFile(tree, mdocKeys),
    frames: imagesIn(all.filter(isFrame), key),
    gains: imagesIn(gains, gainFolder(folder)),
    metadata: tree.metadata(metadataKey, "metadata of the frames"),
    hasFolder: (await tree.children(`${key}/`)).length > 0,
  };
  if (!acquisition.hasFolder && acquisition.gains.length === 0) return acquisition;
  if (acquisition.hasFolder) {
    await visit("acquisition", acquisition);
    const whose = { mark: "frame", title: `frames of ${run}`, dataset, run } as const;
    await visit(
      "document",
      documentOf(acquisition.metadata, metadataKey, { ...walk, ...tree }, { ...whose, basic: false, links: false }),
    );
  }
  await visitImages(acquisition, visit, "standardized");
  return acquisition;
}

/** The frames and the gain references of a run, and the headers of those that are MRC files. */
export async function visitImages(
  acquisition: AcquisitionSubject,
  visit: TreeWalk["visit"],
  suite: "source" | "standardized",
): Promise<void> {
  const { dataset, run } = acquisition;
  for (const [role, files, what] of [
    ["frame", acquisition.frames, "frames"],
    ["gain", acquisition.gains, "gain references"],
  ] as const) {
    const [first] = files;
    if (!first) continue;
    const whose = { mark: role, title: `${what} of ${run}`, dataset, run };
    const key = first.key.slice(0, first.key.lastIndexOf("/"));
    await visit("images", { ...whose, key, role, suite, files, acquisition });
    const spacing = unknown<number>("no spacing of frames");
    for (const file of files.filter(({ name }) => isMrcName(name)))
      await visit("mrc", imageSubject(file, { ...whose, role, spacing }));
  }
}

async function visitTiltseries(at: RunWalk, acquisition: AcquisitionSubject): Promise<TiltseriesSubject[]> {
  const { tree, visit, dataset, run, folder, selection, expectations } = at;
  const container = `${folder}/TiltSeries`;
  const all: TiltseriesSubject[] = [];
  for (const id of await foldersIn(tree, container)) {
    const key = `${container}/${id}`;
    const whose = { mark: "tiltseries", title: `tilt series ${id} of ${run}`, dataset, run } as const;
    const names = await namesIn(tree, key);
    const metadata = tree.metadata(`${key}/${TILTSERIES_METADATA}`, "metadata of the tilt series");
    const rawtltKeys = names.filter((name) => name.endsWith(".rawtlt")).map((name) => `${key}/${name}`);
    const volumes = volumesOf(tree, key, names, {
      ...whose,
      roleOf: () => "tiltseries",
      spacing: numberOf(metadata, "pixel_spacing"),
    });
    const subject: TiltseriesSubject = {
      ...whose,
      id,
      key,
      metadata,
      volumes,
      rawtltKeys,
      rawtlt: angleFile(tree, rawtltKeys, "raw tilt angles"),
      sections: numberOf(metadata, "size.z"),
      acquisition,
      exists: tree.exists,
    };
    all.push(subject);
    if (!selection.accepts("tiltseries", id)) continue;
    await visit("tiltseries", subject);
    await visit(
      "document",
      documentOf(metadata, `${key}/${TILTSERIES_METADATA}`, { ...at, ...tree }, { ...whose, basic: false }),
    );
    await visitVolumes(volumes, visit);
    const expected = (await expectations?.pixelSpacing(dataset, run)) ?? [];
    const scale = await tiltseriesCase(subject, folder, { expected });
    await visit("scale", { ...whose, key, scale });
  }
  return all;
}

/** All statements about the pixel size of a tilt series, as one case. */
export async function tiltseriesCase(
  { metadata, volumes, title, acquisition }: Pick<TiltseriesSubject, "metadata" | "volumes" | "title" | "acquisition">,
  runKey: string,
  { expected = [], isSource = false }: { expected?: readonly Statement[]; isSource?: boolean } = {},
): Promise<ScaleCase> {
  const own = await Promise.all(volumes.map(volumeStatements));
  return {
    kind: "tiltseries",
    runKey,
    title,
    statements: [...own.flat(), ...(await metadataStatement(metadata, "pixel_spacing", isSource)), ...expected],
    size: await sizeOf(volumes, metadata),
    tiltseries: undefined,
    alignment: undefined,
    nominalAngstrom: await nominalPixel(acquisition.mdoc),
    others: [],
  };
}

async function visitAlignments(
  at: RunWalk,
  acquisition: AcquisitionSubject,
  tiltseries: readonly TiltseriesSubject[],
): Promise<AlignmentSubject[]> {
  const { tree, visit, dataset, run, folder, selection } = at;
  const container = `${folder}/Alignments`;
  const all: AlignmentSubject[] = [];
  for (const id of await foldersIn(tree, container)) {
    const key = `${container}/${id}`;
    const whose = { mark: "alignment", title: `alignment ${id} of ${run}`, dataset, run } as const;
    const metadata = tree.metadata(`${key}/${ALIGNMENT_METADATA}`, "metadata of the alignment");
    const tltKeys = (await filesIn(tree, key, ".tlt")).map((name) => `${key}/${name}`);
    const own = lazy("tilt series of the alignment", async () => {
      const document = await orNothing(metadata);
      const path = document && textAt(document, "tiltseries_path");
      return tiltseries.find((one) => `${one.key}/${TILTSERIES_METADATA}` === path);
    });
    const tlt = angleFile(tree, tltKeys, ".tlt file");
    const sections = lazy("file of the alignment", async () => {
      const document = await orNothing(metadata);
      return document && alignedSections(tree, key, document);
    });
    const subject: AlignmentSubject = { ...whose, id, key, metadata, tltKeys, tlt, sections, tiltseries: own, acquisition };
    all.push(subject);
    if (!selection.accepts("alignment", id)) continue;
    await visit("alignment", subject);
    await visit(
      "document",
      documentOf(metadata, `${key}/${ALIGNMENT_METADATA}`, { ...at, ...tree }, { ...whose, basic: false, links: false }),
    );
  }
  return all;
}

interface Acquired {
  readonly tiltseries: readonly TiltseriesSubject[];
  readonly alignments: readonly AlignmentSubject[];
}

async function visitSpacing(at: RunWalk, name: string, acquired: Acquired): Promise<ScaleSubject[]> {
  const { tree, visit, dataset, run, folder, selection } = at;
  const key = voxelSpacingFolder(folder, name);
  await visit("voxelSpacing", { mark: "voxel_spacing", title: `voxel spacing ${name} of ${run}`, dataset, run, key, name });
  const tomograms: TomogramSubject[] = [];
  const scales: ScaleSubject[] = [];
  for (const id of await foldersIn(tree, `${key}/Tomograms`)) {
    const tomogram = await tomogramOf(at, key, name, id);
    tomograms.push(tomogram);
    if (!selection.accepts("tomogram", id)) continue;
    await visitTomogram(at, tomogram, key);
    scales.push({ ...bare(tomogram), scale: await tomogramCase(at, tomogram, acquired) });
  }
  const ids = (await foldersIn(tree, annotationsFolder(key))).filter((id) => selection.accepts("annotation", id));
  await mapLimit(ids, ANNOTATIONS_AT_ONCE, (id) => visitAnnotation(at, key, name, id, tomograms));
  return scales;
}

const bare = ({ mark, title, key, dataset, run }: TomogramSubject | AnnotationSubject) => ({ mark, title, key, dataset, run });

async function tomogramOf(
  { tree, dataset, run }: RunWalk,
  spacingFolder: string,
  spacingName: string,
  id: string,
): Promise<TomogramSubject> {
  const key = `${spacingFolder}/Tomograms/${id}`;
  const whose = { mark: "tomogram", title: `tomogram ${id} of ${run} (${spacingName} Å)`, dataset, run } as const;
  const volumes = volumesOf(tree, key, await namesIn(tree, key), {
    ...whose,
    roleOf: () => "tomogram",
    spacing: spacingFact(spacingName),
  });
  const metadata = tree.metadata(`${key}/${TOMOGRAM_METADATA}`, "metadata of the tomogram");
  return { ...whose, id, key, metadata, volumes, spacingName, exists: tree.exists };
}

async function visitTomogram(at: RunWalk, tomogram: TomogramSubject, spacingFolder: string): Promise<void> {
  const { tree, visit } = at;
  const { metadata, volumes, key, id } = tomogram;
  await visit("tomogram", tomogram);
  await visit(
    "document",
    documentOf(metadata, `${key}/${TOMOGRAM_METADATA}`, { ...at, ...tree }, { ...bare(tomogram), basic: true }),
  );
  await visitVolumes(volumes, visit);
  const role = (name: string) =>
    name === "thumbnail" ? "tomogram-thumbnail" : name === "snapshot" ? "tomogram-snapshot" : "key-photo";
  await visitPhotos(tree, metadata, "key_photo", { ...bare(tomogram), role }, at);
  const document = await orNothing(metadata);
  const named = document && textAt(document, "neuroglancer_config_path");
  const state = named || `${spacingFolder}/NeuroglancerPrecompute/${id}-neuroglancer_config.json`;
  await visit("neuroglancer", {
    ...bare(tomogram),
    mark: "neuroglancer",
    key: state,
    state: tree.metadata(state, "Neuroglancer state"),
    spacing: spacingFact(tomogram.spacingName),
    exists: tree.exists,
  });
}

async function tomogramCase(at: RunWalk, tomogram: TomogramSubject, { tiltseries, alignments }: Acquired): Promise<ScaleCase> {
  const { dataset, run, folder, expectations } = at;
  const { metadata, volumes, spacingName, title, key } = tomogram;
  const own = await Promise.all(volumes.map(volumeStatements));
  const statements = [
    ...own.flat(),
    ...(await metadataStatement(metadata, "voxel_spacing")),
    ...folderStatement(spacingName, key),
    ...((await expectations?.voxelSpacing(dataset, run, spacingName)) ?? []),
  ];
  const document = await orNothing(metadata);
  const path = document && textAt(document, "alignment_metadata_path");
  const alignment = alignments.find((one) => `${one.key}/${ALIGNMENT_METADATA}` === path);
  const aligned = alignment && (await orNothing(alignment.tiltseries));
  const series = aligned ?? (tiltseries.length === 1 ? tiltseries[0] : undefined);
  const pixel = series && grouped((await tiltseriesCase(series, folder)).statements)[0]?.[0]?.angstrom;
  return {
    kind: "tomogram",
    runKey: folder,
    title,
    statements,
    size: await sizeOf(volumes, metadata),
    tiltseries:
      series && pixel !== undefined ? { pixelAngstrom: pixel, size: await sizeOf(series.volumes, series.metadata) } : undefined,
    isBoxChosen: await isBoxChosen(metadata),
    alignment: alignment && (await extentOf(alignment.metadata)),
    nominalAngstrom: undefined,
    others: [],
  };
}

function numberOf(metadata: Lazy<Document>, path: string): Lazy<number> {
  return lazy(`${path} in the metadata`, async () => {
    const document = await orNothing(metadata);
    return document && numberAt(document, path);
  });
}
