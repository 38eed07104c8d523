import { asEmporiumError, EmporiumError, type ErrorRecord } from "../../../../core/errors.js";
import type { JsonObject } from "../../../../core/json.js";
import { once } from "../../../../core/once.js";
import type { TypeKey } from "../../../../model/kinds.js";
import { runFolder } from "../../../../model/layout.js";
import { roundVoxelSpacing } from "../../../../model/voxel-spacing.js";
import { expandValue } from "../../config/expand.js";
import { scalarText } from "../../config/nodes.js";
import type { Block } from "../../config/schema.js";
import { newDraft } from "../../draft.js";
import type { Ancestor, Scope } from "../../finders/scope.js";
import type { PlanContext } from "../../importers/context.js";
import { distinctFiles, extensionOf } from "../../importers/copies.js";
import type { RunScope } from "../../importers/importer.js";
import { findSection, type SectionItem } from "../../importers/sections.js";
import { findTomograms } from "../../importers/tomogram-candidates.js";
import { findVoxelSpacings, type VoxelSpacing } from "../../importers/voxel-spacing.js";
import { angleFile, mdocFile } from "../facts/angles.js";
import { known, type Lazy, lazy, unknown } from "../facts/fact.js";
import { type Document, numberAt } from "../facts/fields.js";
import { imageFile } from "../facts/image-file.js";
import { type Tree, treeOf } from "../facts/tree.js";
import type { ScaleCase } from "../scale/case.js";
import { isBoxChosen, metadataStatement, sizeOf, volumeStatements } from "../scale/collect.js";
import { grouped } from "../scale/compare.js";
import type {
  AcquisitionSubject,
  AlignmentSubject,
  Role,
  ScaleSubject,
  TiltseriesSubject,
  Visit,
  VolumeSubject,
} from "../subjects.js";
import { visitLinks } from "./links.js";
import { tiltseriesCase, visitImages } from "./run.js";
import { mrcSubject, type Whose, zarrSubject } from "./volumes.js";
import type { Scene, SceneDataset } from "./walk.js";

/** A run of the sources on its way through the checks. */
interface SourceWalk {
  readonly context: PlanContext;
  readonly tree: Tree;
  readonly visit: Visit;
  readonly scope: Scope;
  readonly dataset: string;
  readonly run: string;
  /** Configuration, as places name it. */
  readonly file: string;
  /** Errors of finds for this run, which a check of their own reports. */
  readonly faults: EmporiumError[];
}

/**
 * Finds the datasets that a configuration finds among sources. Nothing is planned.
 *
 * @param faults faults of the configuration itself.
 * @throws {EmporiumError} CONFIG_… where not even depositions and datasets can be found
 */
export async function sourceScene(context: PlanContext, faults: readonly ErrorRecord[] = []): Promise<Omit<Scene, "unused">> {
  const { selection, config } = context;
  const names = async (type: TypeKey, above: readonly Ancestor[]) => {
    const { items } = await findSection(context, type, { ancestors: above, row: undefined, mapped: undefined });
    return new Map(items.map((item) => [scalarText(item.name), item]));
  };
  const datasets: SceneDataset[] = [];
  for (const [deposition, item] of await names("deposition", [])) {
    if (!selection.accepts("deposition", deposition)) continue;
    const below: Ancestor[] = [{ type: "deposition", name: item.name, path: item.key, folder: deposition }];
    for (const [dataset, { name, key }] of await names("dataset", below)) {
      if (!selection.accepts("dataset", dataset)) continue;
      const above: Ancestor[] = [...below, { type: "dataset", name, path: key, folder: dataset }];
      const found = once(() => names("run", above));
      const runs = async () => [...(await found()).keys()].filter((run) => selection.accepts("run", run));
      datasets.push({
        name: dataset,
        runs,
        async look({ visit, onLink }) {
          const all = [...(await found()).keys()];
          for (const link of context.source.links.all) onLink(link);
          await visit("source", { mark: "run", title: `dataset ${dataset}`, key: config.file, dataset, runs: all });
          return runs();
        },
        async lookAtRun(run, { visit, onLink }) {
          const item = (await found()).get(run);
          if (!item) throw new EmporiumError("CHANGED_MEANWHILE", `the run ${run} is not found any more among the sources`);
          const { name, key } = item;
          const ancestor: Ancestor = { type: "run", name, path: key, folder: runFolder(dataset, run) };
          const scope = { ancestors: [...above, ancestor], row: context.runData.row(run), mapped: context.runData.mapped(run) };
          const tree = treeOf(context.source.store, context.signal);
          const scales = await visitSourceRun({ context, tree, visit, scope, dataset, run, file: config.file, faults: [] });
          for (const link of [...context.source.links.all, ...tree.links.all]) onLink(link);
          return scales;
        },
      });
    }
  }
  return {
    begin: ({ visit }) => visit("config", { mark: "deposition", title: "the configuration", key: config.file, faults }),
    datasets,
    // several runs may look into one folder
    end: ({ links }, look) => visitLinks(links.all, () => ({ mark: "deposition", title: "the sources", key: "" }), look),
  };
}

async function visitSourceRun(at: SourceWalk): Promise<ScaleSubject[]> {
  const { visit, tree, dataset, run, scope } = at;
  const folder = scope.ancestors.at(-1)!.folder;
  const files = async (type: TypeKey) => distinctFiles((await find(at, type)).items);
  const mdocKeys = (await files("collection_metadata")).map(({ key }) => key!);
  const images = (items: readonly SectionItem[]) => items.map(({ key }) => imageFile(tree.store, key!, tree.signal));
  const acquisition: AcquisitionSubject = {
    mark: "mdoc",
    title: `acquisition of ${run}`,
    dataset,
    run,
    key: folder,
    mdocKeys,
    mdoc: mdocFile(tree, mdocKeys),
    frames: images(await files("frame")),
    gains: images(await files("gain")),
    metadata: unknown("no metadata of frames among sources"),
    hasFolder: false,
  };
  const items = (await find(at, "tiltseries")).items.filter(({ key }) => key !== null);
  const series = [...new Map(items.map((item) => [item.key!, item])).values()];
  const rawtlts = await rawtltsOf(at, series[0]);
  const tiltseries = series.map(({ key }) => key!);
  const spacings = await attempt(at, () => findVoxelSpacings(runScope(at)));
  const tltKeys = (await files("alignment")).map(({ key }) => key!).filter((key) => key.endsWith(".tlt"));
  const whose = { mark: "run", title: `run ${run}`, dataset, run } as const;
  const subjects = series.map((item) => tiltseriesOf(at, item, acquisition, rawtlts));
  const scales = [];
  for (const spacing of spacings ?? []) scales.push(...(await tomogramCases(at, spacing, subjects)));
  await visit("sourceRun", { ...whose, key: folder, acquisition, tiltseries, rawtlts, faults: at.faults });
  if (mdocKeys.length > 0 || acquisition.frames.length > 0) await visit("acquisition", acquisition);
  await visitImages(acquisition, visit, "source");
  for (const subject of subjects) await visitTiltseries(at, subject);
  if (tltKeys.length > 0) await visit("alignment", alignmentOf(at, tltKeys, acquisition, subjects));
  return scales;
}

/** Finds of a section for the run. A template without a value is a fault of this run alone. */
async function find(at: SourceWalk, type: TypeKey, scope = at.scope) {
  return (await attempt(at, () => findSection(at.context, type, scope))) ?? { items: [], applied: [] };
}

async function attempt<T>({ faults }: SourceWalk, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    const fault = asEmporiumError(error);
    if (!(error instanceof EmporiumError) || !(fault.code.startsWith("CONFIG_") || fault.code.startsWith("FORMAT_"))) throw error;
    faults.push(fault);
    return undefined;
  }
}

/** Keys of the raw tilt files: those with the extension `.rawtlt` where there are any, whatever else a wide glob finds. */
async function rawtltsOf(at: SourceWalk, first: SectionItem | undefined): Promise<string[]> {
  const { scope } = at;
  const name = first?.name ?? at.run;
  const ancestor: Ancestor = { type: "tiltseries", name, path: null, folder: scope.ancestors.at(-1)!.folder, id: 100 };
  const { items } = await find(at, "rawtilt", { ...scope, ancestors: [...scope.ancestors, ancestor] });
  const keys = distinctFiles(items).map(({ key }) => key!);
  const named = keys.filter((key) => extensionOf(key).toLowerCase() === ".rawtlt");
  return named.length > 0 ? named : keys;
}

function tiltseriesOf(
  at: SourceWalk,
  { key, folder, name, block }: SectionItem,
  acquisition: AcquisitionSubject,
  rawtltKeys: readonly string[],
): TiltseriesSubject {
  const { tree, dataset, run } = at;
  const whose = { mark: "tiltseries", title: `tilt series ${scalarText(name)} of ${run}`, dataset, run } as const;
  const metadata = configured(at, block);
  const spacing = lazy("pixel_spacing in the configuration", async () => numberAt(await known(metadata), "pixel_spacing"));
  const volumes = volumeOf(tree, key!, folder, { ...whose, role: "tiltseries", spacing });
  return {
    ...whose,
    id: scalarText(name),
    key: key!,
    metadata,
    volumes,
    rawtltKeys,
    rawtlt: angleFile(tree, rawtltKeys, "raw tilt angles"),
    sections: lazy("stack that can be read", async () => (await sizeOf(volumes, unknown("")))?.[0]),
    acquisition,
    exists: tree.exists,
  };
}

/** The alignment of a run, as far as its tilt angles are compared. */
function alignmentOf(
  { tree, dataset, run }: SourceWalk,
  tltKeys: readonly string[],
  acquisition: AcquisitionSubject,
  tiltseries: readonly TiltseriesSubject[],
): AlignmentSubject {
  const what = "tilt series of the alignment";
  return {
    mark: "tilt_angles",
    title: `alignment of ${run}`,
    dataset,
    run,
    id: "",
    key: tltKeys[0]!,
    metadata: unknown("no metadata of alignments among sources"),
    tltKeys,
    tlt: angleFile(tree, tltKeys, ".tlt file"),
    sections: unknown("no sections of alignments among sources"),
    tiltseries: tiltseries.length > 1 ? unknown(`more than one ${what}`) : lazy(what, async () => tiltseries[0]),
    acquisition,
  };
}

/** A file or folder of the sources as a volume: nothing for what is neither MRC nor Zarr. */
function volumeOf(
  tree: Tree,
  key: string,
  isFolder: boolean,
  whose: Whose & { role: Role; spacing: Lazy<number> },
): VolumeSubject[] {
  const voxelBelow = async () => undefined;
  if (isFolder) return [{ ...whose, key, mrc: undefined, zarr: zarrSubject(tree, key, whose), voxelBelow }];
  if (!/\.(mrc|st|ali|mrcs|rec|map)(\.(bz2|gz))?$/i.test(key)) return [];
  return [{ ...whose, key, mrc: mrcSubject(tree, key, whose), zarr: undefined, voxelBelow }];
}

/** The metadata of a block for the run, as a document. */
function configured({ file, scope, run, context }: SourceWalk, { metadata }: Block): Lazy<Document> {
  return lazy("metadata in the configuration", async () => {
    if (!metadata) return undefined;
    return { key: file, json: expandValue(metadata, { row: scope.row, run, compat: context.compat }) as JsonObject };
  });
}

async function visitTiltseries({ visit, dataset, run, scope }: SourceWalk, subject: TiltseriesSubject): Promise<void> {
  await visit("tiltseries", subject);
  for (const { mrc, zarr } of subject.volumes) {
    if (mrc) await visit("mrc", mrc);
    if (zarr) await visit("zarr", zarr);
  }
  const { mark, title, key } = subject;
  const scale = await tiltseriesCase(subject, scope.ancestors.at(-1)!.folder, { isSource: true });
  await visit("scale", { mark, title, key, dataset, run, scale });
}

/** Context of a run with a draft of its own, which is thrown away: nothing is planned here. */
function runScope({ context, scope, dataset, run }: SourceWalk): RunScope {
  return { ...context, scope, entity: scope.ancestors.at(-1)!, draft: newDraft(), location: { dataset, run } };
}

/** The tomograms of a spacing, for what their headers and the configuration say of it. */
async function tomogramCases(
  at: SourceWalk,
  { item, angstrom, name, ancestor }: VoxelSpacing,
  tiltseries: readonly TiltseriesSubject[],
): Promise<ScaleSubject[]> {
  const { tree, scope, dataset, run, file } = at;
  const folder = scope.ancestors.at(-1)!.folder;
  const spacing = { item, angstrom, name, ancestor };
  const found = (await attempt(at, () => findTomograms(runScope(at), spacing))) ?? [];
  const [series] = tiltseries.length === 1 ? tiltseries : [];
  const pixel = series && grouped((await tiltseriesCase(series, folder, { isSource: true })).statements)[0]?.[0]?.angstrom;
  const scales = [];
  for (const candidate of found) {
    const key = candidate.item.key!;
    const title = `tomogram ${scalarText(candidate.item.name)} of ${run} (${name} Å)`;
    const whose = { mark: "tomogram", title, dataset, run } as const;
    const volumes = volumeOf(tree, key, candidate.item.folder, { ...whose, role: "tomogram", spacing: unknown("") });
    const metadata: Lazy<Document> = async () => ({ value: { key: file, json: candidate.configured } });
    const own = (await Promise.all(volumes.map(volumeStatements))).flat();
    const { file: where, line, path } = item.place;
    // a spacing that was read from a header is what that header says, once more
    const isOwn = item.source.finder?.kind !== "tomogram_header";
    const literal = {
      who: "the configuration (voxel_spacings)",
      angstrom: roundVoxelSpacing(angstrom),
      place: { key: where ?? file, line, path },
      isConfigured: true,
    };
    const scale: ScaleCase = {
      kind: "tomogram",
      runKey: folder,
      title,
      statements: [...own, ...(isOwn ? [literal] : []), ...(await metadataStatement(metadata, "voxel_spacing", true))],
      size: await sizeOf(volumes, unknown("")),
      tiltseries:
        series && pixel !== undefined ? { pixelAngstrom: pixel, size: await sizeOf(series.volumes, unknown("")) } : undefined,
      isBoxChosen: await isBoxChosen(metadata),
      alignment: undefined,
      nominalAngstrom: undefined,
      others: [],
    };
    scales.push({ ...whose, key, scale });
  }
  return scales;
}
