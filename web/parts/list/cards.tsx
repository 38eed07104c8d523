import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { photoAddress } from "../files.js";
import type { InsideProps } from "./list.js";
import { calledOf } from "./spec.js";
import { SIZES } from "./state.js";

const VolumePicture = lazy(() => import("../volume-picture.js").then(({ VolumePicture: part }) => ({ default: part })));

export const GAP = 16;
/** Name and facts under a picture. */
export const CAPTION = 52;

/** Rows as pictures, to go through by eye. */
export function Cards<Row extends { readonly id: number }>({
  spec,
  state,
  total,
  across,
  items,
  before,
  after,
  rowAt,
  current,
  selected,
  select,
  open,
  focus,
}: InsideProps<Row>) {
  const [pointed, setPointed] = useState<number>();
  return (
    // biome-ignore lint/a11y/useSemanticElements: pictures that flow in lines are no table
    <div
      role="grid"
      aria-rowcount={Math.ceil(total / across)}
      aria-colcount={across}
      aria-label={spec.many}
      aria-multiselectable="true"
      className="cards"
    >
      <div role="presentation" style={{ height: before }} />
      {items.map(({ index: line }) => (
        // biome-ignore lint/a11y/useFocusableInteractive lint/a11y/useSemanticElements: its cells have the focus
        <div key={line} role="row" aria-rowindex={line + 1} className="cards-row">
          {Array.from({ length: Math.min(across, total - line * across) }, (_, at) => {
            const index = line * across + at;
            const row = rowAt(index);
            const isSelected = row !== undefined && selected.has(row.id);
            return (
              // biome-ignore lint/a11y/useSemanticElements: as above
              <div
                key={index}
                role="gridcell"
                data-row={index}
                aria-selected={isSelected}
                tabIndex={index === current ? 0 : -1}
                onFocus={() => focus(index)}
                onPointerEnter={() => setPointed(index)}
                onPointerLeave={() => setPointed(undefined)}
                className="card"
                style={{ width: state.size }}
              >
                <Photo row={row} card={spec.card!} size={state.size} isPointed={index === pointed} />
                {row && (
                  <>
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
                      className="card-name"
                      title={calledOf(spec, row)}
                      onClick={(event) => {
                        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
                        event.preventDefault();
                        open(row, index);
                      }}
                    >
                      {calledOf(spec, row)}
                    </Link>
                    <span className="card-facts" title={spec.card!.details?.(row)}>
                      {spec.card!.facts(row)}
                    </span>
                  </>
                )}
              </div>
            );
          })}
        </div>
      ))}
      <div role="presentation" style={{ height: after }} />
    </div>
  );
}

function Photo<Row extends { readonly id: number }>({
  row,
  card,
  size,
  isPointed,
}: {
  row: Row | undefined;
  card: NonNullable<InsideProps<Row>["spec"]["card"]>;
  size: number;
  isPointed: boolean;
}) {
  const strip = isPointed && row ? card.strip?.(row) : undefined;
  const photo = row && card.photo(row);
  const address = photoAddress(size > SIZES[0] ? (photo?.large ?? photo?.small) : (photo?.small ?? photo?.large));
  return (
    <span className="stage" style={{ height: size }}>
      {address ? (
        <img src={address} alt="" loading="lazy" decoding="async" width={size} height={size} />
      ) : row ? (
        <span className="none">no key photo</span>
      ) : null}
      {strip && (
        <span className="xz later">
          <Suspense>
            <VolumePicture of={strip} axis="y" />
          </Suspense>
        </span>
      )}
    </span>
  );
}
