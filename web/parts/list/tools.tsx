import { Columns3, LayoutGrid, Rows3 } from "lucide-react";
import { count } from "../format.js";
import { Menu } from "../menu.js";
import type { ListSpec } from "./spec.js";
import { CARD_PX, type ListState } from "./state.js";

/** Number of rows, and the choices of their order and layout. */
export function Tools<Row extends { readonly id: number }>({
  spec,
  state,
  total,
  isOld,
  title,
}: {
  spec: ListSpec<Row>;
  state: ListState;
  total: number | undefined;
  isOld: boolean;
  title: string | undefined;
}) {
  const sorted = spec.columns.filter(({ order }) => order);
  return (
    <div className="spread tools">
      {title && <h1>{title}</h1>}
      <p className={isOld ? "muted" : undefined} role="status">
        {total !== undefined && (
          <>
            <strong>{count(total)}</strong> {total === 1 ? spec.one : spec.many}
          </>
        )}
      </p>
      {sorted.length > 0 && (
        <label className="row">
          Sort
          <select value={state.sort} onChange={({ target }) => state.change({ sort: target.value || undefined, row: undefined })}>
            <option value="">number</option>
            {sorted.flatMap(({ id, title }) => [
              <option key={id} value={id}>
                {title} ↑
              </option>,
              <option key={`-${id}`} value={`-${id}`}>
                {title} ↓
              </option>,
            ])}
          </select>
        </label>
      )}
      {state.as === "grid" && (
        <input
          type="range"
          aria-label="Size of pictures"
          title="Size of pictures"
          className="wide"
          min={CARD_PX.least}
          max={CARD_PX.most}
          step={CARD_PX.step}
          value={state.size}
          onChange={({ target }) => state.change({ size: Number(target.value) }, { isStep: false })}
        />
      )}
      {state.as === "table" && <ColumnMenu spec={spec} state={state} />}
      {spec.card && (
        <Choice
          label="Layout"
          now={state.as}
          options={[
            ["grid", <LayoutGrid key="grid" size={16} aria-hidden />, "Cards"],
            ["table", <Rows3 key="table" size={16} aria-hidden />, "Table"],
          ]}
          take={(as) => state.change({ as: as === spec.asFirst ? undefined : as })}
        />
      )}
    </div>
  );
}

function Choice<T extends string | number>({
  label,
  now,
  options,
  take,
}: {
  label: string;
  now: T;
  options: readonly (readonly [T, React.ReactNode, string])[];
  take: (value: T) => void;
}) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset has a frame
    <div role="group" aria-label={label} className="choice">
      {options.map(([value, icon, text]) => (
        <button key={value} type="button" aria-pressed={value === now} onClick={() => take(value)}>
          {icon} {text}
        </button>
      ))}
    </div>
  );
}

/** Menu of the columns that are shown; the first names the row and stays. */
function ColumnMenu<Row extends { readonly id: number }>({ spec, state }: { spec: ListSpec<Row>; state: ListState }) {
  const turn = (id: string, isOn: boolean) => {
    const without = isOn ? state.without.filter((one) => one !== id) : [...state.without, id];
    state.change({ without: without.length > 0 ? without.join(",") : undefined });
  };
  return (
    <Menu
      summary={
        <>
          <Columns3 size={16} aria-hidden /> Columns
        </>
      }
      inside="from-right"
    >
      {spec.columns.slice(1).map(({ id, title }) => (
        <label key={id} className="check">
          <input type="checkbox" checked={!state.without.includes(id)} onChange={({ target }) => turn(id, target.checked)} />
          {title}
        </label>
      ))}
    </Menu>
  );
}
