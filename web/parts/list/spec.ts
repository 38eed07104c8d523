import type { ReactNode } from "react";
import type { ListedKind } from "../../../src/model/facet-choice.js";
import type { Input } from "../../queries/generated.js";
import type { Wanted } from "../download-text.js";

/** Description of a list, its rows and their look: one list component shows them all. */
export interface ListSpec<Row extends { readonly id: number }> {
  readonly of: ListedKind | "depositions";
  /** Words for one row and for several: `run`, `runs`. */
  readonly one: string;
  readonly many: string;
  /** The first names a row and stays in sight; the first three are what a phone shows. */
  readonly columns: readonly Column<Row>[];
  /** Address of a row, relative to the base. */
  to(row: Row): string;
  nameOf(row: Row): string;
  /** One page of rows; `total` gives the number of all. */
  rows(asked: Asked, signal?: AbortSignal): Promise<readonly Row[]>;
  total(where: Input, signal?: AbortSignal): Promise<number>;
  /** Query that `rows` sends, for those who want to send it themselves. */
  readonly query: string;
  /** Rows as cards, where they have pictures. */
  readonly card?: Card<Row> | undefined;
  readonly asFirst: "grid" | "table";
  /** Entities and files of these rows for the download dialog. Undefined: these rows cannot be downloaded. */
  wanted?(rows: readonly Row[], signal: AbortSignal): Promise<Wanted>;
  /** Reason why there may be no rows, and the command that would bring some. */
  readonly empty: { readonly why: string; readonly command?: string };
}

export interface Asked {
  readonly where: Input;
  readonly orderBy: readonly Input[];
  readonly offset: number;
  readonly limit: number;
}

export interface Column<Row> {
  /** Name in addresses: `sort=-released`, `without=size`. */
  readonly id: string;
  readonly title: string;
  readonly width: number;
  readonly isNumber?: boolean;
  cell(row: Row): ReactNode;
  /** Reason why a row may have no value here. */
  readonly absent?: string;
  /** Value in files of the list. Default: what the cell shows, where that is text. */
  value?(row: Row): string | number | boolean | null;
  /** Order by this column. Undefined: the catalogue cannot sort by it. */
  order?(direction: Direction): Input;
}

export type Direction = "asc" | "desc_nulls_last";

export interface Card<Row> {
  photo(row: Row): { readonly small: string | null; readonly large: string | null } | undefined;
  facts(row: Row): ReactNode;
  /** Lines of a title, at least and at most: the rest of it is said on hover. */
  readonly titleLines: readonly [least: number, most: number];
  /** What most titles begin with stands above them. */
  readonly sharesStart?: boolean;
  /** One line each between title and facts, as many for every row. */
  lines?(row: Row): readonly string[];
  readonly linesCount: number;
  /** Text on hover, for what does not fit on the card, or needs words. */
  details?(row: Row): string;
  /** A volume, `tomogram:12`, whose xz section is shown while a pointer or the keys are on the card. */
  strip?(row: Row): string | undefined;
}

/** Name of a row; where that is empty, its kind and number. */
export const calledOf = <Row extends { readonly id: number }>(spec: ListSpec<Row>, row: Row): string =>
  spec.nameOf(row).trim() || `${spec.one} ${row.id}`;

/** `{ releaseDate: direction }`, `{ dataset: { title: direction } }`. */
export const by =
  (...path: readonly string[]) =>
  (direction: Direction): Input =>
    path.reduceRight<unknown>((inner, name) => ({ [name]: inner }), direction) as Input;

/** Module that turns rows into downloads: loaded when it is wanted. */
export const selection = () => import("../selection.js");
