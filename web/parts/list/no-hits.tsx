import { useQueries } from "@tanstack/react-query";
import { type ListedKind, whereOf } from "../../../src/model/facet-choice.js";
import { count } from "../format.js";
import { chosenOf } from "./chips.js";
import type { ListSpec } from "./spec.js";
import type { Fixed, ListState } from "./state.js";
import { totalQuery } from "./window.js";

/** Most choices of which the effect is asked for, each by itself. */
const TRIED = 8;

/** Says that no rows are left, with buttons that take back the choices which would bring most back. */
export function NoHits<Row extends { readonly id: number }>({
  of,
  spec,
  state,
  fixed,
}: {
  of: ListedKind;
  spec: ListSpec<Row>;
  state: ListState;
  fixed: Fixed | undefined;
}) {
  const chosen = chosenOf(of, state).slice(0, TRIED);
  const wheres = chosen.map(({ id, rest }) =>
    id === fixed?.given?.id
      ? whereOf(of, state.choices)
      : whereOf(of, { ...state.choices, [id]: rest } as typeof state.choices, fixed?.where),
  );
  const asked = useQueries({ queries: wheres.map((where) => totalQuery(spec, where)) });
  const ways = chosen
    .map((one, at) => ({ ...one, total: asked[at]?.data ?? 0 }))
    .filter(({ total }) => total > 0)
    .sort((a, b) => b.total - a.total);
  return (
    <div className="panel empty">
      <p>No {spec.many} have all of this.</p>
      <p className="row wrap">
        {ways.slice(0, 3).map(({ id, label, rest, total }) => (
          <button key={label} type="button" onClick={() => state.choose(id, rest)}>
            Without {label}: {count(total)}
          </button>
        ))}
        <button type="button" onClick={state.clear}>
          Clear all
        </button>
      </p>
    </div>
  );
}
