import type { EntityName } from "../../../catalog/entities.js";

/** Counts of one entity's rows, by what the import did. */
export interface RowCounts {
  readonly inserted: number;
  readonly updated: number;
  readonly removed: number;
  readonly unchanged: number;
}

export type Counts = Map<EntityName, RowCounts>;

const NONE: RowCounts = { inserted: 0, updated: 0, removed: 0, unchanged: 0 };

export function count(counts: Counts, entity: EntityName, more: Partial<RowCounts>): void {
  const { inserted, updated, removed, unchanged } = counts.get(entity) ?? NONE;
  counts.set(entity, {
    inserted: inserted + (more.inserted ?? 0),
    updated: updated + (more.updated ?? 0),
    removed: removed + (more.removed ?? 0),
    unchanged: unchanged + (more.unchanged ?? 0),
  });
}

/** Adds the counts of a transaction after its commit. */
export function addCounts(counts: Counts, more: Counts): void {
  for (const [entity, rows] of more) count(counts, entity, rows);
}

/** The number of rows now, for the next import. */
export function rowsNow(counts: Counts): Record<string, number> {
  const now: Record<string, number> = {};
  for (const [entity, { inserted, updated, unchanged }] of counts) {
    if (inserted + updated + unchanged > 0) now[entity] = inserted + updated + unchanged;
  }
  return now;
}

/** The rows of an entity that has them all from before, or from now. */
export function countsOf(rows: Readonly<Record<string, number>>, as: keyof RowCounts): Counts {
  return new Map(Object.entries(rows).map(([entity, number]) => [entity as EntityName, { ...NONE, [as]: number }]));
}
