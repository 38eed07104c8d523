import type { RandomAccess, ReadOptions } from "../../../core/bytes.js";
import { printJsonLine } from "../../../core/json.js";
import { readPointLines } from "../../../formats/points/ndjson.js";

/** What a file of picks says beside its points. */
export interface PicksHead {
  readonly object: string;
  readonly user: string;
  readonly session: string;
  readonly run: string;
  readonly voxelSpacingAngstrom: number;
  /** Its points are `orientedPoint`s. */
  readonly isOriented: boolean;
}

const IDENTITY = "[[1,0,0,0],[0,1,0,0],[0,0,1,0],[0,0,0,1]]";

/**
 * A file of points as copick writes picks: places in Å, which are voxels times the spacing, as copick counts them itself where it reads the portal's files.
 *
 * @returns the document, in pieces of some hundred points.
 * @throws {EmporiumError} FORMAT_FIELD for a line that is no point; STORE_…
 */
export async function* picksDocument(
  source: RandomAccess,
  { object, user, session, run, voxelSpacingAngstrom: spacing, isOriented }: PicksHead,
  read?: ReadOptions,
): AsyncGenerator<string> {
  const head = printJsonLine({
    pickable_object_name: object,
    user_id: user,
    session_id: session,
    run_name: run,
    voxel_spacing: spacing,
    unit: "angstrom",
    trust_orientation: isOriented,
  });
  yield `${head.slice(0, -1)}, "points": [`;
  let first = true;
  for await (const { count, positions, rotations, instanceIds } of readPointLines(source, read)) {
    let text = "";
    for (let i = 0; i < count; i++) {
      const at = (axis: number) => positions[3 * i + axis]! * spacing;
      const turned = (row: number) => [0, 1, 2].map((column) => rotations![9 * i + 3 * row + column]!).join();
      const matrix = rotations ? `[${[0, 1, 2].map((row) => `[${turned(row)},0]`).join()},[0,0,0,1]]` : IDENTITY;
      text += `${first ? "" : ","}\n{"location":{"x":${at(0)},"y":${at(1)},"z":${at(2)}},"transformation_":${matrix},"instance_id":${instanceIds?.[i] ?? 0},"score":1}`;
      first = false;
    }
    yield text;
  }
  yield "\n]}\n";
}
