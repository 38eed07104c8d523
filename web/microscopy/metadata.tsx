import { type Json, type JsonObject, printJsonLine } from "../../src/core/json.js";
import { isJsonObject } from "../../src/core/json-fields.js";
import { count } from "../parts/format.js";

/** Longer ones are for `catalog download`. */
const LINES = 300;

/** Metadata as lines of path and value, as the microscope wrote them. */
export function Metadata({ of, title }: { of: JsonObject | null; title: string }) {
  const all = of ? leaves(of, []) : [];
  return (
    <details open>
      <summary>{title}</summary>
      {all.length === 0 && <p className="muted">none was uploaded</p>}
      <dl>
        {all.slice(0, LINES).map(([path, value]) => (
          <div key={path}>
            <dt title={path}>{path}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {all.length > LINES && <p className="muted">and {count(all.length - LINES)} more, which catalog download writes</p>}
    </details>
  );
}

function leaves(value: Json | undefined, path: readonly string[]): readonly (readonly [path: string, value: string])[] {
  if (isJsonObject(value) && Object.keys(value).length > 0)
    return Object.entries(value).flatMap(([key, inner]) => leaves(inner, [...path, key]));
  return [[path.join("."), typeof value === "string" ? value : printJsonLine(value ?? null, { ascii: false })]];
}
