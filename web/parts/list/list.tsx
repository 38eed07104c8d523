import { useNavigate } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useEffect, useLayoutEffect, useRef, useState } from "react";
import { PHONE_PX } from "../page.js";
import { useServer } from "../queries.js";
import { letterKeys } from "../settings.js";
import { Answer, Boundary, Empty, ErrorPanel } from "../states.js";
import { Cards, cardHeightOf, GAP, titleLinesOf } from "./cards.js";
import { Chips } from "./chips.js";
import { Facets } from "./facets.js";
import { ListFoot } from "./foot.js";
import { noteList } from "./neighbours.js";
import { NoHits } from "./no-hits.js";
import { calledOf, type ListSpec } from "./spec.js";
import { type Fixed, useListState } from "./state.js";
import { CARD, HEAD, ROW, Rows } from "./table.js";
import { Tools } from "./tools.js";
import { useRows, useTotal } from "./window.js";
import "./list.css";

const SETTLED_MS = 150;
/** First rows whose titles say how many lines a card has for one. */
const TITLES = 24;

/**
 * Facets left or above, rows or cards beside or below: every list of the pages.
 *
 * @param fixed must hold for every row, whatever is chosen
 * @param title of the page, where the list is the page
 */
export function List<Row extends { readonly id: number }>(props: ListProps<Row>) {
  const { data } = useServer();
  if (data === undefined || data.catalogue) return <Catalogued {...props} />;
  return (
    <div className="page">
      {props.title && <h1>{props.title}</h1>}
      <Empty command="emporium serve TREE">There is no catalogue: nothing that is served is a standardised tree.</Empty>
    </div>
  );
}

interface ListProps<Row extends { readonly id: number }> {
  readonly spec: ListSpec<Row>;
  readonly fixed?: Fixed;
  readonly title?: string;
  /** Filters stand in a row above: where the list is a part of a page. */
  readonly hasMenus?: boolean;
}

function Catalogued<Row extends { readonly id: number }>({ spec, fixed, title, hasMenus = false }: ListProps<Row>) {
  const state = useListState(spec, fixed);
  const total = useTotal(spec, state.where);
  // asked for beside how many there are, not after it
  useRows(spec, state, [state.row, state.row]);
  const [selected, setSelected] = useState<ReadonlyMap<number, Row>>(new Map());
  const filters = Object.keys(state.choices).length + state.given.length;
  return (
    <div className={title ? "list list-page" : hasMenus ? "list with-menus" : "list"}>
      {spec.of !== "depositions" && (
        <Boundary>
          <Facets of={spec.of} state={state} hasMenus={hasMenus} />
        </Boundary>
      )}
      <section className="list-main" aria-label={spec.many}>
        <Tools spec={spec} state={state} total={total.data} isOld={total.isPlaceholderData} title={title} />
        {spec.of !== "depositions" && filters > 0 && <Chips of={spec.of} state={state} />}
        <Answer asked={total}>
          {(all) =>
            all > 0 ? (
              <Window spec={spec} state={state} total={all} selected={selected} setSelected={setSelected} />
            ) : filters > 0 && spec.of !== "depositions" ? (
              <NoHits of={spec.of} spec={spec} state={state} fixed={fixed} />
            ) : (
              <Empty {...(spec.empty.command && { command: spec.empty.command })}>
                No {spec.many}. {spec.empty.why}
              </Empty>
            )
          }
        </Answer>
        <ListFoot spec={spec} state={state} total={total.data ?? 0} selected={selected} clear={() => setSelected(new Map())} />
      </section>
    </div>
  );
}

export interface WindowProps<Row extends { readonly id: number }> {
  readonly spec: ListSpec<Row>;
  readonly state: ReturnType<typeof useListState>;
  readonly total: number;
  readonly selected: ReadonlyMap<number, Row>;
  setSelected(rows: ReadonlyMap<number, Row>): void;
}

/** Rows of a list that are in sight; the rest is empty space of the same height. */
function Window<Row extends { readonly id: number }>({ spec, state, total, selected, setSelected }: WindowProps<Row>) {
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const across = state.as === "table" ? 1 : Math.max(1, Math.floor((width + GAP) / (state.size + GAP)));
  const lines = width === 0 ? 0 : Math.ceil(total / across);
  const isNarrow = innerWidth < PHONE_PX;
  const [titleLines, setTitleLines] = useState(spec.card?.titleLines[0] ?? 0);
  const cardPx = (width - GAP * (across - 1)) / across;
  const height = state.as === "table" ? (isNarrow ? CARD : ROW) : cardHeightOf(cardPx, spec.card!, titleLines) + GAP;
  const virtual = useVirtualizer({
    count: lines,
    getScrollElement: () => box.current,
    estimateSize: () => height,
    overscan: state.as === "table" ? 8 : 1,
    scrollPaddingStart: state.as === "table" ? HEAD : 0,
    paddingEnd: 4,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: sizes that were kept are those of another layout
  useLayoutEffect(() => virtual.measure(), [height, across]);
  const items = virtual.getVirtualItems();
  const [first, last] = [(items[0]?.index ?? 0) * across, Math.min(((items.at(-1)?.index ?? -1) + 1) * across, total) - 1];
  const rows = useRows(spec, state, [first, last]);
  useRowInAddress(state, virtual, across, lines);
  useTitleLines(spec, rows.at, { total, cardPx, take: setTitleLines });

  const [focused, setFocused] = useState(state.row);
  const [anchor, setAnchor] = useState(focused);
  const wanted = useRef(false);
  const current = focused >= first && focused <= last ? focused : Math.min(Math.max(state.row, first), Math.max(last, 0));
  useEffect(() => {
    if (!wanted.current) return;
    const element = box.current?.querySelector<HTMLElement>(`[data-row="${focused}"]`);
    if (!element) return;
    element.focus({ preventScroll: true });
    wanted.current = false;
  });
  const navigate = useNavigate();
  const open = (row: Row, index: number) => {
    noteList(spec.of, { where: state.where, orderBy: state.orderBy, total, index });
    void navigate({ to: spec.to(row) });
  };
  const select = (from: number, to: number) => {
    setSelected(withRows(selected, rows.at, from, to));
    setAnchor(to);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if ((event.target as HTMLElement).dataset.row === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const letter = letterKeys.get() ? event.key.toLowerCase() : "";
    const inSight = Math.max(1, Math.floor((box.current?.clientHeight ?? 0) / height) - 1) * across;
    const step =
      {
        ArrowDown: across,
        ArrowUp: -across,
        ArrowRight: state.as === "grid" ? 1 : 0,
        ArrowLeft: state.as === "grid" ? -1 : 0,
        PageDown: inSight,
        PageUp: -inSight,
        Home: -total,
        End: total,
      }[event.key] ?? { j: across, k: -across }[letter];
    const row = rows.at(current);
    if (step) {
      const next = Math.min(Math.max(current + step, 0), total - 1);
      wanted.current = true;
      setFocused(next);
      virtual.scrollToIndex(Math.floor(next / across));
    } else if (event.key === "Enter" && row) open(row, current);
    else if (letter === "x") select(event.shiftKey ? anchor : current, current);
    else return;
    event.preventDefault();
  };
  const before = items[0]?.start ?? 0;
  const inside = {
    spec,
    state,
    total,
    across,
    cardPx,
    titleLines,
    items,
    before,
    after: virtual.getTotalSize() - (items.at(-1)?.end ?? 0),
    rowAt: rows.at,
    current,
    selected,
    select,
    open,
    focus: setFocused,
  };
  return (
    <>
      {rows.error !== undefined && <ErrorPanel error={rows.error} again={rows.again} />}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the rows inside have the focus */}
      <div ref={box} className="window" onKeyDown={onKeyDown}>
        {state.as === "table" ? <Rows {...inside} isNarrow={isNarrow} /> : <Cards {...inside} />}
      </div>
    </>
  );
}

/**
 * Cards are as high as the first of them need: a height that changed with every title would move what one looks at.
 *
 * @param sizes `cardPx` is 0 or less until the width is known
 */
function useTitleLines<Row extends { readonly id: number }>(
  spec: ListSpec<Row>,
  rowAt: (index: number) => Row | undefined,
  { total, cardPx, take }: { total: number; cardPx: number; take: (change: (before: number) => number) => void },
): void {
  const first = Array.from({ length: Math.min(TITLES, total) }, (_, at) => rowAt(at)).filter((row) => row !== undefined);
  const needed =
    spec.card && cardPx > 0 && first.length > 0
      ? titleLinesOf(
          spec.card,
          first.map((row) => calledOf(spec, row)),
          cardPx,
        )
      : 0;
  useEffect(() => take((before) => Math.max(before, needed)), [take, needed]);
}

/** Takes the rows between two into the selection; a single one that is in it is taken out. */
function withRows<Row extends { readonly id: number }>(
  selected: ReadonlyMap<number, Row>,
  rowAt: (index: number) => Row | undefined,
  from: number,
  to: number,
): ReadonlyMap<number, Row> {
  const next = new Map(selected);
  const takes = from !== to || !next.has(rowAt(to)?.id ?? 0);
  for (let index = Math.min(from, to); index <= Math.max(from, to); index++) {
    const row = rowAt(index);
    if (row && takes) next.set(row.id, row);
    else if (row) next.delete(row.id);
  }
  return next;
}

/** Props of the components that show rows. */
export interface InsideProps<Row extends { readonly id: number }> {
  readonly spec: ListSpec<Row>;
  readonly state: ReturnType<typeof useListState>;
  readonly total: number;
  readonly across: number;
  /** Width of a card, in CSS pixels. */
  readonly cardPx: number;
  readonly titleLines: number;
  readonly items: readonly { readonly index: number }[];
  /** Height of what is not drawn. */
  readonly before: number;
  readonly after: number;
  rowAt(index: number): Row | undefined;
  /** The row that Tab leads to. */
  readonly current: number;
  readonly selected: ReadonlyMap<number, Row>;
  select(from: number, to: number): void;
  open(row: Row, index: number): void;
  focus(index: number): void;
}

function useWidth(box: React.RefObject<HTMLDivElement | null>): number {
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = box.current!;
    const watch = new ResizeObserver(() => setWidth(element.clientWidth));
    setWidth(element.clientWidth);
    watch.observe(element);
    return () => watch.disconnect();
  }, [box]);
  return width;
}

/**
 * Keeps the row at the top in the address, which is written once the list is at rest; an address with another row leads there.
 */
function useRowInAddress(
  { row, change }: ReturnType<typeof useListState>,
  virtual: ReturnType<typeof useVirtualizer<HTMLDivElement, Element>>,
  across: number,
  lines: number,
) {
  const written = useRef<number>(undefined);
  useEffect(() => {
    if (lines === 0 || row === written.current) return;
    written.current = row;
    virtual.scrollToIndex(Math.floor(row / across), { align: "start" });
  }, [row, across, lines, virtual]);
  const offset = virtual.scrollOffset ?? 0;
  useEffect(() => {
    if (lines === 0) return;
    const timer = setTimeout(() => {
      const top = (virtual.getVirtualItemForOffset(offset)?.index ?? 0) * across;
      if (Math.floor((written.current ?? 0) / across) * across === top) return;
      written.current = top;
      change({ row: top === 0 ? undefined : top }, { isStep: false });
    }, SETTLED_MS);
    return () => clearTimeout(timer);
  }, [offset, across, lines, virtual, change]);
}
