import { annotationsFolder, isAnnotationMetadata } from "../../../../model/annotation-files.js";
import { openObject } from "../../../../stores/store.js";
import { type Lazy, lazy, unknown } from "../facts/fact.js";
import type { Document } from "../facts/fields.js";
import { readPointFacts } from "../facts/points.js";
import { namesIn } from "../facts/tree.js";
import type { ScaleCase } from "../scale/case.js";
import { folderStatement, sizeOf, volumeStatements } from "../scale/collect.js";
import type { AnnotationSubject, PointsFile, Role, TomogramSubject } from "../subjects.js";
import { spacingFact, visitVolumes, volumesOf } from "./volumes.js";
import { documentOf, type RunWalk } from "./walk.js";

const MASKS: readonly [end: string, role: Role][] = [
  ["_instancesegmentationmask", "instances"],
  ["_segmentationmask", "mask"],
];
const POINTS = /_(point|orientedpoint|instancesegmentation)\.ndjson$/;

/** One annotation: its documents, point files and masks. */
export async function visitAnnotation(
  at: RunWalk,
  spacingFolder: string,
  spacingName: string,
  id: string,
  tomograms: readonly TomogramSubject[],
): Promise<void> {
  const { tree, visit, dataset, run, folder } = at;
  const key = `${annotationsFolder(spacingFolder)}/${id}`;
  const whose = { mark: "annotation", title: `annotation ${id} of ${run} (${spacingName} Å)`, dataset, run } as const;
  const names = await namesIn(tree, key);
  const documents = names.filter(isAnnotationMetadata);
  const metadataKey = `${key}/${documents[0] ?? ""}`;
  const metadata: Lazy<Document> =
    documents.length === 0 ? unknown("no metadata of the annotation") : tree.metadata(metadataKey, "metadata of the annotation");
  const stored = names.filter((name) => !documents.includes(name));
  const masks = stored.filter((name) => MASKS.some(([end]) => name.includes(`${end}.`)));
  const roleOf = (base: string): Role => MASKS.find(([end]) => base.endsWith(end))?.[1] ?? "mask";
  const volumes = volumesOf(tree, key, masks, { ...whose, roleOf, spacing: spacingFact(spacingName) });
  const points = stored.flatMap((name): PointsFile[] => {
    const kind = POINTS.exec(name)?.[1] as PointsFile["kind"] | undefined;
    if (!kind) return [];
    const file = `${key}/${name}`;
    const read = async () => readPointFacts(await openObject(tree.store, file, { signal: tree.signal }), tree.signal);
    return [{ key: file, kind, facts: lazy("point file", read) }];
  });
  const subject: AnnotationSubject = { ...whose, id, key, metadata, volumes, stored, points, tomograms, exists: tree.exists };
  await visit("annotation", subject);
  if (documents.length > 0)
    await visit("document", documentOf(metadata, metadataKey, { ...at, ...tree }, { ...whose, basic: true }));
  await visitVolumes(volumes, visit);
  for (const volume of volumes) {
    const statements = [...(await volumeStatements(volume)), ...folderStatement(spacingName, spacingFolder)];
    const size = await sizeOf([volume], metadata);
    const scale: ScaleCase = {
      kind: "mask",
      runKey: folder,
      title: `the mask of ${whose.title}`,
      statements,
      size,
      tiltseries: undefined,
      alignment: undefined,
      nominalAngstrom: undefined,
      others: [],
    };
    await visit("scale", { ...whose, key: volume.key, scale });
  }
}
