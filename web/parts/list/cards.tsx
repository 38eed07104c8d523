import { lazy, Suspense, useState } from "react";
import { photoAddress } from "../files.js";
import { CardPhoto, CardWords } from "./card-parts.js";
import { sharedStart } from "./card-title.js";
import type { InsideProps } from "./list.js";
import { type Card, calledOf } from "./spec.js";

const VolumePicture = lazy(() => import("../volume-picture.js").then(({ VolumePicture: part }) => ({ default: part })));

export const GAP = 16;
/** Pixels of a thumbnail, which wider cards would show blurred. */
const THUMBNAIL_PX = 160;
const pictureHeightOf = (cardPx: number): number => Math.round((cardPx * 10) / 16);
/** Picture, a line for what titles begin with alike, the title, lines, facts; frame and rims. In CSS pixels. */
export const cardHeightOf = <Row,>(cardPx: number, { sharesStart, linesCount }: Card<Row>, titleLines: number): number =>
  pictureHeightOf(cardPx) + 8 + (sharesStart ? 20 : 0) + 20 * titleLines + 20 * linesCount + 30;

/** Width of a letter of a title at most, in CSS pixels, and of the rims beside a title. */
const [LETTER_PX, RIMS_PX] = [8, 26];

/** Lines that the longest of these titles needs, within what a card has for them. */
export function titleLinesOf<Row>({ titleLines: [least, most] }: Card<Row>, titles: readonly string[], cardPx: number): number {
  const longest = Math.max(0, ...titles.map((title) => title.length));
  return Math.min(most, Math.max(least, Math.ceil((longest * LETTER_PX) / (cardPx - RIMS_PX))));
}

/** Rows as pictures, to go through by eye. */
export function Cards<Row extends { readonly id: number }>({
  spec,
  total,
  across,
  cardPx,
  titleLines,
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
  const [first, last] = [(items[0]?.index ?? 0) * across, ((items.at(-1)?.index ?? -1) + 1) * across - 1];
  const inSight: Row[] = [];
  for (let index = first; index <= last; index++) {
    const row = rowAt(index);
    if (row) inSight.push(row);
  }
  const start = spec.card!.sharesStart ? sharedStart(inSight.map((row) => calledOf(spec, row))) : "";
  const height = cardHeightOf(cardPx, spec.card!, titleLines);
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
                style={{ width: cardPx, height }}
              >
                <Photo row={row} card={spec.card!} width={cardPx} isPointed={index === pointed} />
                {row && (
                  <CardText
                    {...{ spec, row, start, titleLines, isSelected }}
                    select={() => select(index, index)}
                    open={() => open(row, index)}
                  />
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

interface CardTextProps<Row extends { readonly id: number }> {
  readonly spec: InsideProps<Row>["spec"];
  readonly row: Row;
  /** What most titles in sight begin with. */
  readonly start: string;
  readonly titleLines: number;
  readonly isSelected: boolean;
  select(): void;
  open(): void;
}

/** What stands under the picture of a card, and its box. */
function CardText<Row extends { readonly id: number }>(props: CardTextProps<Row>) {
  const { spec, row, start, titleLines, isSelected, select, open } = props;
  return (
    <>
      <label className="pick">
        <input
          type="checkbox"
          tabIndex={-1}
          checked={isSelected}
          onChange={select}
          aria-label={`Select ${calledOf(spec, row)}`}
        />
      </label>
      <CardWords
        name={calledOf(spec, row)}
        start={start}
        link={{
          to: spec.to(row),
          tabIndex: -1,
          style: { WebkitLineClamp: titleLines + (start === "" ? 0 : 1) },
          onClick: (event) => {
            if (event.ctrlKey || event.metaKey || event.shiftKey) return;
            event.preventDefault();
            open();
          },
        }}
        lines={spec.card!.lines?.(row)}
        facts={spec.card!.facts(row)}
        details={spec.card!.details?.(row)}
      />
    </>
  );
}

function Photo<Row extends { readonly id: number }>({
  row,
  card,
  width,
  isPointed,
}: {
  row: Row | undefined;
  card: Card<Row>;
  width: number;
  isPointed: boolean;
}) {
  const strip = isPointed && row ? card.strip?.(row) : undefined;
  const photo = row && card.photo(row);
  const address = photoAddress(width > THUMBNAIL_PX ? (photo?.large ?? photo?.small) : (photo?.small ?? photo?.large));
  return (
    <CardPhoto address={address} waits={row === undefined} height={pictureHeightOf(width)} loading="lazy">
      {strip && (
        <span className="xz later">
          <Suspense>
            <VolumePicture of={strip} axis="y" />
          </Suspense>
        </span>
      )}
    </CardPhoto>
  );
}
