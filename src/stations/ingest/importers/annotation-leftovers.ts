import { counted } from "../../../core/units.js";
import { annotationsFolder, isAnnotationMetadata } from "../../../model/annotation-files.js";
import { makeTask } from "../draft.js";
import type { Leftover } from "../ops/clear.js";
import { CLEAR_OPERATION } from "../ops/names.js";
import { type ImportContext, warn } from "./importer.js";

const MEMORY_BYTES = 1 << 20;

/**
 * Plans the removal of files that interrupted imports left of annotations: numbered folders without metadata, which are written
 * last. Files that this plan will write are kept, so that a resumed import finds them, and so are ids that others have reserved.
 *
 * @param planned keys that this plan writes at this voxel spacing.
 */
export async function planLeftovers(context: ImportContext, spacingFolder: string, planned: readonly string[]): Promise<void> {
  const { target, claimed } = context;
  const parent = `${annotationsFolder(spacingFolder)}/`;
  const container = parent.slice(0, -1);
  for (const { key: folder } of await target.children(parent)) {
    const name = folder.slice(parent.length, -1);
    if (!folder.endsWith("/") || !/^\d+$/.test(name)) continue;
    const children = await target.children(folder);
    if (children.some(({ key }) => isAnnotationMetadata(key.slice(folder.length)))) continue;
    if (claimed.some((claim) => claim.container === container && claim.id === Number(name))) continue;
    const isPlanned = (key: string) =>
      planned.some((output) => key === output || (output.endsWith("/") && key.startsWith(output)));
    const leftovers: Leftover[] = [];
    for await (const { key, size, modifiedMs } of target.store.list(folder)) {
      if (!isPlanned(key)) leftovers.push({ key, size, ...(modifiedMs === undefined ? {} : { modifiedMs }) });
    }
    if (leftovers.length === 0) continue;
    const title = `leftovers of an unfinished annotation: ${folder}`;
    context.draft.tasks.push(
      makeTask({
        title,
        run: CLEAR_OPERATION,
        // times tell what one interrupted import left from what the next one did
        params: { leftovers: leftovers.map((leftover) => ({ ...leftover })) },
        inputs: [],
        outputs: [],
        needs: [],
        bytes: 0,
        memoryBytes: MEMORY_BYTES,
        threads: 1,
      }),
    );
    warn(context, `${title} is removed, ${counted(leftovers.length, "file")}`);
  }
}
