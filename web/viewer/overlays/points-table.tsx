import { useMemo, useState } from "react";
import type { OverlayShapes } from "../../../src/model/overlay-bytes.js";
import type { OverlayLayer } from "../../../src/model/page-api.js";

const ROWS_MAX = 200;
const COLUMNS = ["n", "x", "y", "z"] as const;

/** Points of a layer, Å, sortable; the first of them where there are many. `[` and `]` step through them. */
export function PointsTable({
  layer,
  shapes,
  chosen,
  choose,
}: {
  layer: OverlayLayer;
  shapes: OverlayShapes;
  chosen: number | undefined;
  choose: (at: number) => void;
}) {
  const [sort, setSort] = useState<(typeof COLUMNS)[number]>("n");
  const rows = useMemo(() => {
    const value = (i: number) => (sort === "n" ? (shapes.places[i] ?? i) : shapes.xyz[3 * i + "xyz".indexOf(sort)]!);
    return Uint32Array.from({ length: shapes.xyz.length / 3 }, (_, i) => i).sort((a, b) => value(a) - value(b));
  }, [shapes, sort]);
  const shown = [...rows.subarray(0, ROWS_MAX)];
  if (chosen !== undefined && !shown.includes(chosen)) shown.unshift(chosen);
  return (
    <details className="points">
      <summary>Points of {layer.name}</summary>
      <div>
        <table>
          <thead>
            <tr>
              {COLUMNS.map((name) => (
                <th key={name} aria-sort={sort === name ? "ascending" : "none"}>
                  <button type="button" className="bare" onClick={() => setSort(name)}>
                    {name === "n" ? "n" : `${name} Å`}
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((i) => (
              <tr key={i} aria-selected={i === chosen}>
                <td>
                  <button
                    type="button"
                    className="bare"
                    onClick={() => choose(i)}
                    aria-label={`Go to point ${(shapes.places[i] ?? i) + 1}`}
                  >
                    {(shapes.places[i] ?? i) + 1}
                  </button>
                </td>
                {[0, 1, 2].map((axis) => (
                  <td key={axis} className="number">
                    {shapes.xyz[3 * i + axis]!.toFixed(1)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {rows.length > ROWS_MAX && (
        <p className="muted">
          the first {ROWS_MAX} of {rows.length}
        </p>
      )}
    </details>
  );
}
