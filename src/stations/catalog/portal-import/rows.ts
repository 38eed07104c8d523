import { type EntityName, getEntity } from "../../../catalog/entities.js";
import type { Json } from "../../../core/json.js";
import type { TreeAddresses } from "./addresses.js";
import { type Node, valueAt } from "./documents.js";
import { MAPPING } from "./mapping.js";
import { columnValue, type Row } from "./values.js";

export interface RowContext {
  readonly addresses: TreeAddresses;
  readonly warn: (message: string) => void;
}

/**
 * A row made from an object of a document: each column that is not given comes from where `MAPPING` says, or from its own name.
 *
 * @param given what the document does not say: keys, and what follows from its place. Checked as the rest.
 * @throws {EmporiumError} FORMAT_FIELD
 */
export function makeRow(
  name: EntityName,
  node: Node,
  given: Readonly<Record<string, Json | undefined>>,
  context: RowContext,
): Row {
  const entity = getEntity(name);
  const row: Row = {};
  for (const { column } of entity.keys) row[column] = (given[column] as number | null | undefined) ?? null;
  for (const field of entity.fields) {
    const source = MAPPING[name][field.column] ?? field.column;
    const path = typeof source === "string" ? source : source.path;
    const place = () => node.document.place([node.path, path].filter((part) => part !== "").join("."));
    let value: Json | undefined;
    if (field.column in given) value = given[field.column];
    else {
      const found = path === "" ? node.value : valueAt(node, path);
      value = typeof source === "string" ? found : source.as(found, context.addresses);
    }
    row[field.column] = columnValue(field, value, place, () => {
      const { path: at, file, url } = place();
      context.warn(`${file ?? url}: ${at || field.column} is missing, the row has an empty ${field.column}`);
    });
  }
  return row;
}
