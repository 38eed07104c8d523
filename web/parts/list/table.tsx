import { Link } from "@tanstack/react-router";
import { ArrowDown, ArrowUp } from "lucide-react";
import { orAbsent } from "../absent.js";
import type { InsideProps } from "./list.js";
import { calledOf } from "./spec.js";

export const ROW = 32;
/** Height of a row on a phone, where it is a card: the name, and below it the next columns. */
export const CARD = 56;
export const HEAD = 32;
/** Columns that a phone shows. */
const ON_PHONES = 3;

/** Rows as a table: the first column stays in sight, headers sort. */
export function Rows<Row extends { readonly id: number }>({
  spec,
  state,
  total,
  items,
  before,
  after,
  rowAt,
  current,
  selected,
  select,
  open,
  focus,
  isNarrow,
}: InsideProps<Row> & { isNarrow: boolean }) {
  const shown = spec.columns.filter(({ id }, at) => !state.without.includes(id) && (!isNarrow || at < ON_PHONES));
  const sort = (id: string) =>
    state.change({ sort: state.sort === id ? `-${id}` : state.sort === `-${id}` ? undefined : id, row: undefined });
  return (
    // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: rows of the table have the focus
    <table className="phone-cards" role="grid" aria-rowcount={total + 1} aria-label={spec.many} aria-multiselectable="true">
      <thead>
        <tr aria-rowindex={1}>
          {shown.map(({ id, title, width, isNumber, order }) => {
            const isDown = state.sort === `-${id}`;
            const sorts = state.sort === id ? "ascending" : isDown ? "descending" : "none";
            return (
              <th key={id} scope="col" className={isNumber ? "number" : undefined} aria-sort={order && sorts}>
                <div className="resizable" style={{ width: isNarrow ? undefined : width }}>
                  {order ? (
                    <button type="button" className="bare" onClick={() => sort(id)}>
                      {title}
                      {sorts !== "none" && (isDown ? <ArrowDown size={12} aria-hidden /> : <ArrowUp size={12} aria-hidden />)}
                    </button>
                  ) : (
                    title
                  )}
                </div>
              </th>
            );
          })}
        </tr>
      </thead>
      <tbody>
        {/* biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: empty space */}
        {before > 0 && <tr role="presentation" style={{ height: before }} />}
        {items.map(({ index }) => {
          const row = rowAt(index);
          const isSelected = row !== undefined && selected.has(row.id);
          return (
            <tr
              key={index}
              data-row={index}
              aria-rowindex={index + 2}
              aria-selected={isSelected}
              tabIndex={index === current ? 0 : -1}
              onFocus={() => focus(index)}
            >
              {shown.map(({ id, title, cell, isNumber, absent }, at) => (
                <td key={id} className={isNumber ? "number" : undefined} data-label={isNumber && row ? title : undefined}>
                  {row === undefined ? (
                    <span className="waits" />
                  ) : at === 0 ? (
                    <span className="row named">
                      <label className="pick">
                        <input
                          type="checkbox"
                          tabIndex={-1}
                          checked={isSelected}
                          onChange={() => select(index, index)}
                          aria-label={`Select ${calledOf(spec, row)}`}
                        />
                      </label>
                      <Link
                        to={spec.to(row)}
                        tabIndex={-1}
                        onClick={(event) => {
                          if (event.ctrlKey || event.metaKey || event.shiftKey) return;
                          event.preventDefault();
                          open(row, index);
                        }}
                      >
                        {String(cell(row) ?? "").trim() || calledOf(spec, row)}
                      </Link>
                    </span>
                  ) : (
                    orAbsent(cell(row), absent)
                  )}
                </td>
              ))}
            </tr>
          );
        })}
        {/* biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: empty space */}
        {after > 0 && <tr role="presentation" style={{ height: after }} />}
      </tbody>
    </table>
  );
}
