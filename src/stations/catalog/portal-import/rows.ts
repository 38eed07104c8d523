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
 * Makes a row from an object of a document. Each column is from `given`, else from its path in `MAPPING`, else from its own name.
 *
 * @param given values that the document does not have. They are checked too.
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
